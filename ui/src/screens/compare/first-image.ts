import { listArtifacts } from "../../api/artifacts.ts";
import { folderOf, foldersFirst, kindOf } from "../artifacts/file-kinds.ts";
import { seriesImage } from "../artifacts/image-series.ts";

/** Folders of a run that are looked into: it may have thousands. */
const MAX_FOLDERS = 40;
/** Runs that are looked into: what several of them have, the others mostly have too. */
const MAX_RUNS = 4;

export interface FoundImage {
  readonly runId: string;
  readonly path: string;
}

/** An image that as many of the runs as possible have, under the same path or in the same series; undefined without any. */
export async function findSharedImage(runIds: readonly string[]): Promise<FoundImage | undefined> {
  const found = new Map<string, { first: FoundImage; runs: number }>();
  let looked = 0;
  for (const runId of runIds) {
    const images = await imagesOf(runId);
    for (const [name, path] of images) {
      const known = found.get(name);
      if (known === undefined) found.set(name, { first: { runId, path }, runs: 1 });
      else known.runs++;
    }
    if (images.size > 0 && ++looked === MAX_RUNS) break;
  }
  const most = Math.max(...[...found.values()].map(({ runs }) => runs));
  return [...found.values()].find(({ runs }) => runs === most)?.first;
}

/** One path for each image, or series of images, level by level. */
async function imagesOf(runId: string): Promise<Map<string, string>> {
  const images = new Map<string, string>();
  const folders = [""];
  for (let next = 0; next < Math.min(folders.length, MAX_FOLDERS); next++) {
    const { files } = await listArtifacts({ kind: "run", runId }, folders[next]!);
    for (const { path, is_dir } of foldersFirst(files)) {
      if (is_dir) folders.push(path);
      else if (kindOf(path) === "image" || kindOf(path) === "svg") {
        const series = seriesImage(path);
        const name = series === undefined ? path : `${folderOf(path)} ${series.key}`;
        if (!images.has(name)) images.set(name, path);
      }
    }
  }
  return images;
}
