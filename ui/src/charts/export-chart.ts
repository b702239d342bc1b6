import { getJson, MLFLOW } from "../api/client.ts";
import type { Metric } from "../api/runs.ts";
import type { SeriesX } from "../api/series.ts";
import { readColour } from "../parts/theme.ts";
import type { Range } from "./axes.ts";

const PAGE_POINTS = 25_000;
const CSV_HEAD = "run_id,run_name,metric,step,timestamp,value\n";

interface HistoryPage {
  metrics?: Metric[];
  next_page_token?: string;
}

async function* history(runId: string, key: string): AsyncGenerator<Metric[]> {
  let token: string | undefined;
  do {
    const fields = { run_id: runId, metric_key: key, max_results: PAGE_POINTS, page_token: token };
    const page = await getJson<HistoryPage>(`${MLFLOW}/metrics/get-history`, fields);
    yield page.metrics ?? [];
    token = page.next_page_token || undefined;
  } while (token !== undefined);
}

/** A field of a CSV; what a spreadsheet would take for a formula begins with an apostrophe. */
export function csvField(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A run whose points are written, and what its relative times count from, in ms since 1970. */
export interface ExportedRun {
  readonly id: string;
  readonly name: string;
  readonly origin: number;
}

/** Every point that was logged, of all runs, as CSV: of those in sight where steps or times are zoomed to. */
export async function chartCsv(
  key: string,
  runs: readonly ExportedRun[],
  x: SeriesX,
  zoom: Range | undefined,
): Promise<Blob> {
  const parts: string[] = [CSV_HEAD];
  for (const run of runs) {
    const head = `${csvField(run.id)},${csvField(run.name)},${csvField(key)}`;
    const isInSight = ({ step, timestamp }: Metric): boolean => {
      if (zoom === undefined || x.startsWith("metric:")) return true;
      const at = x === "step" ? step : timestamp - (x === "relative" ? run.origin : 0);
      return at >= zoom[0] && at <= zoom[1];
    };
    for await (const page of history(run.id, key)) {
      const lines = page
        .filter(isInSight)
        .map(({ step, timestamp, value }) => `${head},${step},${timestamp},${value}\n`);
      parts.push(lines.join(""));
    }
  }
  return new Blob(parts, { type: "text/csv" });
}

const TITLE_PX = 28;

/** What is drawn, under its name, as PNG. */
export function chartPng(canvas: HTMLCanvasElement, title: string): Promise<Blob | null> {
  const dpr = devicePixelRatio;
  const copy = document.createElement("canvas");
  copy.width = canvas.width;
  copy.height = canvas.height + TITLE_PX * dpr;
  const ctx = copy.getContext("2d")!;
  ctx.fillStyle = readColour("--color-page");
  ctx.fillRect(0, 0, copy.width, copy.height);
  ctx.fillStyle = readColour("--color-ink");
  ctx.font = `600 ${13 * dpr}px system-ui, sans-serif`;
  ctx.textBaseline = "middle";
  ctx.fillText(title, 10 * dpr, (TITLE_PX / 2) * dpr, copy.width - 20 * dpr);
  ctx.drawImage(canvas, 0, TITLE_PX * dpr);
  return new Promise((resolve) => copy.toBlob(resolve, "image/png"));
}

/** Hands a file to the browser to keep. */
export function download(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name.replaceAll(/[^\w.-]+/g, "_");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
