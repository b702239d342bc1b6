import { invalidParameter } from "../../domain/errors.ts";
import { MAX_LIST_TAG_VALUE_LENGTH, MAX_MODEL_LENGTH } from "../../domain/limits.ts";
import { failedGuard, guardRunActive } from "../../stores/d1/connection/guard.ts";
import { appendToListTag } from "../../stores/d1/runs/run-tags.ts";
import type { ServiceContext } from "../context.ts";
import { notActive } from "./runs.ts";

const MODEL_HISTORY_TAG = "mlflow.log-model.history";
const REQUIRED_FIELDS = ["artifact_path", "flavors", "utc_time_created", "run_id"];

/** Adds a model's description to the run's tag `mlflow.log-model.history`, where 1.x and 2.x clients look for it. */
export async function logModel(ctx: ServiceContext, runId: string, modelJson: string): Promise<void> {
  const model = JSON.stringify(describe(parseModel(modelJson)));
  if (model.length > MAX_MODEL_LENGTH) {
    throw invalidParameter(
      `A model's description may have at most ${MAX_MODEL_LENGTH} characters. Got ${model.length}.`,
    );
  }
  let isAppended: boolean;
  try {
    const guard = guardRunActive(ctx.writes, runId);
    isAppended = await appendToListTag(ctx.writes, guard, runId, MODEL_HISTORY_TAG, model, MAX_LIST_TAG_VALUE_LENGTH);
  } catch (error) {
    throw failedGuard(error) === "run_active" ? await notActive(ctx, runId) : error;
  }
  if (!isAppended) throw invalidParameter(`The tag ${MODEL_HISTORY_TAG} of run ${runId} is not a list, or is full.`);
}

type Model = Readonly<Record<string, unknown>>;

function parseModel(modelJson: string): Model {
  let model: unknown;
  try {
    model = JSON.parse(modelJson);
  } catch {
    throw invalidParameter("Malformed model info. The model_json is not valid JSON.");
  }
  const missing = REQUIRED_FIELDS.filter((name) => !isObject(model) || !Object.hasOwn(model, name));
  if (missing.length > 0) {
    throw invalidParameter(`Model json is missing mandatory fields: ${missing.join(", ")}.`);
  }
  return model as Model;
}

/** What the history keeps of a model (`Model.get_tags_dict`): not its signature, nor its flavors' configurations. */
function describe(model: Model): Model {
  if (!isObject(model.flavors)) throw invalidParameter("The flavors of model_json must be an object.");
  const flavors = Object.entries(model.flavors).map(([name, flavor]) => {
    if (!isObject(flavor)) return [name, flavor];
    const { config: _, ...rest } = flavor;
    return [name, rest];
  });
  return {
    run_id: model.run_id,
    artifact_path: model.artifact_path,
    utc_time_created: model.utc_time_created,
    model_uuid: model.model_uuid ?? null,
    flavors: Object.fromEntries(flavors),
  };
}

function isObject(value: unknown): value is Model {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
