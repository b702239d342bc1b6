import type { Metric } from "../../domain/entities.ts";
import { invalidParameter } from "../../domain/errors.ts";
import { MAX_DATASET_DIGEST_LENGTH, MAX_DATASET_NAME_LENGTH, MAX_FINITE_VALUE } from "../../domain/limits.ts";
import { MAX_MODEL_ID_LENGTH, type ModelMetric } from "../../domain/logged-model.ts";
import { checkKey, checkLength } from "../../domain/names.ts";
import { MAX_FIRST_POINTS } from "../../stores/d1/metrics/first-points.ts";
import { encodePoints } from "../../stores/run/points.ts";
import type { ServiceContext } from "../context.ts";
import { appendPoints } from "../metrics/append-points.ts";
import { isKnownToHave, rememberFirstPoints } from "./known-first-points.ts";
import { findKnownRun } from "./known-runs.ts";
import { notActive, runNotFound } from "./runs.ts";
import { type Rows, writeRows } from "./write-rows.ts";

/** A point of a run's metric, with the model and dataset that it measured, where the client names them. */
export interface RunMetricPoint extends Metric {
  readonly modelId?: string | undefined;
  readonly datasetName?: string | undefined;
  readonly datasetDigest?: string | undefined;
}

/** Logs one metric point, or a few. */
export async function logMetrics(
  ctx: ServiceContext,
  runId: string,
  metrics: readonly RunMetricPoint[],
): Promise<void> {
  const checked = metrics.map(checkMetric);
  await writeRun(ctx, runId, { modelMetrics: modelMetricsOf(runId, checked) }, checked);
}

/** MLflow stores an infinity as the largest finite double, and refuses negative timestamps. */
export function checkMetric(metric: RunMetricPoint): RunMetricPoint {
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

/** The points that measured logged models. They are recorded with the models too. */
export function modelMetricsOf(runId: string, metrics: readonly RunMetricPoint[]): ModelMetric[] {
  return metrics.flatMap((metric) => {
    const { modelId, datasetName = "", datasetDigest = "" } = metric;
    if (!modelId) return [];
    checkLength("model id", modelId, MAX_MODEL_ID_LENGTH);
    checkLength("dataset name", datasetName, MAX_DATASET_NAME_LENGTH);
    checkLength("dataset digest", datasetDigest, MAX_DATASET_DIGEST_LENGTH);
    return [{ ...metric, modelId, runId }];
  });
}

/** Writes rows and points: all in one D1 transaction if D1 can hold the points, else the points in the run's object. */
export async function writeRun(
  ctx: ServiceContext,
  runId: string,
  rows: Rows,
  metrics: readonly Metric[],
): Promise<void> {
  if (metrics.length === 0) {
    await writeRows(ctx, runId, rows);
    return;
  }
  const run = await findKnownRun(ctx, runId);
  if (run === undefined) throw runNotFound(runId);
  const mayBeFirst = !run.hasObject && areFirstPoints(metrics) && !isKnownToHave(runId, metrics);
  const written = await writeRows(ctx, runId, { ...rows, firstPoints: mayBeFirst ? metrics : [] });
  if (written.hasFirstPoints) {
    rememberFirstPoints(runId, metrics);
    return;
  }
  if (!(await appendPoints(ctx, runId, run, encodePoints(metrics)))) throw await notActive(ctx, runId);
}

/** Whether D1 can hold the points exactly: at most one of each metric, and no −0, because D1 loses the sign of zero. */
export function areFirstPoints(metrics: readonly Metric[]): boolean {
  return (
    metrics.length <= MAX_FIRST_POINTS &&
    new Set(metrics.map(({ key }) => key)).size === metrics.length &&
    !metrics.some(({ value }) => Object.is(value, -0))
  );
}
