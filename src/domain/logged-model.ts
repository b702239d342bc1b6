import type { KeyValue, LoggedModelStatus, Metric } from "./entities.ts";
import { invalidParameter } from "./errors.ts";
import type { Int64 } from "./int64.ts";

/** A metric point, with the logged model that it measured and, if given, the dataset. */
export interface ModelMetric extends Metric {
  readonly modelId: string;
  /** The run that logged the point. It need not be the run that made the model. */
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

/** Maximum for names and types, in characters (the columns of `mlflow/store/tracking/dbmodels/models.py`). */
export const MAX_MODEL_NAME_LENGTH = 500;
/** Maximum for keys of params and tags, and for source run ids, in characters. */
export const MAX_MODEL_KEY_LENGTH = 255;
/** Maximum for values of params and tags, in characters. MLflow sets no limit; a D1 row holds 2,000,000 bytes. */
export const MAX_MODEL_VALUE_LENGTH = 100_000;
/** Maximum for model ids from clients, in characters. */
export const MAX_MODEL_ID_LENGTH = 250;

export const DEFAULT_LOGGED_MODEL_RESULTS = 100;

/** A new model id, as MLflow makes them. */
export function newModelId(): string {
  return `m-${crypto.randomUUID().replaceAll("-", "")}`;
}

/** Checks a name by MLflow's rule (`mlflow/utils/validation.py`): names become parts of `models:/` and `runs:/` URIs. */
export function checkModelName(name: string): void {
  if (!/[/:.%"']/.test(name)) return;
  throw invalidParameter(`Invalid model name ${JSON.stringify(name)}: it may not contain / : . % " or '.`);
}
