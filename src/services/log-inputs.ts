import type { DatasetInput } from "../domain/entities.ts";
import { invalidParameter } from "../domain/errors.ts";
import {
  MAX_DATASET_DIGEST_LENGTH,
  MAX_DATASET_JSON_BYTES,
  MAX_DATASET_NAME_LENGTH,
  MAX_DATASET_SCHEMA_LENGTH,
  MAX_DATASET_SOURCE_LENGTH,
  MAX_DATASETS_PER_REQUEST,
  MAX_INPUT_TAG_KEY_LENGTH,
  MAX_INPUT_TAG_VALUE_LENGTH,
} from "../domain/limits.ts";
import { checkLength } from "../domain/names.ts";
import { insertInputStatements } from "../stores/d1/datasets.ts";
import { failedGuard, guardRunActive } from "../stores/d1/guard.ts";
import type { ServiceContext } from "./context.ts";
import { notActive } from "./runs.ts";

/** Records the datasets that an active run used. */
export async function logInputs(ctx: ServiceContext, runId: string, datasets: readonly DatasetInput[]): Promise<void> {
  if (datasets.length > MAX_DATASETS_PER_REQUEST) {
    throw invalidParameter(`At most ${MAX_DATASETS_PER_REQUEST} datasets are logged at once. Got ${datasets.length}.`);
  }
  for (const input of datasets) checkDatasetInput(input);
  try {
    await ctx.db.batch([guardRunActive(ctx.db, runId), ...insertInputStatements(ctx.db, runId, datasets)]);
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
  const jsonBytes = new TextEncoder().encode(JSON.stringify({ dataset, tags })).length;
  if (jsonBytes > MAX_DATASET_JSON_BYTES) {
    throw invalidParameter(
      `The dataset '${dataset.name}' has ${jsonBytes} bytes as JSON. At most ${MAX_DATASET_JSON_BYTES} are stored: shorten its profile.`,
    );
  }
}
