import type { Experiment, FileInfo, KeyValue, Metric, RunInfo } from "../domain/entities.ts";
import type { Int64 } from "../domain/int64.ts";
import type { LoggedModel, ModelMetric } from "../domain/logged-model.ts";
import type { DatasetSummary } from "../stores/d1/runs/dataset-summaries.ts";

/*
 * The only place where our entities take MLflow's wire shape, apart from run documents, which SQL renders. The rules of
 * MLflow's protobuf JSON: int64 are bare numbers, doubles that JSON lacks are strings, and empty lists and unset fields are
 * left out.
 */

/** The JSON text of an int64, exact to the last digit. */
function int64Text(value: Int64): string {
  return String(value);
}

/** The JSON text of a double: the shortest text that parses to the same double, including the sign of zero. */
function doubleText(value: number): string {
  if (Number.isNaN(value)) return '"NaN"';
  if (Object.is(value, -0)) return "-0.0";
  return String(value);
}

/** One metric point; with `runId` where a list mixes runs. */
export function metricToWire(metric: Metric, runId?: string): string {
  const of = runId === undefined ? "" : `,"run_id":${JSON.stringify(runId)}`;
  return `{"key":${JSON.stringify(metric.key)},"value":${doubleText(metric.value)},"timestamp":${int64Text(
    metric.timestamp,
  )},"step":${int64Text(metric.step)}${of}}`;
}

export function runInfoToWire(info: RunInfo): string {
  const start = info.startTimeMs === null ? "" : `,"start_time":${int64Text(info.startTimeMs)}`;
  // MLflow leaves out an end time of 0, which old clients send when they resume a run.
  const end = info.endTimeMs === null || info.endTimeMs === 0 ? "" : `,"end_time":${int64Text(info.endTimeMs)}`;
  return (
    `{"run_id":"${info.runId}","run_uuid":"${info.runId}","run_name":${JSON.stringify(info.runName)},` +
    `"experiment_id":"${info.experimentId}","user_id":${JSON.stringify(info.userId)},"status":"${info.status}"` +
    `${start}${end},"artifact_uri":${JSON.stringify(info.artifactUri)},"lifecycle_stage":"${info.lifecycleStage}"}`
  );
}

/** @param run its document must end with the `inputs` object; `modelInputs` are ids of logged models. */
export function runToWire(run: {
  readonly info: RunInfo;
  readonly document: string;
  readonly modelInputs?: readonly string[];
}): string {
  const { info, document, modelInputs = [] } = run;
  const text = `{"info":${runInfoToWire(info)},${document}`;
  if (modelInputs.length === 0) return `${text}}`;
  const separator = document.endsWith("{}") ? "" : ",";
  const list = modelInputs.map((modelId) => `{"model_id":${JSON.stringify(modelId)}}`);
  return `${text.slice(0, -1)}${separator}"model_inputs":[${list.join(",")}]}}`;
}

/** A run that has just been created and has only tags. */
export function newRunToWire(run: RunInfo & { readonly tags: readonly KeyValue[] }): string {
  return runToWire({ info: run, document: `"outputs":{},"data":{"tags":${JSON.stringify(run.tags)}},"inputs":{}` });
}

export function loggedModelToWire(model: LoggedModel): string {
  const info = {
    model_id: model.modelId,
    experiment_id: model.experimentId,
    name: model.name,
    creation_timestamp_ms: model.creationTimeMs,
    last_updated_timestamp_ms: model.lastUpdateTimeMs,
    artifact_uri: model.artifactUri,
    status: model.status,
    model_type: model.modelType,
    source_run_id: model.sourceRunId,
    ...(model.statusMessage !== null && { status_message: model.statusMessage }),
    ...(model.tags.length > 0 && { tags: model.tags }),
  };
  const params = model.params.length === 0 ? [] : [`"params":${JSON.stringify(model.params)}`];
  const metrics = model.metrics.length === 0 ? [] : [`"metrics":[${model.metrics.map(modelMetricToWire).join(",")}]`];
  return `{"info":${JSON.stringify(info)},"data":{${[...params, ...metrics].join(",")}}}`;
}

function modelMetricToWire(metric: ModelMetric): string {
  const of = {
    model_id: metric.modelId,
    ...(metric.datasetName && { dataset_name: metric.datasetName }),
    ...(metric.datasetDigest && { dataset_digest: metric.datasetDigest }),
  };
  return `${metricToWire(metric, metric.runId).slice(0, -1)},${JSON.stringify(of).slice(1)}`;
}

export function experimentToWire(experiment: Experiment): object {
  return {
    experiment_id: experiment.experimentId,
    name: experiment.name,
    artifact_location: experiment.artifactLocation,
    lifecycle_stage: experiment.lifecycleStage,
    creation_time: experiment.creationTimeMs,
    last_update_time: experiment.lastUpdateTimeMs,
    ...(experiment.tags.length > 0 && { tags: experiment.tags }),
  };
}

export function datasetSummaryToWire({ experimentId, name, digest, context }: DatasetSummary): object {
  return { experiment_id: experimentId, name, digest, ...(context && { context }) };
}

export function fileInfoToWire(file: FileInfo): object {
  return { path: file.path, is_dir: file.isDir, ...(file.fileSize !== undefined && { file_size: file.fileSize }) };
}

/** A folder's listing, with paths relative to the artifact root. `folder` is the folder's canonical path below that root. */
export function filesToWire(files: readonly FileInfo[], folder: string): object {
  const below = folder === "" ? "" : `${folder}/`;
  return files.length === 0 ? {} : { files: files.map((file) => fileInfoToWire({ ...file, path: below + file.path })) };
}
