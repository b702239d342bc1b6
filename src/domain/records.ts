import type { DatasetInput, Experiment, KeyValue, LifecycleStage, RunInfo, STORED_STAGES } from "./entities.ts";
import type { Int64 } from "./int64.ts";
import type { LoggedModel, ModelOutput } from "./logged-model.ts";

/*
 * Records: what a tracking server holds, whole, with its ids and times. They are what is read from one server or folder
 * and written to another, by `trackflare import` and `trackflare export`, and what the import endpoints take.
 */

/** All that is told of one experiment, without its runs. */
export type ExperimentRecord = Experiment;

/** A run with what was logged to it, without its points. */
export interface RunRecord extends RunInfo {
  /** When it was deleted; null where it is active or nobody knows. */
  readonly deletedTimeMs: number | null;
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly datasetInputs: readonly DatasetInput[];
  /** Ids of the logged models that it used. */
  readonly modelInputs: readonly string[];
  readonly modelOutputs: readonly ModelOutput[];
}

/** Points of one metric of a run as columns of one length, in any order. */
export interface MetricSeries {
  readonly key: string;
  readonly timestamps: readonly Int64[];
  readonly steps: readonly Int64[];
  /** Finite or NaN. */
  readonly values: readonly number[];
}

export type LoggedModelRecord = LoggedModel & { readonly lifecycleStage: LifecycleStage };

export interface ModelVersionRecord {
  readonly version: number;
  /** `Deleted_Internal` where only the number is still taken. */
  readonly currentStage: (typeof STORED_STAGES)[number];
  readonly description: string | null;
  readonly source: string;
  /** Where the files lie when `source` only names another model; null where it is `source`. */
  readonly storageLocation: string | null;
  readonly runId: string | null;
  readonly runLink: string | null;
  readonly creationTimeMs: number;
  readonly lastUpdateTimeMs: number;
  readonly tags: readonly KeyValue[];
}

/** A registered model with all of its versions. */
export interface RegisteredModelRecord {
  readonly name: string;
  readonly description: string | null;
  readonly creationTimeMs: number;
  readonly lastUpdateTimeMs: number;
  readonly tags: readonly KeyValue[];
  readonly aliases: readonly { readonly alias: string; readonly version: number }[];
  readonly versions: readonly ModelVersionRecord[];
}

/** What a record is of; with an id it names one record of a server. */
export const RECORD_KINDS = ["experiment", "run", "logged_model", "registered_model"] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

/** A record with the digest of its content, which whoever writes it computes: what has the same digest is the same. */
export interface RecordDigest {
  readonly kind: RecordKind;
  /** The experiment's, run's or logged model's id, or the registered model's name. */
  readonly id: string;
  readonly digest: string;
}
