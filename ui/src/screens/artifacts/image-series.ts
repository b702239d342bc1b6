import type { FileInfo } from "../../api/wire.ts";
import { baseName } from "./file-kinds.ts";

export interface SeriesImage {
  key: string;
  step: number;
  /** In ms since 1970. */
  timestampMs: number;
  path: string;
}

/** The file names of `mlflow.log_image(key=…, step=…)`. Older clients write `+` for `%` (`mlflow/tracking/client.py`). */
const NAME = /^(.+?)([%+])step\2(-?\d+)\2timestamp\2(\d+)\2[^%+]+\.(?:png|jpe?g|webp|gif)$/;

/** The thumbnail that MLflow's clients store beside each image of a series. */
const SMALL_COPY = /[%+]step[%+]-?\d+[%+]timestamp[%+]\d+[%+][^%+]+[%+]compressed\.webp$/;

export const isSmallCopy = (path: string): boolean => SMALL_COPY.test(path);

/** The image of a file in a series; undefined for other files, thumbnails included. */
export function seriesImage(path: string): SeriesImage | undefined {
  const match = NAME.exec(baseName(path));
  if (!match) return undefined;
  const [, key = "", , step, timestamp] = match;
  return { key: key.replace(/[#~]/g, "/"), step: Number(step), timestampMs: Number(timestamp), path };
}

/** The images of each key, by step, then by time. */
export function imageSeries(files: readonly FileInfo[]): Map<string, SeriesImage[]> {
  const byKey = new Map<string, SeriesImage[]>();
  for (const { path, is_dir } of files) {
    const image = is_dir ? undefined : seriesImage(path);
    if (image === undefined) continue;
    const images = byKey.get(image.key);
    if (images) images.push(image);
    else byKey.set(image.key, [image]);
  }
  for (const images of byKey.values()) images.sort((a, b) => a.step - b.step || a.timestampMs - b.timestampMs);
  return byKey;
}

/** The latest image at `step` or before it. */
export function imageAt(images: readonly SeriesImage[], step: number): SeriesImage | undefined {
  return images.findLast((image) => image.step <= step);
}
