import type { KeyValue, Metric } from "../../domain/entities.ts";
import { invalidParameter, MlflowError } from "../../domain/errors.ts";
import type { ModelMetric } from "../../domain/logged-model.ts";
import { RUN_NAME_TAG } from "../../domain/run-names.ts";
import type { Database, Statement } from "../../stores/d1/connection/database.ts";
import { failedGuard, guardRunActive } from "../../stores/d1/connection/guard.ts";
import { insertFirstPointsStatement } from "../../stores/d1/metrics/first-points.ts";
import { isLiveStatement, type RunPlaceRow, toPlace } from "../../stores/d1/metrics/latest-metrics.ts";
import { isUnknownModel, upsertModelMetricStatements } from "../../stores/d1/metrics/model-metrics.ts";
import { findParams, insertParamsStatements } from "../../stores/d1/runs/params.ts";
import { upsertTagsStatements } from "../../stores/d1/runs/run-tags.ts";
import { renameRunStatement } from "../../stores/d1/runs/runs.ts";
import { seriesOf } from "../../stores/run/series.ts";
import { MetricSummaries } from "../../stores/run/summaries.ts";
import { summaryRows } from "../../stores/run/summary-rows.ts";
import type { ServiceContext } from "../context.ts";
import { tellDataChanged } from "../live/watchers.ts";
import { notActive } from "./runs.ts";

/** What a request writes to D1 for an active run. */
export interface Rows {
  readonly params?: readonly KeyValue[];
  readonly tags?: readonly KeyValue[];
  readonly modelMetrics?: readonly ModelMetric[];
  /** Points that D1 takes only if all of them are the first points of the run's metrics in D1. */
  readonly firstPoints?: readonly Metric[];
}

/** What was written to D1. */
export interface Written {
  /** Whether params, tags or points of models were written, which also proves that the run is active. */
  readonly hasRows: boolean;
  /** Whether D1 took the first points, which also proves that the run is active. */
  readonly hasFirstPoints: boolean;
}

/** Writes the rows in one D1 transaction, or does nothing if there are none. */
export async function writeRows(
  ctx: ServiceContext,
  runId: string,
  { params = [], tags = [], modelMetrics = [], firstPoints = [] }: Rows,
): Promise<Written> {
  const hasRows = params.length + tags.length + modelMetrics.length > 0;
  if (!hasRows && firstPoints.length === 0) return { hasRows, hasFirstPoints: false };
  // A run always has a name: as in MLflow, an empty name changes nothing.
  const named = tags.filter((tag) => tag.key !== RUN_NAME_TAG || tag.value !== "");
  const runName = named.findLast((tag) => tag.key === RUN_NAME_TAG)?.value;
  const written = await guarded(ctx, runId, params, () =>
    ctx.writes.batch<RunPlaceRow>([
      ...(firstPoints.length > 0 ? [firstPointsStatement(ctx.writes, runId, firstPoints)] : []),
      ...(hasRows ? [guardRunActive(ctx.writes, runId)] : []),
      ...insertParamsStatements(ctx.writes, runId, params),
      ...upsertTagsStatements(ctx.writes, runId, named),
      ...(runName === undefined ? [] : [renameRunStatement(ctx.writes, runId, runName)]),
      ...upsertModelMetricStatements(ctx.writes, runId, modelMetrics),
      // First points alone go to runs without an object, which have no watchers to tell.
      ...(hasRows ? [isLiveStatement(ctx.writes, runId)] : []),
    ]),
  );
  const [live] = hasRows ? (written.at(-1)?.results ?? []) : [];
  if (live !== undefined) tellDataChanged(ctx, toPlace(live));
  return { hasRows, hasFirstPoints: firstPoints.length > 0 && written[0]!.meta.changes > 0 };
}

function firstPointsStatement(db: Database, runId: string, metrics: readonly Metric[]): Statement {
  const summaries = new MetricSummaries();
  for (const metric of metrics) summaries.addSeries(metric.key, seriesOf(metric));
  return insertFirstPointsStatement(db, runId, summaryRows(runId, summaries));
}

/** @throws MlflowError when the run is not active or does not exist. */
export async function requireActive(ctx: ServiceContext, runId: string): Promise<void> {
  await guarded(ctx, runId, [], () => ctx.writes.batch([guardRunActive(ctx.writes, runId)]));
}

/** Runs a guarded batch, and turns the failure of a guard into MLflow's error. */
export async function guarded<T>(
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
