import { getJson, MLFLOW } from "../api/client.ts";
import type { Metric } from "../api/runs.ts";
import type { SeriesX } from "../api/series.ts";
import { readColour } from "../parts/theme.ts";
import type { Range } from "./axes.ts";
import type { PlotLine } from "./plot-spec.ts";

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

/** A field of a CSV. A text that a spreadsheet would take for a formula gets an apostrophe. */
export function csvField(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A run whose points are written, and the start of its relative times, in ms since 1970. */
export interface ExportedRun {
  readonly id: string;
  readonly name: string;
  readonly origin: number;
}

/** All logged points of all runs as CSV. If steps or times are zoomed, only the visible points. */
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

/** The drawn curves of groups as CSV, with the number of runs in each point. */
export function groupsCsv(key: string, lines: readonly PlotLine[]): Blob {
  const rows = lines.flatMap(({ name, points, band, group }) =>
    Array.from(points.x, (x, index) => {
      const std = band === undefined ? "" : band.high[index]! - band.values[index]!;
      return `${csvField(name)},${csvField(key)},${x},${points.values[index]},${std},${group?.counts[index] ?? ""}\n`;
    }),
  );
  return new Blob(["group,metric,x,mean,std,runs\n", ...rows], { type: "text/csv" });
}

const TITLE_PX = 28;
const EDGE_PX = 10;

/** A drawing as PNG, with its name above. @param scale the canvas's pixels per px */
export function chartPng(canvas: HTMLCanvasElement, title: string, scale: number): Promise<Blob | null> {
  const copy = document.createElement("canvas");
  const ctx = copy.getContext("2d")!;
  copy.width = canvas.width;
  copy.height = canvas.height + TITLE_PX * scale;
  ctx.fillStyle = readColour("--color-page");
  ctx.fillRect(0, 0, copy.width, copy.height);
  ctx.fillStyle = readColour("--color-ink");
  ctx.textBaseline = "middle";
  ctx.font = `600 ${13 * scale}px system-ui, sans-serif`;
  ctx.fillText(title, EDGE_PX * scale, (TITLE_PX / 2) * scale, copy.width - 2 * EDGE_PX * scale);
  ctx.drawImage(canvas, 0, TITLE_PX * scale);
  return new Promise((resolve) => copy.toBlob(resolve, "image/png"));
}

/** Has the browser save a file. */
export function download(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name.replaceAll(/[^\w.-]+/g, "_");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
