import type { KeyValue, RegisteredModel } from "../../domain/entities.ts";
import { alreadyExists, doesNotExist, type MlflowError } from "../../domain/errors.ts";
import { MAX_REGISTRY_TAG_VALUE_LENGTH, MAX_REGISTRY_TEXT_LENGTH } from "../../domain/limits.ts";
import { checkKey, checkLength } from "../../domain/names.ts";
import { isPrompt } from "../../domain/prompts.ts";
import { checkRegisteredModelName } from "../../domain/registry-names.ts";
import { isDuplicate } from "../../stores/d1/connection/guard.ts";
import { untilKnown } from "../../stores/d1/connection/until-known.ts";
import {
  deleteModelTag,
  deleteRegisteredModel as deleteRow,
  findRegisteredModel,
  insertRegisteredModel,
  renameRegisteredModel as renameRow,
  updateModelDescription,
  upsertModelTag,
} from "../../stores/d1/registry/registered-models.ts";
import { recorded } from "../access/audit.ts";
import type { ServiceContext } from "../context.ts";

export interface CreateRegisteredModel {
  readonly name: string;
  readonly description?: string | undefined;
  readonly tags: readonly KeyValue[];
}

export async function createRegisteredModel(
  ctx: ServiceContext,
  input: CreateRegisteredModel,
): Promise<RegisteredModel> {
  const { name, description = "", tags } = input;
  checkRegisteredModelName(name);
  checkLength("description", description, MAX_REGISTRY_TEXT_LENGTH);
  tags.forEach(checkRegistryTag);
  try {
    const model = { name, description, tags, nowMs: Date.now() };
    return await untilKnown(
      () => insertRegisteredModel(ctx.writes, model, ctx.principal.user?.userId),
      async () => {
        const found = await findRegisteredModel(ctx.db, name);
        return found?.creationTimeMs === model.nowMs ? found : undefined;
      },
    );
  } catch (error) {
    throw isDuplicate(error, "registered_models.name") ? await nameTaken(ctx, name, isPrompt(tags)) : error;
  }
}

export async function getRegisteredModel(ctx: ServiceContext, name: string): Promise<RegisteredModel> {
  checkRegisteredModelName(name);
  const model = await findRegisteredModel(ctx.db, name);
  if (model === undefined) throw registeredModelNotFound(name);
  return model;
}

export async function updateRegisteredModel(
  ctx: ServiceContext,
  name: string,
  description: string,
): Promise<RegisteredModel> {
  checkRegisteredModelName(name);
  checkLength("description", description, MAX_REGISTRY_TEXT_LENGTH);
  if (!(await updateModelDescription(ctx.writes, name, description, Date.now()))) throw registeredModelNotFound(name);
  return await getRegisteredModel(ctx, name);
}

/** Renames a registered model. Its versions, tags and aliases move to the new name. */
export async function renameRegisteredModel(
  ctx: ServiceContext,
  name: string,
  newName: string,
): Promise<RegisteredModel> {
  checkRegisteredModelName(newName, "new_name");
  checkRegisteredModelName(name);
  const target = { targetType: "registered_model", targetId: name } as const;
  const writes = recorded(ctx, { action: "registered_model.rename", ...target, detail: { new_name: newName } });
  try {
    if (!(await renameRow(writes, name, newName, Date.now()))) throw registeredModelNotFound(name);
  } catch (error) {
    if (!isDuplicate(error, "registered_models.name")) throw error;
    throw alreadyExists(`Registered Model (name=${newName}) already exists.`);
  }
  return await getRegisteredModel(ctx, newName);
}

export async function deleteRegisteredModel(ctx: ServiceContext, name: string): Promise<void> {
  checkRegisteredModelName(name);
  const target = { targetType: "registered_model", targetId: name } as const;
  const writes = recorded(ctx, { action: "registered_model.delete", ...target });
  if (!(await deleteRow(writes, name))) throw registeredModelNotFound(name);
}

export async function setRegisteredModelTag(ctx: ServiceContext, name: string, tag: KeyValue): Promise<void> {
  checkRegisteredModelName(name);
  checkRegistryTag(tag);
  if (!(await upsertModelTag(ctx.writes, name, tag))) throw registeredModelNotFound(name);
}

/** Deletes a tag. Unlike with runs, a missing tag is no error. */
export async function deleteRegisteredModelTag(ctx: ServiceContext, name: string, key: string): Promise<void> {
  checkRegisteredModelName(name);
  checkKey("tag", key);
  if (!(await deleteModelTag(ctx.writes, name, key))) throw registeredModelNotFound(name);
}

/** Checks a tag of a registered model or of a version. */
export function checkRegistryTag(tag: KeyValue): void {
  checkKey("tag", tag.key);
  checkLength("tag value", tag.value, MAX_REGISTRY_TAG_VALUE_LENGTH);
}

export function registeredModelNotFound(name: string): MlflowError {
  return doesNotExist(`Registered Model with name=${name} not found`);
}

async function nameTaken(ctx: ServiceContext, name: string, isForPrompt: boolean): Promise<MlflowError> {
  const holder = await findRegisteredModel(ctx.db, name);
  const [wanted, taken] = [isForPrompt, isPrompt(holder?.tags ?? [])].map((prompt) =>
    prompt ? "Prompt" : "Registered Model",
  );
  return alreadyExists(
    wanted === taken
      ? `${wanted} (name=${name}) already exists.`
      : `The name '${name}' is taken by a ${taken}; a model and a prompt cannot have the same name.`,
  );
}
