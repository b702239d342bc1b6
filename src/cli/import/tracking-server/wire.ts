import {
  type DatasetInput,
  type KeyValue,
  LOGGED_MODEL_STATUSES,
  RUN_STATUSES,
  STORED_STAGES,
} from "../../../domain/entities.ts";
import { type Int64, toInt64 } from "../../../domain/int64.ts";
import type { ExperimentRecord, LoggedModelRecord, ModelVersionRecord, RunRecord } from "../../../domain/records.ts";
import { RUN_NAME_TAG } from "../../../domain/run-names.ts";
import { type MetricSeries, toMetricSeries } from "../../transfer/metric-series.ts";

/*
 * Turns the answers of MLflow's API into records. A field that a version does not send is absent. 64-bit integers are
 * numbers, or text if protobuf writes them as text.
 */

type Integer = number | bigint | string;

export interface WireExperiment {
  readonly experiment_id: string;
  readonly name: string;
  readonly artifact_location?: string;
  readonly lifecycle_stage?: string;
  readonly creation_time?: Integer;
  readonly last_update_time?: Integer;
  readonly tags?: readonly WirePair[];
}

export interface WirePair {
  readonly key: string;
  readonly value?: string;
}

export interface WireRun {
  readonly info: {
    readonly run_id?: string;
    readonly run_uuid?: string;
    readonly experiment_id: string;
    readonly run_name?: string;
    readonly user_id?: string;
    readonly status?: string;
    readonly start_time?: Integer;
    readonly end_time?: Integer;
    readonly artifact_uri?: string;
    readonly lifecycle_stage?: string;
  };
  readonly data?: {
    readonly metrics?: readonly { readonly key: string }[];
    readonly params?: readonly WirePair[];
    readonly tags?: readonly WirePair[];
  };
  readonly inputs?: {
    readonly dataset_inputs?: readonly {
      readonly dataset: {
        readonly name: string;
        readonly digest: string;
        readonly source_type?: string;
        readonly source?: string;
        readonly schema?: string;
        readonly profile?: string;
      };
      readonly tags?: readonly WirePair[];
    }[];
    readonly model_inputs?: readonly { readonly model_id: string }[];
  };
  readonly outputs?: { readonly model_outputs?: readonly { readonly model_id: string; readonly step?: Integer }[] };
}

export interface WirePoint {
  readonly key: string;
  readonly value: number | bigint | string;
  readonly timestamp?: Integer;
  readonly step?: Integer;
}

export interface WireLoggedModel {
  readonly info: {
    readonly model_id: string;
    readonly experiment_id: string;
    readonly name?: string;
    readonly model_type?: string;
    readonly source_run_id?: string;
    readonly status?: string;
    readonly status_message?: string;
    readonly artifact_uri?: string;
    readonly creation_timestamp_ms?: Integer;
    readonly last_updated_timestamp_ms?: Integer;
    readonly tags?: readonly WirePair[];
  };
  readonly data?: {
    readonly params?: readonly WirePair[];
    readonly metrics?: readonly (WirePoint & {
      readonly run_id?: string;
      readonly dataset_name?: string;
      readonly dataset_digest?: string;
    })[];
  };
}

export interface WireVersion {
  readonly name: string;
  readonly version: string;
  readonly current_stage?: string;
  readonly description?: string;
  readonly source?: string;
  readonly run_id?: string;
  readonly run_link?: string;
  readonly creation_timestamp?: Integer;
  readonly last_updated_timestamp?: Integer;
  readonly tags?: readonly WirePair[];
}

function int64(value: Integer | undefined): Int64 | null {
  return value === undefined ? null : (toInt64(BigInt(value)) ?? null);
}

export function timeMs(value: Integer | undefined): number {
  return Number(value ?? 0);
}

export function pairs(wire: readonly WirePair[] | undefined): KeyValue[] {
  const list = (wire ?? []).map(({ key, value = "" }) => ({ key, value }));
  return list.sort((a, b) => (a.key < b.key ? -1 : 1));
}

export function toExperiment(wire: WireExperiment): ExperimentRecord {
  return {
    experimentId: String(wire.experiment_id),
    name: wire.name,
    artifactLocation: wire.artifact_location ?? "",
    lifecycleStage: wire.lifecycle_stage === "deleted" ? "deleted" : "active",
    creationTimeMs: timeMs(wire.creation_time),
    lastUpdateTimeMs: timeMs(wire.last_update_time ?? wire.creation_time),
    tags: pairs(wire.tags),
  };
}

/** The API omits when a run was deleted. */
export function toRun({ info, data, inputs, outputs }: WireRun): RunRecord {
  const tags = pairs(data?.tags);
  return {
    runId: info.run_id ?? info.run_uuid ?? "",
    experimentId: String(info.experiment_id),
    runName: info.run_name || (tags.find(({ key }) => key === RUN_NAME_TAG)?.value ?? ""),
    userId: info.user_id ?? "",
    status: RUN_STATUSES.find((status) => status === info.status) ?? "RUNNING",
    startTimeMs: int64(info.start_time),
    endTimeMs: int64(info.end_time),
    artifactUri: info.artifact_uri ?? "",
    lifecycleStage: info.lifecycle_stage === "deleted" ? "deleted" : "active",
    deletedTimeMs: null,
    params: pairs(data?.params),
    tags,
    datasetInputs: (inputs?.dataset_inputs ?? []).map(({ dataset, tags: inputTags }): DatasetInput => {
      const { name, digest, source_type: sourceType = "", source = "", schema = "", profile = "" } = dataset;
      return { dataset: { name, digest, sourceType, source, schema, profile }, tags: pairs(inputTags) };
    }),
    modelInputs: (inputs?.model_inputs ?? []).map((input) => input.model_id),
    modelOutputs: (outputs?.model_outputs ?? []).map(({ model_id: modelId, step }) => ({
      modelId,
      step: int64(step) ?? 0,
    })),
  };
}

export function toSeries(key: string, points: readonly WirePoint[]): MetricSeries {
  return toMetricSeries({
    key,
    timestamps: points.map(({ timestamp }) => int64(timestamp) ?? 0),
    steps: points.map(({ step }) => int64(step) ?? 0),
    values: points.map(({ value }) => Number(value)),
  });
}

export function toLoggedModel({ info, data }: WireLoggedModel): LoggedModelRecord {
  return {
    modelId: info.model_id,
    experimentId: String(info.experiment_id),
    name: info.name ?? "",
    modelType: info.model_type ?? "",
    sourceRunId: info.source_run_id ?? "",
    status: LOGGED_MODEL_STATUSES.find((status) => status === info.status) ?? "LOGGED_MODEL_STATUS_UNSPECIFIED",
    statusMessage: info.status_message ?? null,
    artifactUri: info.artifact_uri ?? "",
    lifecycleStage: "active",
    creationTimeMs: timeMs(info.creation_timestamp_ms),
    lastUpdateTimeMs: timeMs(info.last_updated_timestamp_ms),
    params: pairs(data?.params),
    tags: pairs(info.tags),
    metrics: (data?.metrics ?? []).map((metric) => ({
      modelId: info.model_id,
      runId: metric.run_id ?? "",
      key: metric.key,
      value: Number(metric.value),
      timestamp: int64(metric.timestamp) ?? 0,
      step: int64(metric.step) ?? 0,
      datasetName: metric.dataset_name,
      datasetDigest: metric.dataset_digest,
    })),
  };
}

/** @param location the place of the version's files, which may differ from its source. */
export function toVersion(wire: WireVersion, location: string | undefined): ModelVersionRecord {
  const source = wire.source ?? "";
  return {
    version: Number(wire.version),
    currentStage: STORED_STAGES.find((stage) => stage === wire.current_stage) ?? "None",
    description: wire.description ?? null,
    source,
    storageLocation: location === undefined || location === source ? null : location,
    runId: wire.run_id ?? null,
    runLink: wire.run_link ?? null,
    creationTimeMs: timeMs(wire.creation_timestamp),
    lastUpdateTimeMs: timeMs(wire.last_updated_timestamp),
    tags: pairs(wire.tags),
  };
}
