import type { KeyValue, Metric } from "../../domain/entities.ts";
import { doesNotExist, invalidParameter, MlflowError } from "../../domain/errors.ts";
import {
  MAX_DATASET_DIGEST_LENGTH,
  MAX_DATASET_NAME_LENGTH,
  MAX_ENTITIES_PER_BATCH,
  MAX_FINITE_VALUE,
  MAX_METRICS_PER_BATCH,
  MAX_PARAM_VALUE_LENGTH,
  MAX_PARAMS_PER_BATCH,
  MAX_TAGS_PER_BATCH,
} from "../../domain/limits.ts";
import { MAX_MODEL_ID_LENGTH, type ModelMetric } from "../../domain/logged-model.ts";
import { checkKey, checkLength, checkRunId, storedTagValue, truncate } from "../../domain/names.ts";
import { RUN_NAME_TAG } from "../../domain/run-names.ts";
import type { Database, Statement } from "../../stores/d1/connection/database.ts";
import { failedGuard, guardRunActive } from "../../stores/d1/connection/guard.ts";
import { guardFirstPoints, MAX_FIRST_POINTS } from "../../stores/d1/metrics/first-points.ts";
import { isLiveStatement, upsertLatestStatements } from "../../stores/d1/metrics/latest-metrics.ts";
import { isUnknownModel, upsertModelMetricStatements } from "../../stores/d1/metrics/model-metrics.ts";
import {
  deleteRunTag as deleteTagRow,
  findParams,
  insertParamsStatements,
  renameRunStatement,
  upsertTagsStatements,
} from "../../stores/d1/runs/runs.ts";
import { encodePoints } from "../../stores/run/points.ts";
import { seriesOf } from "../../stores/run/series.ts";
import { runObject } from "../../stores/run/stub.ts";
import { MetricSummaries } from "../../stores/run/summaries.ts";
import { summaryRows } from "../../stores/run/summary-rows.ts";
import type { ServiceContext } from "../context.ts";
import { tellDataChanged } from "../live/watchers.ts";
import { findKnownRun, rememberRun } from "./known-runs.ts";
import { notActive, runNotFound } from "./runs.ts";

/** A point of a run's metric, and what it measured where that is told. */
export interface RunMetricPoint extends Metric {
  readonly modelId?: string | undefined;
  readonly datasetName?: string | undefined;
  readonly datasetDigest?: string | undefined;
}

export interface LogBatch {
  readonly runId: string;
  readonly metrics: readonly RunMetricPoint[];
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
}

/**
 * Logs metrics, params and tags to an active run.
 *
 * Everything is validated first. Then params, tags and what metrics say of logged models are one D1 transaction that
 * insists on the run being active and no param changing. First points of a run's metrics are part of it; others are then
 * one append in the run's object, which insists on the run being active too. A crash between the two answers 5xx, and the
 * client's repeat completes it: both writes are idempotent.
 * @throws MlflowError INVALID_PARAMETER_VALUE, or RESOURCE_DOES_NOT_EXIST when there is no such run.
 */
export async function logBatch(ctx: ServiceContext, input: LogBatch): Promise<void> {
  const { runId } = input;
  checkCounts(input);
  checkRunId(runId);
  const metrics = input.metrics.map(checkMetric);
  const params = input.params.map(checkParam);
  refuseRepeatedParams(params);
  const tags = input.tags.map(checkRunTag);
  await write(ctx, runId, { params, tags, modelMetrics: modelMetricsOf(runId, metrics) }, metrics);
  if (params.length + tags.length + metrics.length === 0) await requireActive(ctx, runId);
}

/** Logs one metric point, or a few. */
export async function logMetrics(
  ctx: ServiceContext,
  runId: string,
  metrics: readonly RunMetricPoint[],
): Promise<void> {
  const checked = metrics.map(checkMetric);
  await write(ctx, runId, { modelMetrics: modelMetricsOf(runId, checked) }, checked);
}

export async function setRunTag(ctx: ServiceContext, runId: string, tag: KeyValue): Promise<void> {
  await writeRows(ctx, runId, { tags: [checkRunTag(tag)] });
}

export async function logParam(ctx: ServiceContext, runId: string, param: KeyValue): Promise<void> {
  await writeRows(ctx, runId, { params: [checkParam(param)] });
}

export async function deleteRunTag(ctx: ServiceContext, runId: string, key: string): Promise<void> {
  const { isDeleted, isLive } = await guarded(ctx, runId, [], () =>
    deleteTagRow(ctx.writes, guardRunActive(ctx.writes, runId), runId, key),
  );
  if (!isDeleted) throw doesNotExist(`No tag with name: ${key} in run with id ${runId}`);
  if (isLive) tellDataChanged(ctx, runId);
}

/** A run tag by MLflow's rules, with its value cut to what MLflow stores. */
function checkRunTag(tag: KeyValue): KeyValue {
  checkKey("tag", tag.key);
  return { key: tag.key, value: storedTagValue(tag) };
}

function checkParam(param: KeyValue): KeyValue {
  checkKey("parameter", param.key);
  return { key: param.key, value: truncate(param.value, MAX_PARAM_VALUE_LENGTH) };
}

/** MLflow stores an infinity as the largest finite double, and refuses negative timestamps. */
function checkMetric(metric: RunMetricPoint): RunMetricPoint {
  checkKey("metric", metric.key);
  if (metric.timestamp < 0) {
    throw invalidParameter(`Invalid timestamp ${metric.timestamp} of metric '${metric.key}': it may not be negative.`);
  }
  if (!metric.datasetName !== !metric.datasetDigest) {
    throw invalidParameter("Both dataset_name and dataset_digest must be provided if one is provided.");
  }
  if (Math.abs(metric.value) !== Number.POSITIVE_INFINITY) return metric;
  return { ...metric, value: Math.sign(metric.value) * MAX_FINITE_VALUE };
}

function checkCounts({ metrics, params, tags }: LogBatch): void {
  const check = (what: string, count: number, limit: number) => {
    if (count <= limit) return;
    throw invalidParameter(
      `A batch logging request can contain at most ${limit} ${what}. Got ${count} ${what}. Please split up ${what} across multiple requests and try again.`,
    );
  };
  check("metrics", metrics.length, MAX_METRICS_PER_BATCH);
  check("params", params.length, MAX_PARAMS_PER_BATCH);
  check("tags", tags.length, MAX_TAGS_PER_BATCH);
  check("metrics, params, and tags", metrics.length + params.length + tags.length, MAX_ENTITIES_PER_BATCH);
}

function refuseRepeatedParams(params: readonly KeyValue[]): void {
  const keys = new Set<string>();
  for (const { key } of params) {
    if (keys.has(key)) throw invalidParameter(`Duplicate parameter keys have been submitted: '${key}'.`);
    keys.add(key);
  }
}

/** The points that measured logged models, which are recorded with the models too. */
function modelMetricsOf(runId: string, metrics: readonly RunMetricPoint[]): ModelMetric[] {
  return metrics.flatMap((metric) => {
    const { modelId, datasetName = "", datasetDigest = "" } = metric;
    if (!modelId) return [];
    checkLength("model id", modelId, MAX_MODEL_ID_LENGTH);
    checkLength("dataset name", datasetName, MAX_DATASET_NAME_LENGTH);
    checkLength("dataset digest", datasetDigest, MAX_DATASET_DIGEST_LENGTH);
    return [{ ...metric, modelId, runId }];
  });
}

/** Rows and points: one transaction where D1 can hold the points, else one and then an append in the run's object. */
async function write(ctx: ServiceContext, runId: string, rows: Rows, metrics: readonly Metric[]): Promise<void> {
  if (metrics.length === 0) {
    await writeRows(ctx, runId, rows);
    return;
  }
  const run = await findKnownRun(ctx, runId);
  if (run === undefined) throw runNotFound(runId);
  const triesFirstPoints = !run.hasObject && areFirstPoints(metrics);
  if (triesFirstPoints) {
    try {
      await writeRows(ctx, runId, { ...rows, firstPoints: metrics });
      return;
    } catch (error) {
      if (failedGuard(error) !== "first_points") throw error;
    }
  }
  const isWritten = await writeRows(ctx, runId, rows);
  // A refused call makes no object.
  if (!run.hasObject && !triesFirstPoints && !isWritten) await requireActive(ctx, runId);
  const isAccepted = await runObject(ctx.env, runId).append(runId, encodePoints(metrics));
  if (!isAccepted) throw await notActive(ctx, runId);
  if (!run.hasObject) rememberRun(runId, { ...run, hasObject: true });
}

/** Whether D1 could hold the points as they are: one of each metric, and none is −0, whose sign its numbers do not keep. */
function areFirstPoints(metrics: readonly Metric[]): boolean {
  return (
    metrics.length <= MAX_FIRST_POINTS &&
    new Set(metrics.map(({ key }) => key)).size === metrics.length &&
    !metrics.some(({ value }) => Object.is(value, -0))
  );
}

interface Rows {
  readonly params?: readonly KeyValue[];
  readonly tags?: readonly KeyValue[];
  readonly modelMetrics?: readonly ModelMetric[];
  /** Points of metrics that the run does not have yet; where it does, the guard `first_points` fails. */
  readonly firstPoints?: readonly Metric[];
}

/** One D1 transaction, or none where there is nothing to write. @returns whether there was. */
async function writeRows(
  ctx: ServiceContext,
  runId: string,
  { params = [], tags = [], modelMetrics = [], firstPoints = [] }: Rows,
): Promise<boolean> {
  if (params.length + tags.length + modelMetrics.length + firstPoints.length === 0) return false;
  // A run is never without a name: as upstream, an empty one changes nothing.
  const named = tags.filter((tag) => tag.key !== RUN_NAME_TAG || tag.value !== "");
  const runName = named.findLast((tag) => tag.key === RUN_NAME_TAG)?.value;
  const hasFirstPoints = firstPoints.length > 0;
  const written = await guarded(ctx, runId, params, () =>
    ctx.writes.batch([
      ...(hasFirstPoints ? firstPointsStatements(ctx.writes, runId, firstPoints) : [guardRunActive(ctx.writes, runId)]),
      ...insertParamsStatements(ctx.writes, runId, params),
      ...upsertTagsStatements(ctx.writes, runId, named),
      ...(runName === undefined ? [] : [renameRunStatement(ctx.writes, runId, runName)]),
      ...upsertModelMetricStatements(ctx.writes, runId, modelMetrics),
      // Where there is no object, there is nobody to tell.
      ...(hasFirstPoints ? [] : [isLiveStatement(ctx.writes, runId)]),
    ]),
  );
  if (!hasFirstPoints && (written.at(-1)?.results.length ?? 0) > 0) tellDataChanged(ctx, runId);
  return true;
}

/** Runs a guarded batch and turns the guard that stopped it into MLflow's error. */
async function guarded<T>(
  ctx: ServiceContext,
  runId: string,
  params: readonly KeyValue[],
  batch: () => Promise<T>,
): Promise<T> {
  try {
    return await batch();
  } catch (error) {
    const guard = failedGuard(error);
    if (guard === "run_active") throw await notActive(ctx, runId);
    if (guard === "param_unchanged") throw await paramChanged(ctx, runId, params);
    if (isUnknownModel(error))
      throw new MlflowError("BAD_REQUEST", "A metric names a logged model that does not exist.");
    throw error;
  }
}

async function paramChanged(ctx: ServiceContext, runId: string, params: readonly KeyValue[]): Promise<Error> {
  const logged = await findParams(
    ctx.db,
    runId,
    params.map((param) => param.key),
  );
  const old = new Map(logged.map((param) => [param.key, param.value]));
  const changed = params.find((param) => old.has(param.key) && old.get(param.key) !== param.value);
  return invalidParameter(
    `Changing param values is not allowed. Param with key='${changed?.key}' was already logged with ` +
      `value='${old.get(changed?.key ?? "")}' for run ID='${runId}'. Attempted logging new value '${changed?.value}'.`,
  );
}

function firstPointsStatements(db: Database, runId: string, metrics: readonly Metric[]): Statement[] {
  const summaries = new MetricSummaries();
  for (const metric of metrics) summaries.addSeries(metric.key, seriesOf(metric));
  return [
    guardFirstPoints(db, runId, [...summaries.keys()]),
    ...upsertLatestStatements(db, summaryRows(runId, summaries)),
  ];
}

async function requireActive(ctx: ServiceContext, runId: string): Promise<void> {
  await guarded(ctx, runId, [], () => ctx.writes.batch([guardRunActive(ctx.writes, runId)]));
}
