import { join } from "node:path";
import { z } from "zod";
import { LOGGED_MODEL_STATUSES } from "../../../domain/entities.ts";
import type { ModelMetric } from "../../../domain/logged-model.ts";
import type { LoggedModelRecord } from "../../../domain/records.ts";
import { filesBelow, meta, readMeta, readPairs, tryReadText, Unreadable } from "./files.ts";
import { readPoints } from "./points.ts";

const ModelMeta = z.object({
  model_id: meta.id,
  experiment_id: meta.id,
  name: meta.text,
  model_type: meta.text,
  source_run_id: meta.text,
  status: meta.integer.pipe(
    z
      .number()
      .min(0)
      .max(LOGGED_MODEL_STATUSES.length - 1),
  ),
  status_message: meta.nullableText,
  artifact_location: meta.text,
  lifecycle_stage: meta.stage,
  creation_timestamp: meta.time,
  last_updated_timestamp: meta.time,
});

/** @throws {Unreadable} if the folder is not a logged model. */
export function readLoggedModel(
  folder: string,
  experimentId: string,
  onProblem: (below: string, why: string) => void,
): LoggedModelRecord {
  const fields = readMeta(folder, ModelMeta);
  if (fields.experiment_id !== experimentId) throw new Unreadable(`meta.yaml is of experiment ${fields.experiment_id}`);
  return {
    modelId: fields.model_id,
    experimentId,
    name: fields.name,
    modelType: fields.model_type,
    sourceRunId: fields.source_run_id,
    status: LOGGED_MODEL_STATUSES[fields.status]!,
    statusMessage: fields.status_message,
    artifactUri: fields.artifact_location,
    lifecycleStage: fields.lifecycle_stage,
    creationTimeMs: fields.creation_timestamp ?? 0,
    lastUpdateTimeMs: fields.last_updated_timestamp ?? 0,
    params: readPairs(join(folder, "params"), (key, why) => onProblem(`params/${key}`, why)),
    tags: readPairs(join(folder, "tags"), (key, why) => onProblem(`tags/${key}`, why)),
    metrics: readMetrics(join(folder, "metrics"), fields.model_id, onProblem),
  };
}

/** After the step, a line has the run that logged the metric, and the dataset if the run named one. */
function readMetrics(folder: string, modelId: string, onProblem: (below: string, why: string) => void): ModelMetric[] {
  return filesBelow(folder).flatMap((key) => {
    const text = tryReadText(join(folder, key), (why) => onProblem(`metrics/${key}`, why));
    const points = readPoints(text, (line, why) => onProblem(`metrics/${key} line ${line}`, why));
    return points.map(({ more: [runId = "", datasetName, datasetDigest], timestamp, step, value }) => ({
      modelId,
      runId,
      key,
      timestamp,
      step,
      value,
      datasetName,
      datasetDigest,
    }));
  });
}
