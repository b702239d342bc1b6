import type { KeyValue, LoggedModelStatus, Metric } from "./entities.ts";
import { invalidParameter } from "./errors.ts";
import type { Int64 } from "./int64.ts";

/** A metric point that says which logged model it measured, and on which dataset. */
export interface ModelMetric extends Metric {
  readonly modelId: string;
  /** The run that logged it, which need not be the model's source. */
  readonly runId: string;
  readonly datasetName?: string | undefined;
  readonly datasetDigest?: string | undefined;
}

export interface LoggedModel {
  /** `m-` and 32 hex digits. */
  readonly modelId: string;
  readonly experimentId: string;
  readonly name: string;
  readonly modelType: string;
  readonly sourceRunId: string;
  readonly status: LoggedModelStatus;
  readonly statusMessage: string | null;
  readonly artifactUri: string;
  readonly creationTimeMs: number;
  readonly lastUpdateTimeMs: number;
  readonly tags: readonly KeyValue[];
  readonly params: readonly KeyValue[];
  readonly metrics: readonly ModelMetric[];
}

/** A model that a run made, at one of its steps. */
export interface ModelOutput {
  readonly modelId: string;
  readonly step: Int64;
}

/** In characters, of names and types (the columns of `mlflow/store/tracking/dbmodels/models.py`). */
export const MAX_MODEL_NAME_LENGTH = 500;
/** In characters. */
export const MAX_MODEL_KEY_LENGTH = 255;
/** In characters. MLflow sets no limit; a D1 row holds 2,000,000 bytes. */
export const MAX_MODEL_VALUE_LENGTH = 100_000;
/** In characters: model ids that clients name are at most so long. */
export const MAX_MODEL_ID_LENGTH = 250;

export const DEFAULT_LOGGED_MODEL_RESULTS = 100;

/** A new model id, as MLflow makes them. */
export function newModelId(): string {
  return `m-${crypto.randomUUID().replaceAll("-", "")}`;
}

/** MLflow's rule for names (`mlflow/utils/validation.py`): they become parts of `models:/` and `runs:/` URIs. */
export function checkModelName(name: string): void {
  if (!/[/:.%"']/.test(name)) return;
  throw invalidParameter(`Invalid model name ${JSON.stringify(name)}: it may not contain / : . % " or '.`);
}
