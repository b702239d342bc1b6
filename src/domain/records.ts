import type { DatasetInput, Experiment, KeyValue, LifecycleStage, RunInfo, STORED_STAGES } from "./entities.ts";
import type { LoggedModel, ModelOutput } from "./logged-model.ts";

/*
 * Records: the complete contents of a tracking server, with ids and times. `trackflare import` and `trackflare export` read
 * them from one server or folder and write them to another. The import endpoints take them too.
 */

/** A complete experiment, without its runs. */
export type ExperimentRecord = Experiment;

/** A run with its logged data, without its points. */
export interface RunRecord extends RunInfo {
  /** When the run was deleted; null where it is active or the time is unknown. */
  readonly deletedTimeMs: number | null;
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly datasetInputs: readonly DatasetInput[];
  /** Ids of the logged models that the run used. */
  readonly modelInputs: readonly string[];
  readonly modelOutputs: readonly ModelOutput[];
}

export type LoggedModelRecord = LoggedModel & { readonly lifecycleStage: LifecycleStage };

export interface ModelVersionRecord {
  readonly version: number;
  /** `Deleted_Internal` where the version is gone and only its number is still taken. */
  readonly currentStage: (typeof STORED_STAGES)[number];
  readonly description: string | null;
  readonly source: string;
  /** Where the files lie if `source` only names another model; null if they lie at `source`. */
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

/** The kinds of records. A kind and an id identify one record of a server. */
export const RECORD_KINDS = ["experiment", "run", "logged_model", "registered_model"] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

/** Identifies a record, with a digest of its content that the writer computes. Equal digests mean equal contents. */
export interface RecordDigest {
  readonly kind: RecordKind;
  /** The experiment's, run's or logged model's id, or the registered model's name. */
  readonly id: string;
  readonly digest: string;
}

/** The digest that marks a run as restored from a backup. It stands for no content, and goes at the end of the restore. */
export const RESTORED_DIGEST = "restored";
