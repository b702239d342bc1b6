import { jsonByteLength } from "../../domain/bytes.ts";
import type { DatasetInput } from "../../domain/entities.ts";
import { invalidParameter } from "../../domain/errors.ts";
import {
  MAX_DATASET_DIGEST_LENGTH,
  MAX_DATASET_JSON_BYTES,
  MAX_DATASET_NAME_LENGTH,
  MAX_DATASET_SCHEMA_LENGTH,
  MAX_DATASET_SOURCE_LENGTH,
  MAX_DATASETS_PER_REQUEST,
  MAX_INPUT_TAG_KEY_LENGTH,
  MAX_INPUT_TAG_VALUE_LENGTH,
} from "../../domain/limits.ts";
import { MAX_MODEL_ID_LENGTH, type ModelOutput } from "../../domain/logged-model.ts";
import { checkLength, checkRunId } from "../../domain/names.ts";
import type { Statement } from "../../stores/d1/connection/database.ts";
import { failedGuard, guardRunActive } from "../../stores/d1/connection/guard.ts";
import { insertInputStatements } from "../../stores/d1/runs/datasets.ts";
import { insertModelInputStatements, upsertModelOutputStatements } from "../../stores/d1/runs/run-models.ts";
import type { ServiceContext } from "../context.ts";
import { notActive } from "./runs.ts";

export interface RunInputs {
  readonly datasets: readonly DatasetInput[];
  /** Ids of logged models. The models need not exist on this server. */
  readonly modelIds: readonly string[];
}

/** Records the datasets and models that an active run used. */
export async function logInputs(ctx: ServiceContext, runId: string, { datasets, modelIds }: RunInputs): Promise<void> {
  checkRunId(runId);
  if (datasets.length > MAX_DATASETS_PER_REQUEST) {
    throw invalidParameter(`At most ${MAX_DATASETS_PER_REQUEST} datasets are logged at once. Got ${datasets.length}.`);
  }
  for (const input of datasets) checkDatasetInput(input);
  for (const modelId of modelIds) checkLength("model id", modelId, MAX_MODEL_ID_LENGTH);
  await writeIfActive(ctx, runId, [
    ...insertInputStatements(ctx.writes, runId, datasets),
    ...insertModelInputStatements(ctx.writes, runId, modelIds),
  ]);
}

/** Records the models that an active run made. For a model that is already recorded, it updates the step. */
export async function logOutputs(ctx: ServiceContext, runId: string, models: readonly ModelOutput[]): Promise<void> {
  for (const { modelId } of models) checkLength("model id", modelId, MAX_MODEL_ID_LENGTH);
  await writeIfActive(ctx, runId, upsertModelOutputStatements(ctx.writes, runId, models));
}

async function writeIfActive(ctx: ServiceContext, runId: string, statements: readonly Statement[]): Promise<void> {
  try {
    await ctx.writes.batch([guardRunActive(ctx.writes, runId), ...statements]);
  } catch (error) {
    throw failedGuard(error) === "run_active" ? await notActive(ctx, runId) : error;
  }
}

function checkDatasetInput({ dataset, tags }: DatasetInput): void {
  checkLength("dataset name", dataset.name, MAX_DATASET_NAME_LENGTH);
  checkLength("dataset digest", dataset.digest, MAX_DATASET_DIGEST_LENGTH);
  checkLength("dataset source", dataset.source, MAX_DATASET_SOURCE_LENGTH);
  checkLength("dataset schema", dataset.schema ?? "", MAX_DATASET_SCHEMA_LENGTH);
  for (const tag of tags) {
    checkLength("input tag key", tag.key, MAX_INPUT_TAG_KEY_LENGTH);
    checkLength("input tag value", tag.value, MAX_INPUT_TAG_VALUE_LENGTH);
  }
  const jsonBytes = jsonByteLength({ dataset, tags });
  if (jsonBytes > MAX_DATASET_JSON_BYTES) {
    throw invalidParameter(
      `The dataset '${dataset.name}' has ${jsonBytes} bytes as JSON. At most ${MAX_DATASET_JSON_BYTES} are stored: shorten its profile.`,
    );
  }
}
