import { invalidParameter } from "../domain/errors.ts";
import { findRunTag } from "../stores/d1/runs.ts";
import type { ServiceContext } from "./context.ts";
import { setRunTag } from "./log-batch.ts";
import { getRunInfo, notActive } from "./runs.ts";

const MODEL_HISTORY_TAG = "mlflow.log-model.history";
const REQUIRED_FIELDS = ["artifact_path", "flavors", "utc_time_created", "run_id"];

/** Adds a model's description to the run's tag `mlflow.log-model.history`, where 1.x and 2.x clients look for it. */
export async function logModel(ctx: ServiceContext, runId: string, modelJson: string): Promise<void> {
  const model = parseModel(modelJson);
  const run = await getRunInfo(ctx, runId);
  if (run.lifecycleStage !== "active") throw await notActive(ctx, runId);
  const history = await findRunTag(ctx.db, runId, MODEL_HISTORY_TAG);
  const models = [...(history === undefined ? [] : (JSON.parse(history) as unknown[])), model];
  await setRunTag(ctx, runId, { key: MODEL_HISTORY_TAG, value: JSON.stringify(models) });
}

function parseModel(modelJson: string): object {
  let model: unknown;
  try {
    model = JSON.parse(modelJson);
  } catch {
    throw invalidParameter("Malformed model info. The model_json is not valid JSON.");
  }
  const missing = REQUIRED_FIELDS.filter((name) => typeof model !== "object" || model === null || !(name in model));
  if (missing.length > 0) {
    throw invalidParameter(`Model json is missing mandatory fields: ${missing.join(", ")}.`);
  }
  return model as object;
}
