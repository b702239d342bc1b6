import type { KeyValue, ModelVersion } from "../../domain/entities.ts";
import { MAX_REGISTRY_TEXT_LENGTH } from "../../domain/limits.ts";
import { checkLength } from "../../domain/names.ts";
import { isPrompt } from "../../domain/prompts.ts";
import { checkRegisteredModelName } from "../../domain/registry-names.ts";
import { untilKnown } from "../../stores/d1/connection/until-known.ts";
import { findVersionMadeAt } from "../../stores/d1/registry/model-version-records.ts";
import { insertModelVersion } from "../../stores/d1/registry/model-versions.ts";
import type { ServiceContext } from "../context.ts";
import { checkRegistryTag, registeredModelNotFound } from "./registered-models.ts";
import { resolvePromptSource, resolveSource } from "./sources.ts";

export interface CreateModelVersion {
  readonly name: string;
  readonly source: string;
  readonly runId?: string | undefined;
  readonly modelId?: string | undefined;
  readonly runLink?: string | undefined;
  readonly description?: string | undefined;
  readonly tags: readonly KeyValue[];
}

/** Registers a version under the next number. It is ready at once. As in MLflow, a repeat makes another version. */
export async function createModelVersion(ctx: ServiceContext, input: CreateModelVersion): Promise<ModelVersion> {
  const { name, tags, description = "", runLink = "" } = input;
  checkLength("source", input.source, MAX_REGISTRY_TEXT_LENGTH);
  checkLength("run link", runLink, MAX_REGISTRY_TEXT_LENGTH);
  checkLength("description", description, MAX_REGISTRY_TEXT_LENGTH);
  const source = isPrompt(tags) ? await resolvePromptSource(ctx, input) : await resolveSource(ctx, input);
  checkRegisteredModelName(name);
  tags.forEach(checkRegistryTag);
  const made = { ...source, name, tags, description, runLink, nowMs: Date.now() };
  const version = await untilKnown(
    () => insertModelVersion(ctx.writes, made),
    () => findVersionMadeAt(ctx.db, name, made.source, made.nowMs),
  );
  if (version === undefined) throw registeredModelNotFound(name);
  return version;
}
