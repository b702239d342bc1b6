import { type RunChart, readCharts } from "../../services/metrics/chart.ts";
import { double, int32, message, repeated, required, string } from "../../wire/message.ts";
import { byteStream } from "../../wire/respond.ts";
import { type Route, route } from "../../wire/route.ts";
import { onRuns } from "../permissions.ts";

const DEFAULT_BUCKETS = 500;

/**
 * One run's metrics as a frame, little-endian: u32 bytes of the frame, u32 bytes of the JSON, the JSON in UTF-8
 * (`{"run_id", "series": [{"key", "total", "origin", "points", "means"}]}`), zeros up to a multiple of 8, and for each series
 * its columns of doubles: `points` x, `points` values, `means` x, `means` means.
 */
export function chartToFrame({ runId, series }: RunChart): Uint8Array {
  const directory = {
    run_id: runId,
    series: series.map(({ key, total, originMs, x, means }) => ({
      ...{ key, total, origin: originMs },
      ...{ points: x.length, means: means.length },
    })),
  };
  const json = new TextEncoder().encode(JSON.stringify(directory));
  const columns = series.flatMap(({ x, values, meanX, means }) => [x, values, meanX, means]);
  const start = (8 + json.length + 7) & ~7;
  const doubles = columns.reduce((sum, column) => sum + column.length, 0);
  const bytes = new Uint8Array(start + 8 * doubles);
  const header = new DataView(bytes.buffer);
  header.setUint32(0, bytes.length, true);
  header.setUint32(4, json.length, true);
  bytes.set(json, 8);
  const target = new Float64Array(bytes.buffer, start);
  let at = 0;
  for (const column of columns) {
    target.set(column, at);
    at += column.length;
  }
  return bytes;
}

async function* chartsToFrames(charts: AsyncGenerator<RunChart>): AsyncGenerator<Uint8Array> {
  for await (const chart of charts) yield chartToFrame(chart);
}

/** Metrics for the charts of the web UI. docs/ui-api.md describes the answer. */
export const uiSeriesRoutes: readonly Route[] = [
  route({
    method: "POST",
    paths: ["/ui-api/series"],
    permission: onRuns("READ"),
    input: message({
      runIds: required(repeated(string)),
      metricKeys: required(repeated(string)),
      x: string,
      from: double,
      to: double,
      buckets: int32,
    }),
    handle: async ({ ctx, input: { x = "step", buckets = DEFAULT_BUCKETS, from, to, ...of } }) =>
      byteStream(chartsToFrames(await readCharts(ctx, { ...of, x, buckets, from, to }))),
  }),
];
