import type { Metric } from "../../domain/entities.ts";
import { doesNotExist, invalidParameter, MlflowError } from "../../domain/errors.ts";
import { forEachAtMost } from "../../domain/for-each-at-most.ts";
import { MAX_FINITE_VALUE, MAX_IMPORTED_VALUE_LENGTH } from "../../domain/limits.ts";
import { checkLength } from "../../domain/names.ts";
import { failedGuard } from "../../stores/d1/connection/guard.ts";
import { importFirstPointsStatements } from "../../stores/d1/import/first-points.ts";
import { findImportedRuns, type ImportedRun, moveRunsStatements } from "../../stores/d1/import/runs.ts";
import type { SummaryRowJson } from "../../stores/d1/metrics/latest-metrics.ts";
import { encodeSeries } from "../../stores/run/points.ts";
import { positionAt, type Series, seriesOf, slice } from "../../stores/run/series.ts";
import { appendInCell, groupByObject, OBJECTS_AT_A_TIME } from "../../stores/run/stub.ts";
import { MetricSummaries } from "../../stores/run/summaries.ts";
import { summaryRows } from "../../stores/run/summary-rows.ts";
import type { ServiceContext } from "../context.ts";
import { forgetLastChange } from "../live/last-changes.ts";
import { appendPoints } from "../metrics/append-points.ts";
import { rememberRun } from "../runs/known-runs.ts";
import { areFirstPoints } from "../runs/log-metrics.ts";

/** Most bytes of a call to an object, as far as one point has no more. An object's row holds 1.9 MB: see `MetricHistory.append`. */
const BYTES_PER_APPEND = 1_000_000;

/** Bytes of a point in a body of `encodeSeries`, without its key. */
const POINT_BYTES = 28;

/** Maximum number of points prepared at once: rows for D1 take several hundred bytes each, and an isolate has 128 MB. */
const POINTS_PER_SLICE = 30_000;

const encoder = new TextEncoder();

/** Points of one metric of a run. */
interface KeyedSeries extends Series {
  readonly key: string;
}

export interface RunPoints {
  readonly runId: string;
  readonly metrics: readonly KeyedSeries[];
}

/**
 * Stores points of imported runs. Points that are stored already are not stored twice. If each metric of a run has one
 * point, the points go to D1; the points of other runs go to their objects. A call that is cut off leaves some slices
 * stored, and a repeat completes it.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST unless all of the runs are here.
 */
export async function importPoints(ctx: ServiceContext, runs: readonly RunPoints[]): Promise<void> {
  for (const { metrics } of runs) for (const series of metrics) checkSeries(series);
  if (new Set(runs.map(({ runId }) => runId)).size < runs.length) throw invalidParameter("A run is given twice.");
  const found = await requireRuns(
    ctx,
    runs.map(({ runId }) => runId),
  );
  for (const slice of slicesOf(runs)) await importSlice(ctx, slice, found);
}

/** Slices of runs with at most {@link POINTS_PER_SLICE} points together. A run with more is a slice by itself. */
function* slicesOf(runs: readonly RunPoints[]): Generator<readonly RunPoints[]> {
  let slice: RunPoints[] = [];
  let size = 0;
  for (const run of runs) {
    const points = countPoints(run);
    if (slice.length > 0 && size + points > POINTS_PER_SLICE) {
      yield slice;
      slice = [];
      size = 0;
    }
    slice.push(run);
    size += points;
  }
  if (slice.length > 0) yield slice;
}

async function importSlice(
  ctx: ServiceContext,
  runs: readonly RunPoints[],
  found: ReadonlyMap<string, ImportedRun>,
): Promise<void> {
  const metricsOf = new Map(runs.map(({ runId, metrics }) => [runId, metrics.map(finite)]));
  const withPoints = runs.filter((run) => countPoints(run) > 0);
  const rest = await writeFirstPoints(
    ctx,
    metricsOf,
    withPoints.flatMap(({ runId }) => found.get(runId) ?? []),
  );
  const deleted = rest.filter(({ lifecycleStage }) => lifecycleStage === "deleted");
  // An object takes points of active runs only. The importer sets the final stage when everything is written.
  const activate = deleted.map(({ runId }) => ({ runId, lifecycleStage: "active" as const, deletedTimeMs: null }));
  if (deleted.length > 0) await ctx.writes.batch(moveRunsStatements(ctx.writes, activate));
  const metrics = (run: ImportedRun) => metricsOf.get(run.runId) ?? [];
  await forEachAtMost(OBJECTS_AT_A_TIME, groupByObject(rest), async (ofObject) => {
    const stored = await appendTogether(ctx, ofObject, metrics);
    for (const run of ofObject) if (!stored.has(run.runId)) await append(ctx, run, metrics(run));
  });
}

/**
 * Stores the points of several runs of a cell in one call, so that the runs share the cell's commits.
 * @returns the ids of the runs whose points are stored. The others need calls of their own: of a run with many points, or
 *   in a cell that takes no more.
 */
async function appendTogether(
  ctx: ServiceContext,
  runs: readonly ImportedRun[],
  metricsOf: (run: ImportedRun) => readonly KeyedSeries[],
): Promise<ReadonlySet<string>> {
  const { cell } = runs[0]!;
  if (cell === "" || runs.length === 1) return new Set();
  for (const { runId } of runs) forgetLastChange(runId);
  const bodies = runs.flatMap((run) => {
    const [piece, ...more] = piecesOf(metricsOf(run));
    return piece === undefined || more.length > 0 ? [] : { runId: run.runId, body: encodeSeries(piece) };
  });
  if (bodies.length === 0) return new Set();
  const stored = await appendInCell(ctx.env, cell, bodies, ctx.clientRegion);
  for (const { runId, experimentId } of runs) {
    if (stored.has(runId)) rememberRun(runId, { experimentId, cell, hasObject: true });
  }
  return stored;
}

/** @throws MlflowError RESOURCE_DOES_NOT_EXIST unless all of the runs are here. */
export async function requireRuns(ctx: ServiceContext, runIds: readonly string[]): Promise<Map<string, ImportedRun>> {
  const found = await findImportedRuns(ctx.db, runIds);
  const missing = runIds.find((runId) => !found.has(runId));
  if (missing !== undefined) throw doesNotExist(`Run with id=${missing} not found`);
  return found;
}

function countPoints({ metrics }: RunPoints): number {
  return metrics.reduce((sum, { values }) => sum + values.length, 0);
}

function checkSeries({ key, timestamps, steps, values }: KeyedSeries): void {
  if (key === "") throw invalidParameter("A metric has no name.");
  checkLength("metric name", key, MAX_IMPORTED_VALUE_LENGTH);
  if (timestamps.length !== values.length || steps.length !== values.length) {
    throw invalidParameter(`The columns of metric '${key}' have different lengths.`);
  }
}

/** Replaces infinities by the largest finite double, as MLflow stores them. */
function finite(series: KeyedSeries): KeyedSeries {
  const isInfinite = (value: number) => Math.abs(value) === Number.POSITIVE_INFINITY;
  if (!series.values.some(isInfinite)) return series;
  const values = series.values.map((value) => (isInfinite(value) ? Math.sign(value) * MAX_FINITE_VALUE : value));
  return { ...series, values };
}

/** The points as a list, if they may be first points. A run has few first points. */
function firstPointsOf(metrics: readonly KeyedSeries[]): Metric[] | undefined {
  if (metrics.some(({ values }) => values.length > 1)) return undefined;
  const points = metrics
    .filter(({ values }) => values.length === 1)
    .map(({ key, ...series }) => ({ key, ...positionAt(series, 0) }));
  return areFirstPoints(points) ? points : undefined;
}

/** @returns the runs whose points must go to their objects. */
async function writeFirstPoints(
  ctx: ServiceContext,
  metricsOf: ReadonlyMap<string, readonly KeyedSeries[]>,
  runs: readonly ImportedRun[],
): Promise<ImportedRun[]> {
  const rest: ImportedRun[] = [];
  const rows: SummaryRowJson[] = [];
  for (const run of runs) {
    const points = run.hasObject ? undefined : firstPointsOf(metricsOf.get(run.runId) ?? []);
    if (points === undefined) {
      rest.push(run);
      continue;
    }
    const summaries = new MetricSummaries();
    for (const point of points) summaries.addSeries(point.key, seriesOf(point));
    rows.push(...summaryRows(run.runId, summaries));
  }
  if (rows.length === 0) return rest;
  try {
    await ctx.writes.batch(importFirstPointsStatements(ctx.writes, rows));
    return rest;
  } catch (error) {
    if (failedGuard(error) !== "first_points") throw error;
    return [...runs];
  }
}

async function append(ctx: ServiceContext, run: ImportedRun, metrics: readonly KeyedSeries[]): Promise<void> {
  for (const piece of piecesOf(metrics)) {
    if (await appendPoints(ctx, run.runId, run, encodeSeries(piece))) continue;
    throw new MlflowError("TEMPORARILY_UNAVAILABLE", `Run ${run.runId} was deleted while its points were stored.`);
  }
}

/** The points in order, in pieces for one call each. Keys count too: a run may have ten thousand metrics with long names. */
function* piecesOf(metrics: readonly KeyedSeries[]): Generator<readonly KeyedSeries[]> {
  let piece: KeyedSeries[] = [];
  let room = BYTES_PER_APPEND;
  for (const { key, ...series } of metrics) {
    const keyBytes = encoder.encode(`${JSON.stringify(key)},`).length;
    for (let from = 0; from < series.values.length; ) {
      const most = Math.floor((room - keyBytes) / POINT_BYTES);
      if (most < 1 && piece.length > 0) {
        yield piece;
        piece = [];
        room = BYTES_PER_APPEND;
        continue;
      }
      const to = Math.min(series.values.length, from + Math.max(most, 1));
      piece.push({ key, ...slice(series, from, to) });
      room -= keyBytes + POINT_BYTES * (to - from);
      from = to;
    }
  }
  if (piece.length > 0) yield piece;
}
