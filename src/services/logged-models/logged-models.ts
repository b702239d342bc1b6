import type { KeyValue, LoggedModelStatus } from "../../domain/entities.ts";
import { doesNotExist, invalidParameter, MlflowError } from "../../domain/errors.ts";
import { isExperimentId } from "../../domain/ids.ts";
import {
  checkModelName,
  type LoggedModel,
  MAX_MODEL_KEY_LENGTH,
  MAX_MODEL_NAME_LENGTH,
  MAX_MODEL_VALUE_LENGTH,
  newModelId,
} from "../../domain/logged-model.ts";
import { checkLength } from "../../domain/names.ts";
import { randomRunName } from "../../domain/run-names.ts";
import { untilKnown } from "../../stores/d1/connection/until-known.ts";
import {
  addParams,
  deleteTag,
  findLoggedModel,
  insertLoggedModel,
  type LoggedModelInfo,
  readLoggedModel,
  type StoredLoggedModel,
  setTags,
  updateLoggedModel,
} from "../../stores/d1/logged-models/logged-models.ts";
import { recorded } from "../access/audit.ts";
import type { ServiceContext } from "../context.ts";
import { getExperiment } from "../experiments/experiments.ts";

export interface CreateLoggedModel {
  readonly experimentId: string;
  /** Absent or empty: a random name. */
  readonly name?: string | undefined;
  readonly modelType?: string | undefined;
  readonly sourceRunId?: string | undefined;
  readonly params?: readonly KeyValue[] | undefined;
  readonly tags?: readonly KeyValue[] | undefined;
}

/** Creates a model, which is pending until it is finalized. Its files lie beside the runs of its experiment. */
export async function createLoggedModel(ctx: ServiceContext, input: CreateLoggedModel): Promise<LoggedModel> {
  const { experimentId, modelType = "", sourceRunId = "", params = [], tags = [] } = input;
  const name = input.name || randomRunName();
  checkModelName(name);
  checkLength("model name", name, MAX_MODEL_NAME_LENGTH);
  checkLength("model type", modelType, MAX_MODEL_NAME_LENGTH);
  checkLength("source run id", sourceRunId, MAX_MODEL_KEY_LENGTH);
  checkPairs("param", params);
  checkPairs("tag", tags);
  refuseRepeated("param", params);
  refuseRepeated("tag", tags);
  const modelId = newModelId();
  const model = { modelId, experimentId, name, modelType, sourceRunId, params, tags, nowMs: Date.now() };
  const created = isExperimentId(experimentId)
    ? await untilKnown<LoggedModel | undefined>(
        () => insertLoggedModel(ctx.writes, model),
        () => readLoggedModel(ctx.db, modelId),
      )
    : undefined;
  if (created !== undefined) return created;
  const experiment = await getExperiment(ctx, experimentId);
  throw invalidParameter(
    `The experiment ${experiment.experimentId} must be in the 'active' state. Current state is ${experiment.lifecycleStage}.`,
  );
}

/** @throws MlflowError RESOURCE_DOES_NOT_EXIST for a deleted model too, unless `allowDeleted`. */
export async function getLoggedModel(ctx: ServiceContext, modelId: string, allowDeleted = false): Promise<LoggedModel> {
  const model = await readModel(ctx, modelId);
  if (model.lifecycleStage === "deleted" && !allowDeleted) throw loggedModelNotFound(modelId);
  return model;
}

/** The model's row. A deleted model counts as missing. */
export async function getLoggedModelInfo(ctx: ServiceContext, modelId: string): Promise<LoggedModelInfo> {
  const near = await findLoggedModel(ctx.db, modelId);
  // A replica may lack a new model.
  const info = near ?? (ctx.db === ctx.primary ? undefined : await findLoggedModel(ctx.primary, modelId));
  if (info === undefined || info.lifecycleStage === "deleted") throw loggedModelNotFound(modelId);
  return info;
}

/** Sets a model's status. As in MLflow, any status may follow any other, and a deleted model's status may change too. */
export async function finalizeLoggedModel(
  ctx: ServiceContext,
  modelId: string,
  status: LoggedModelStatus,
): Promise<LoggedModel> {
  if (!(await updateLoggedModel(ctx.writes, modelId, { status }, Date.now()))) throw loggedModelNotFound(modelId);
  return await readModel(ctx, modelId);
}

/** Deletes a model. Its files stay. The call is idempotent. */
export async function deleteLoggedModel(ctx: ServiceContext, modelId: string): Promise<void> {
  const writes = recorded(ctx, { action: "logged_model.delete", targetType: "logged_model", targetId: modelId });
  const isFound = await updateLoggedModel(writes, modelId, { lifecycleStage: "deleted" }, Date.now());
  if (!isFound) throw loggedModelNotFound(modelId);
}

/** Takes a model out of the trash. The call is idempotent. */
export async function restoreLoggedModel(ctx: ServiceContext, modelId: string): Promise<void> {
  const writes = recorded(ctx, { action: "logged_model.restore", targetType: "logged_model", targetId: modelId });
  const isFound = await updateLoggedModel(writes, modelId, { lifecycleStage: "active" }, Date.now());
  if (!isFound) throw loggedModelNotFound(modelId);
}

/**
 * Adds params to a model. A param that the model already has with the same value is accepted, because clients repeat a
 * request whose answer was lost.
 */
export async function logModelParams(ctx: ServiceContext, modelId: string, params: readonly KeyValue[]): Promise<void> {
  checkPairs("param", params);
  refuseRepeated("param", params);
  const outcome = await addParams(ctx.writes, modelId, params);
  if (outcome === "not found") throw loggedModelNotFound(modelId);
  if (outcome === "changed") {
    throw new MlflowError("BAD_REQUEST", `Model ${modelId} already has one of these params, with another value.`);
  }
}

export async function setModelTags(ctx: ServiceContext, modelId: string, tags: readonly KeyValue[]): Promise<void> {
  checkPairs("tag", tags);
  if (!(await setTags(ctx.writes, modelId, tags))) throw loggedModelNotFound(modelId);
}

export async function deleteModelTag(ctx: ServiceContext, modelId: string, key: string): Promise<void> {
  const { isFound, isDeleted } = await deleteTag(ctx.writes, modelId, key);
  if (!isFound) throw loggedModelNotFound(modelId);
  if (!isDeleted) throw doesNotExist(`No tag with key '${key}' found for model with ID '${modelId}'.`);
}

async function readModel(ctx: ServiceContext, modelId: string): Promise<StoredLoggedModel> {
  const model = await readLoggedModel(ctx.db, modelId);
  if (model === undefined) throw loggedModelNotFound(modelId);
  return model;
}

function checkPairs(what: string, pairs: readonly KeyValue[]): void {
  for (const { key, value } of pairs) {
    checkLength(`model ${what} key`, key, MAX_MODEL_KEY_LENGTH);
    checkLength(`model ${what} value`, value, MAX_MODEL_VALUE_LENGTH);
  }
}

function refuseRepeated(what: string, pairs: readonly KeyValue[]): void {
  const keys = new Set<string>();
  for (const { key } of pairs) {
    if (keys.has(key)) throw new MlflowError("BAD_REQUEST", `The ${what} '${key}' is given twice.`);
    keys.add(key);
  }
}

export function loggedModelNotFound(modelId: string): Error {
  return doesNotExist(`Logged model with ID '${modelId}' not found.`);
}
