import { type RunChart, readCharts } from "../../services/metrics/chart.ts";
import { type GroupChart, readGroupCharts } from "../../services/metrics/group-chart.ts";
import { double, int32, message, oneOf, repeated, required, string } from "../../wire/message.ts";
import { byteStream } from "../../wire/respond.ts";
import { type Route, route } from "../../wire/route.ts";
import { onLinks, onRuns } from "../permissions.ts";

const DEFAULT_BUCKETS = 500;
/** How long to read the runs of groups, unless the request says. */
const DEFAULT_BUDGET_MS = 4000;
const SAME_X = ["mean", "last"] as const;

/**
 * One run's metrics as a frame, little-endian: u32 bytes of the frame, u32 bytes of the JSON, the JSON in UTF-8
 * (`{"run_id", "series": [{"key", "total", "origin", "points", "means", "spreads", "last"}]}`), zeros up to a multiple of 8,
 * and for each series its columns of doubles: `points` x, `points` values, `means` x, `means` means, `spreads` deviations,
 * and, where `last` is 2, step and value of the latest point.
 */
export function chartToFrame({ runId, series }: RunChart): Uint8Array {
  const directory = {
    run_id: runId,
    series: series.map(({ key, total, originMs, x, means, spreads, last }) => ({
      ...{ key, total, origin: originMs },
      ...{ points: x.length, means: means.length, spreads: spreads.length, last: last === undefined ? 0 : 2 },
    })),
  };
  const columns = series.flatMap(({ x, values, meanX, means, spreads, last }) => [
    ...[x, values, meanX, means, spreads],
    ...(last === undefined ? [] : [Float64Array.of(last.step, last.value)]),
  ]);
  return toFrame(directory, columns);
}

/** Little-endian: u32 bytes of the frame, u32 bytes of the JSON, the JSON, zeros up to a multiple of 8, the columns. */
function toFrame(directory: object, columns: readonly Float64Array[]): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(directory));
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

/**
 * One group's metrics as a frame, like a run's. The JSON is
 * `{"group", "series": [{"key", "runs", "read", "stale", "latest", "points"}]}`. The columns are `points` x, `points` means,
 * `points` deviations, and the number of runs in each mean.
 */
function groupToFrame({ group, series }: GroupChart): Uint8Array {
  const directory = {
    group,
    series: series.map(({ key, runs, read, stale, latest, x }) => ({
      key,
      runs,
      read,
      stale,
      latest,
      points: x.length,
    })),
  };
  return toFrame(
    directory,
    series.flatMap(({ x, means, spreads, counts }) => [x, means, spreads, counts]),
  );
}

async function* groupsToFrames(charts: Promise<readonly GroupChart[]>): AsyncGenerator<Uint8Array> {
  for (const chart of await charts) yield groupToFrame(chart);
}

async function* chartsToFrames(charts: AsyncGenerator<RunChart>): AsyncGenerator<Uint8Array> {
  for await (const chart of charts) yield chartToFrame(chart);
}

/** The fields that say which part of which metrics a chart shows. */
const CHART_FIELDS = {
  runIds: required(repeated(string)),
  metricKeys: required(repeated(string)),
  x: string,
  from: double,
  to: double,
  buckets: int32,
  sameX: oneOf(SAME_X),
};

/** Metrics for the charts of the web UI. docs/ui-api.md describes the answer. */
export const uiSeriesRoutes: readonly Route[] = [
  route({
    method: "POST",
    paths: ["/ui-api/series"],
    permission: onLinks("runs", onRuns("READ")),
    reads: "newest",
    input: message(CHART_FIELDS),
    handle: async ({ ctx, input: { x = "step", buckets = DEFAULT_BUCKETS, from, to, sameX, ...of } }) =>
      byteStream(chartsToFrames(await readCharts(ctx, { ...of, x, buckets, from, to, sameX }))),
  }),
  route({
    method: "POST",
    paths: ["/ui-api/group-series"],
    permission: onLinks("runs", onRuns("READ")),
    reads: "newest",
    input: message({ ...CHART_FIELDS, groupOf: required(repeated(int32)), budgetMs: int32 }),
    handle: async ({ ctx, input }) => {
      const { x = "step", buckets = DEFAULT_BUCKETS, budgetMs = DEFAULT_BUDGET_MS, from, to, sameX, ...of } = input;
      return byteStream(groupsToFrames(readGroupCharts(ctx, { ...of, x, buckets, budgetMs, from, to, sameX })));
    },
  }),
];
