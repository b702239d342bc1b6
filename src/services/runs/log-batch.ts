import type { KeyValue } from "../../domain/entities.ts";
import { invalidParameter } from "../../domain/errors.ts";
import {
  MAX_ENTITIES_PER_BATCH,
  MAX_METRICS_PER_BATCH,
  MAX_PARAMS_PER_BATCH,
  MAX_TAGS_PER_BATCH,
} from "../../domain/limits.ts";
import { checkRunId } from "../../domain/names.ts";
import type { ServiceContext } from "../context.ts";
import { checkMetric, modelMetricsOf, type RunMetricPoint, writeRun } from "./log-metrics.ts";
import { checkParam, refuseRepeatedParams } from "./log-params.ts";
import { checkRunTag } from "./run-tags.ts";
import { requireActive } from "./write-rows.ts";

export interface LogBatch {
  readonly runId: string;
  readonly metrics: readonly RunMetricPoint[];
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
}

/**
 * Logs metrics, params and tags to an active run.
 *
 * Everything is validated first. Then one D1 transaction writes params, tags and metrics of logged models; it fails if
 * the run is not active or a param would change. It also writes the first points of the run's metrics. Other points are
 * then appended in the run's object, which refuses runs that are not active. A crash between the two writes answers 5xx,
 * and the client's retry completes the call, because both writes are idempotent.
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
  await writeRun(ctx, runId, { params, tags, modelMetrics: modelMetricsOf(runId, metrics) }, metrics);
  if (params.length + tags.length + metrics.length === 0) await requireActive(ctx, runId);
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
