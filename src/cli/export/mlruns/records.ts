import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { LOGGED_MODEL_STATUSES, RUN_STATUSES } from "../../../domain/entities.ts";
import type { ModelMetric } from "../../../domain/logged-model.ts";
import type {
  ExperimentRecord,
  LoggedModelRecord,
  ModelVersionRecord,
  RegisteredModelRecord,
  RunRecord,
} from "../../../domain/records.ts";
import type { MetricSeries } from "../../transfer/metric-series.ts";
import { type FolderWriter, idOf, type OnProblem, pathOfKey } from "./folder-writer.ts";

/*
 * Records as folders of MLflow's file store, as MLflow 3 writes them. Fields that only older versions read (`run_uuid`,
 * `source_type`, …) are written too.
 */

const LINES_PER_PIECE = 50_000;

export function writeExperiment(folder: FolderWriter, record: ExperimentRecord): void {
  folder.meta({
    experiment_id: record.experimentId,
    name: record.name,
    artifact_location: record.artifactLocation,
    lifecycle_stage: record.lifecycleStage,
    creation_time: record.creationTimeMs,
    last_update_time: record.lastUpdateTimeMs,
  });
  folder.pairs("tags", record.tags);
}

/** @param experiment the folder of the run's experiment, which holds the datasets of all its runs. */
export function writeRun(
  folder: FolderWriter,
  experiment: FolderWriter,
  record: RunRecord,
  metrics: readonly MetricSeries[],
): void {
  folder.meta({
    run_id: record.runId,
    run_uuid: record.runId,
    experiment_id: record.experimentId,
    run_name: record.runName,
    user_id: record.userId,
    status: RUN_STATUSES.indexOf(record.status) + 1,
    start_time: record.startTimeMs,
    end_time: record.endTimeMs,
    deleted_time: record.deletedTimeMs,
    lifecycle_stage: record.lifecycleStage,
    artifact_uri: record.artifactUri,
    source_type: 4,
    source_name: "",
    source_version: "",
    entry_point_name: "",
  });
  // MLflow recognises a run by these folders.
  for (const below of ["metrics", "params", "artifacts"]) mkdirSync(join(folder.path, below), { recursive: true });
  folder.pairs("params", record.params);
  folder.pairs("tags", record.tags);
  for (const series of metrics) folder.file("metrics", series.key, seriesLines(series));
  writeLinks(folder, experiment, record);
}

function writeLinks(folder: FolderWriter, experiment: FolderWriter, record: RunRecord): void {
  for (const { dataset, tags } of record.datasetInputs) {
    const { name, digest, sourceType, source, schema, profile } = dataset;
    const id = idOf(name, digest);
    const fields = { name, digest, source_type: sourceType, source, schema: schema || null, profile: profile || null };
    experiment.meta(fields, `datasets/${id}`);
    link(folder, `inputs/${idOf(id, record.runId)}`, ["DATASET", id, "RUN"], {
      tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
    });
  }
  for (const modelId of record.modelInputs) {
    link(folder, `inputs/${idOf(modelId, record.runId)}`, ["MODEL", modelId, "RUN"], { tags: {} });
  }
  for (const { modelId, step } of record.modelOutputs) {
    link(folder, `outputs/${modelId}`, ["RUN_OUTPUT", modelId, "MODEL_OUTPUT"], { tags: {}, step });
  }
}

/** In MLflow's format, which has the linked id on both sides. */
function link(
  folder: FolderWriter,
  below: string,
  [source, id, destination]: readonly [string, string, string],
  more: Parameters<FolderWriter["meta"]>[0],
): void {
  // An id becomes a folder's name here, and another server chose the id.
  pathOfKey(folder.path, below);
  const ends = { source_type: source, source_id: id, destination_type: destination, destination_id: id };
  folder.meta({ ...ends, ...more }, below);
}

function* seriesLines({ timestamps, steps, values }: MetricSeries): Generator<string> {
  for (let from = 0; from < values.length; from += LINES_PER_PIECE) {
    const piece = values.subarray(from, from + LINES_PER_PIECE);
    yield Array.from(piece, (value, i) => `${timestamps[from + i]} ${double(value)} ${steps[from + i]}\n`).join("");
  }
}

/** A double in a form that Python reads back exactly. */
function double(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0.0" : String(value);
}

export function writeLoggedModel(folder: FolderWriter, record: LoggedModelRecord, onProblem: OnProblem): void {
  folder.meta({
    model_id: record.modelId,
    experiment_id: record.experimentId,
    name: record.name,
    model_type: record.modelType || null,
    source_run_id: record.sourceRunId || null,
    status: LOGGED_MODEL_STATUSES.indexOf(record.status),
    status_message: record.statusMessage,
    artifact_location: record.artifactUri,
    lifecycle_stage: record.lifecycleStage,
    creation_timestamp: record.creationTimeMs,
    last_updated_timestamp: record.lastUpdateTimeMs,
  });
  folder.pairs("params", record.params);
  folder.pairs("tags", record.tags);
  for (const [key, points] of Map.groupBy(record.metrics, (metric) => metric.key)) {
    folder.file("metrics", key, [points.map((point) => modelMetricLine(point, onProblem)).join("")]);
  }
}

/** MLflow separates the fields of a line by spaces, so it cannot read the model if a name has spaces. */
function modelMetricLine(metric: ModelMetric, onProblem: OnProblem): string {
  const { key, timestamp, value, step, runId, datasetName, datasetDigest } = metric;
  const line = `${timestamp} ${double(value)} ${step} ${runId}`;
  if (!datasetName || !datasetDigest) return `${line}\n`;
  if (!/\s/.test(`${datasetName}${datasetDigest}`)) return `${line} ${datasetName} ${datasetDigest}\n`;
  onProblem(`metrics/${key}`, `MLflow's files have no place for a dataset with spaces in its name, '${datasetName}'`);
  return `${line}\n`;
}

export function writeRegisteredModel(folder: FolderWriter, record: RegisteredModelRecord): void {
  const aliases = record.aliases.map(({ alias, version }) => ({ key: alias, value: String(version) }));
  folder.meta({
    name: record.name,
    description: record.description,
    creation_timestamp: record.creationTimeMs,
    last_updated_timestamp: record.lastUpdateTimeMs,
    aliases: Object.fromEntries(aliases.map(({ key, value }) => [key, value])),
  });
  folder.pairs("tags", record.tags);
  folder.pairs("aliases", aliases);
  for (const version of record.versions) writeVersion(folder, record.name, version);
}

function writeVersion(folder: FolderWriter, name: string, record: ModelVersionRecord): void {
  const [, modelId = null] = /^models:\/+(m-[\w-]+)$/.exec(record.source) ?? [];
  const below = `version-${record.version}`;
  folder.meta(
    {
      name,
      version: record.version,
      current_stage: record.currentStage,
      description: record.description,
      source: record.source,
      storage_location: record.storageLocation,
      run_id: record.runId,
      run_link: record.runLink,
      model_id: modelId,
      status: "READY",
      status_message: null,
      user_id: null,
      creation_timestamp: record.creationTimeMs,
      last_updated_timestamp: record.lastUpdateTimeMs,
    },
    below,
  );
  folder.pairs(`${below}/tags`, record.tags);
}
