import { invalidParameter } from "../../domain/errors.ts";
import { MAX_BULK_RUN_IDS } from "../../domain/limits.ts";
import { type ChartSource, findChartSources } from "../../stores/d1/metrics/chart-sources.ts";
import type { ChartOptions, ChartSeries, ChartX } from "../../stores/run/chart-series.ts";
import { D1History } from "../../stores/run/d1-history.ts";
import type { SameX } from "../../stores/run/same-x.ts";
import { runObject } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";

const MAX_KEYS = 100;
const MAX_BUCKETS = 10_000;
/** Maximum number of bytes per bucket in an object's answer. */
const BYTES_PER_BUCKET = 80;
/** Maximum number of buckets per run, since an RPC answer is limited to 32 MiB. */
const MAX_BUCKETS_OF_RUN = 200_000;

/** Maximum numbers of objects asked at once and of bytes in their answers, which wait for a client that reads slowly. */
export const OBJECTS_AHEAD = 16;
const BYTES_AHEAD = 32_000_000;

const METRIC_X = "metric:";

export interface ChartQuery {
  readonly runIds: readonly string[];
  readonly metricKeys: readonly string[];
  /** `step`, `time`, `relative` (milliseconds since the run's start) or `metric:<key>`. */
  readonly x: string;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly buckets: number;
  /** With another metric as x, how to join points with the same x; without it, points are not joined. */
  readonly sameX: SameX | undefined;
}

export interface RunChart {
  readonly runId: string;
  readonly series: readonly (ChartSeries & { readonly key: string })[];
}

/**
 * Metrics of runs for charts, run by run in the order of the query. Runs that do not exist are left out. A run that has
 * none of the metrics does not wake its object.
 * @throws MlflowError INVALID_PARAMETER_VALUE
 */
export async function readCharts(ctx: ServiceContext, query: ChartQuery): Promise<AsyncGenerator<RunChart>> {
  const runIds = [...new Set(query.runIds)];
  const keys = [...new Set(query.metricKeys)];
  checkChart(query, keys, runIds.length, MAX_BULK_RUN_IDS);
  const toX = parseX(query.x);
  const found = await findChartSources(ctx.db, runIds, keysToRead(query.x, keys));
  const sources = new Map(found.map((source) => [source.runId, source]));
  const { from, to, buckets, sameX } = query;
  return ahead(
    runIds.flatMap((runId) => sources.get(runId) ?? []),
    objectsAhead(buckets, keys.length),
    (source) => readRun(ctx, source, keys, { x: toX(source), from, to, buckets, sameX }),
  );
}

/** @throws MlflowError INVALID_PARAMETER_VALUE for counts that are too large or too small, or an invalid axis. */
export function checkChart(query: ChartQuery, keys: readonly string[], runs: number, mostRuns: number): void {
  checkCount("runs", runs, mostRuns);
  checkCount("metrics", keys.length, MAX_KEYS);
  checkCount("buckets", query.buckets, MAX_BUCKETS);
  checkCount("buckets of a run's metrics", query.buckets * keys.length, MAX_BUCKETS_OF_RUN);
  parseX(query.x);
}

/** How many objects may be asked for a chart at once. */
export function objectsAhead(buckets: number, keys: number): number {
  const most = Math.floor(BYTES_AHEAD / (BYTES_PER_BUCKET * buckets * keys));
  return Math.min(OBJECTS_AHEAD, Math.max(1, most));
}

/** The metrics that a chart of `keys` needs. */
export function keysToRead(x: string, keys: readonly string[]): readonly string[] {
  return x.startsWith(METRIC_X) ? [...keys, x.slice(METRIC_X.length)] : keys;
}

function checkCount(what: string, count: number, limit: number): void {
  if (count >= 1 && count <= limit) return;
  throw invalidParameter(`A chart shows 1 to ${limit} ${what}. Got ${count}.`);
}

export function parseX(text: string): (source: ChartSource) => ChartX {
  if (text === "step") return () => ({ kind: "step" });
  if (text === "time") return () => ({ kind: "time", originMs: 0 });
  // Clients without a start time send 0.
  if (text === "relative") return ({ startTimeMs }) => ({ kind: "time", originMs: startTimeMs || undefined });
  if (text.startsWith(METRIC_X)) return () => ({ kind: "metric", key: text.slice(METRIC_X.length) });
  throw invalidParameter(`Invalid x ${JSON.stringify(text)}; expected step, time, relative or metric:<key>.`);
}

/** @throws any error of the run's object. */
export async function readRun(
  ctx: ServiceContext,
  source: ChartSource,
  keys: readonly string[],
  options: ChartOptions,
): Promise<RunChart> {
  const { runId, isLive, hasObject, latest } = source;
  const asked = isLive ? keys : keys.filter((key) => latest.some((point) => point.key === key));
  const history = hasObject ? runObject(ctx.env, source) : new D1History(latest);
  const answers = asked.length === 0 ? [] : await history.chart(asked, options);
  const byKey = new Map(asked.map((key, index) => [key, answers[index]!]));
  return { runId, series: keys.map((key) => ({ key, ...(byKey.get(key) ?? EMPTY) })) };
}

const EMPTY: ChartSeries = {
  originMs: 0,
  total: 0,
  x: new Float64Array(),
  values: new Float64Array(),
  meanX: new Float64Array(),
  means: new Float64Array(),
  spreads: new Float64Array(),
  last: undefined,
};

/** The results of `read` for the items, in order. At most `most` items are being read or waiting to be taken. */
async function* ahead<Item, Result>(
  items: readonly Item[],
  most: number,
  read: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  for (const item of items) {
    const reading = read(item);
    // The consumer awaits the promise later; until then, a failure must not count as an unhandled rejection.
    reading.catch(() => undefined);
    underWay.push(reading);
    if (underWay.length === most) yield await underWay.shift()!;
  }
  for (const reading of underWay) yield await reading;
}
