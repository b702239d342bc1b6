import type { Int64 } from "./int64.ts";

export const LIFECYCLE_STAGES = ["active", "deleted"] as const;
export type LifecycleStage = (typeof LIFECYCLE_STAGES)[number];

/** Which lifecycle stages a search covers. Numbered from 1 on the wire, as MLflow's `ViewType`. */
export const VIEW_TYPES = ["ACTIVE_ONLY", "DELETED_ONLY", "ALL"] as const;
export type ViewType = (typeof VIEW_TYPES)[number];

/** Numbered from 1 on the wire, as MLflow's `RunStatus`. */
export const RUN_STATUSES = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** Numbered from 0 on the wire, as MLflow's `LoggedModelStatus`. */
export const LOGGED_MODEL_STATUSES = [
  "LOGGED_MODEL_STATUS_UNSPECIFIED",
  "LOGGED_MODEL_PENDING",
  "LOGGED_MODEL_READY",
  "LOGGED_MODEL_UPLOAD_FAILED",
] as const;
export type LoggedModelStatus = (typeof LOGGED_MODEL_STATUSES)[number];

/** A model version's stage, by the clients' names. */
export const STAGES = ["None", "Staging", "Production", "Archived"] as const;
export type Stage = (typeof STAGES)[number];

/** `Deleted_Internal` marks deleted versions, which no answer shows. */
export const STORED_STAGES = [...STAGES, "Deleted_Internal"] as const;

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

export interface Experiment {
  readonly experimentId: string;
  readonly name: string;
  readonly artifactLocation: string;
  readonly lifecycleStage: LifecycleStage;
  readonly creationTimeMs: number;
  readonly lastUpdateTimeMs: number;
  readonly tags: readonly KeyValue[];
}

/** A run without its logged data. */
export interface RunInfo {
  readonly runId: string;
  readonly experimentId: string;
  readonly runName: string;
  readonly userId: string;
  readonly status: RunStatus;
  readonly startTimeMs: Int64 | null;
  readonly endTimeMs: Int64 | null;
  readonly artifactUri: string;
  readonly lifecycleStage: LifecycleStage;
}

/**
 * One logged point of a metric. Two points with the same key, timestamp, step, value and NaN-ness are the same point.
 * `timestamp` is in milliseconds by the client's clock; `step` is any int64.
 */
export interface Metric {
  readonly key: string;
  readonly value: number;
  readonly timestamp: Int64;
  readonly step: Int64;
}

export interface Dataset {
  readonly name: string;
  readonly digest: string;
  readonly sourceType: string;
  readonly source: string;
  readonly schema?: string | undefined;
  readonly profile?: string | undefined;
}

export interface DatasetInput {
  readonly dataset: Dataset;
  readonly tags: readonly KeyValue[];
}

/** A file or folder in an artifact store; `path` is relative to the listed folder or to the run's root. */
export interface FileInfo {
  readonly path: string;
  readonly isDir: boolean;
  /** In bytes; absent for folders. */
  readonly fileSize?: number;
}

export interface ModelVersion {
  readonly name: string;
  readonly version: number;
  readonly currentStage: Stage;
  readonly description: string | null;
  readonly source: string;
  readonly runId: string | null;
  readonly runLink: string | null;
  readonly creationTimeMs: number;
  readonly lastUpdateTimeMs: number;
  readonly tags: readonly KeyValue[];
  readonly aliases: readonly string[];
}

export interface RegisteredModel {
  readonly name: string;
  readonly description: string | null;
  readonly creationTimeMs: number;
  readonly lastUpdateTimeMs: number;
  readonly tags: readonly KeyValue[];
  readonly aliases: readonly { readonly alias: string; readonly version: number }[];
  /** The newest version in each stage that has versions, without aliases. */
  readonly latestVersions: readonly ModelVersion[];
}
