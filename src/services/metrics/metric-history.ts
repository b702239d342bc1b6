import type { Metric } from "../../domain/entities.ts";
import { invalidParameter } from "../../domain/errors.ts";
import type { Int64 } from "../../domain/int64.ts";
import { parseInt64 } from "../../domain/int64.ts";
import { MAX_BULK_POINTS, MAX_BULK_RUN_IDS, MAX_INTERVAL_POINTS } from "../../domain/limits.ts";
import { checkMaxResults } from "../../search/plan.ts";
import type { HistoryReader } from "../../stores/run/history.ts";
import { type Position, positionAt, type Series } from "../../stores/run/series.ts";
import type { ServiceContext } from "../context.ts";
import { findHistories } from "./run-histories.ts";

/** Maximum number of points in an object's answer: an RPC answer is limited to 32 MiB, and the isolate holds a few. */
const POINTS_PER_READ = 25_000;

/** A page of a metric's history. A page may have millions of points. */
export interface MetricPage {
  /** The page's points in order, each slice read when the consumer asks for it. */
  readonly slices: AsyncGenerator<readonly Metric[]>;
  /** Where the next page begins, if there is one. It is known once all slices are read. */
  readonly nextPageToken: () => string | undefined;
}

/**
 * One page of a metric's history, ordered by timestamp, step and value. An unknown run has no points, as in MLflow.
 * @param maxResults undefined for all points after the page token.
 * @throws MlflowError INVALID_PARAMETER_VALUE
 */
export function readMetricPage(
  ctx: ServiceContext,
  runId: string,
  key: string,
  maxResults: number | undefined,
  pageToken: string | undefined,
): MetricPage {
  if (maxResults !== undefined) checkMaxResults(maxResults);
  const after = pageToken === undefined ? undefined : parsePageToken(pageToken);
  let nextPageToken: string | undefined;
  async function* slices(): AsyncGenerator<readonly Metric[]> {
    let left = maxResults ?? Number.POSITIVE_INFINITY;
    let last: Metric | undefined;
    // Reads one point more than the page holds, to learn whether there is a next page.
    for await (const series of readSeries(ctx, runId, key, after, left + 1)) {
      const points = pointsOf(key, series);
      const onPage = points.slice(0, left);
      left -= onPage.length;
      last = onPage.at(-1) ?? last;
      if (onPage.length < points.length && last !== undefined) nextPageToken = pageTokenOf(last);
      if (onPage.length > 0) yield onPage;
    }
  }
  return { slices: slices(), nextPageToken: () => nextPageToken };
}

/** A metric's points after a position in ordered slices, at most `limit` of them. */
export async function* readSeries(
  ctx: ServiceContext,
  runId: string,
  key: string,
  after?: Position,
  limit?: number,
): AsyncGenerator<Series> {
  const history = (await findHistories(ctx, [runId], key)).get(runId);
  if (history !== undefined) yield* slicesOf(history, key, after, limit);
}

/** A metric's history in ordered slices, at most `limit` points in all. Each point that existed before the call comes once. */
async function* slicesOf(
  history: HistoryReader,
  key: string,
  after?: Position,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<Series> {
  let position = after;
  let left = limit;
  while (left > 0) {
    const wanted = Math.min(left, POINTS_PER_READ);
    const series: Series = await history.read(key, { after: position, limit: wanted });
    const count = series.values.length;
    if (count > 0) yield series;
    if (count < wanted) return;
    left -= count;
    position = positionAt(series, count - 1);
  }
}

/** Points of one run's metric. */
export interface RunSeries {
  readonly runId: string;
  readonly key: string;
  readonly series: Series;
}

/** Several runs' histories of one metric, run by run in the order of their ids, at most 25,000 points in all. */
export async function readBulkHistory(
  ctx: ServiceContext,
  runIds: readonly string[],
  key: string,
  maxResults: number,
): Promise<RunSeries[]> {
  checkRunIds(runIds, "run_id");
  let left = Math.min(maxResults, MAX_BULK_POINTS);
  const found: RunSeries[] = [];
  const sortedIds = [...new Set(runIds)].sort();
  const histories = await findHistories(ctx, sortedIds, key);
  for (const runId of sortedIds) {
    const history = histories.get(runId);
    if (history === undefined) continue;
    for await (const series of slicesOf(history, key, undefined, left)) {
      found.push({ runId, key, series });
      left -= series.values.length;
    }
  }
  return found;
}

export interface HistorySample {
  readonly runIds: readonly string[];
  readonly key: string;
  readonly maxResults: number;
  /** `startStep` and `endStep` are given together or not at all. */
  readonly startStep: Int64 | undefined;
  readonly endStep: Int64 | undefined;
}

/**
 * At most `maxResults` points of each run, evenly spread in the order of step. As in MLflow, the points of a run that is
 * named twice come twice.
 */
export async function sampleHistory(ctx: ServiceContext, input: HistorySample): Promise<RunSeries[]> {
  const { runIds, key, maxResults, startStep, endStep } = input;
  checkRunIds(runIds, "run_ids");
  checkMaxResults(maxResults, MAX_INTERVAL_POINTS);
  if ((startStep === undefined) !== (endStep === undefined)) {
    throw invalidParameter("If either start_step or end_step are specified, both must be specified.");
  }
  if (startStep !== undefined && endStep !== undefined && startStep > endStep) {
    throw invalidParameter(
      `end_step must be greater than start_step. Found start_step=${startStep} and end_step=${endStep}.`,
    );
  }
  const histories = await findHistories(ctx, runIds, key);
  const samples = await Promise.all(
    runIds.map(async (runId) => {
      const series = await histories.get(runId)?.sample(key, { maxResults, startStep, endStep });
      return series === undefined ? [] : [{ runId, key, series }];
    }),
  );
  return samples.flat();
}

function checkRunIds(runIds: readonly string[], name: string): void {
  if (runIds.length === 0) throw invalidParameter(`Missing value for required parameter '${name}'.`);
  if (runIds.length > MAX_BULK_RUN_IDS) {
    throw invalidParameter(`At most ${MAX_BULK_RUN_IDS} runs can be asked for at once. Got ${runIds.length}.`);
  }
}

/** The points of a series as objects, which take many times the memory of the series. */
export function pointsOf(key: string, series: Series): Metric[] {
  return Array.from(series.values, (_, i) => ({ key, ...positionAt(series, i) }));
}

/** The next page begins after the last point of this one. Numbers are text, so that int64 and doubles stay exact. */
function pageTokenOf(last: Metric): string {
  const value = Object.is(last.value, -0) ? "-0" : String(last.value);
  return btoa(JSON.stringify([String(last.timestamp), String(last.step), value]));
}

function parsePageToken(token: string): Position {
  const invalid = () => invalidParameter("Invalid page token.");
  let parts: unknown;
  try {
    parts = JSON.parse(atob(token));
  } catch {
    throw invalid();
  }
  if (!Array.isArray(parts) || parts.length !== 3 || !parts.every((part) => typeof part === "string")) throw invalid();
  const [timestampText, stepText, valueText] = parts as [string, string, string];
  const timestamp = parseInt64(timestampText);
  const step = parseInt64(stepText);
  const value = Number(valueText);
  if (timestamp === undefined || step === undefined || (Number.isNaN(value) && valueText !== "NaN")) throw invalid();
  return { timestamp, step, value };
}
