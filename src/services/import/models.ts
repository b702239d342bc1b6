import { invalidParameter, MlflowError } from "../../domain/errors.ts";
import { MAX_IMPORTED_VALUE_LENGTH } from "../../domain/limits.ts";
import { MAX_MODEL_ID_LENGTH, MAX_MODEL_NAME_LENGTH } from "../../domain/logged-model.ts";
import { parseModelSource } from "../../domain/model-source.ts";
import { checkLength } from "../../domain/names.ts";
import type { LoggedModelRecord, ModelVersionRecord, RegisteredModelRecord } from "../../domain/records.ts";
import { checkAlias, checkRegisteredModelName } from "../../domain/registry-names.ts";
import { guardExperiments } from "../../stores/d1/connection/guard.ts";
import { noteDigestStatements } from "../../stores/d1/import/digests.ts";
import { importLoggedModelStatements } from "../../stores/d1/import/logged-models.ts";
import { importRegisteredModelStatements } from "../../stores/d1/import/registered-models.ts";
import type { ServiceContext } from "../context.ts";
import { afterPurges } from "../trash/after-purges.ts";
import { checkPairs, type Digested, requireExperiments } from "./experiments.ts";

/**
 * Writes complete logged models under their own ids, all or none. Repeating the call changes nothing.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST without their experiments.
 */
export async function importLoggedModels(
  ctx: ServiceContext,
  models: readonly Digested<LoggedModelRecord>[],
): Promise<void> {
  for (const model of models) {
    if (!/^[\w-]+$/.test(model.modelId)) throw invalidParameter(`'${model.modelId}' is no id of a logged model.`);
    checkLength("model id", model.modelId, MAX_MODEL_ID_LENGTH);
    checkLength("model name", model.name, MAX_MODEL_NAME_LENGTH);
    checkPairs(`param of model ${model.modelId}`, model.params);
    checkPairs(`tag of model ${model.modelId}`, model.tags);
  }
  const experimentIds = models.map(({ experimentId }) => experimentId);
  await requireExperiments(ctx, experimentIds);
  const digests = models.map(({ modelId, digest }) => ({ kind: "logged_model" as const, id: modelId, digest }));
  await afterPurges(ctx, () =>
    ctx.writes.batch([
      guardExperiments(ctx.writes, experimentIds),
      ...importLoggedModelStatements(ctx.writes, models),
      ...noteDigestStatements(ctx.writes, digests),
    ]),
  );
}

/** Writes registered models with all versions, under their own numbers, all or none. Repeating the call changes nothing. */
export async function importRegisteredModels(
  ctx: ServiceContext,
  models: readonly Digested<RegisteredModelRecord>[],
): Promise<void> {
  for (const model of models) checkRegisteredModel(model);
  const digests = models.map(({ name, digest }) => ({ kind: "registered_model" as const, id: name, digest }));
  const withModelIds = models.map((model) => ({ ...model, modelIds: modelIdsOf(model.versions) }));
  await ctx.writes.batch([
    ...importRegisteredModelStatements(ctx.writes, withModelIds),
    ...noteDigestStatements(ctx.writes, digests),
  ]);
}

function checkRegisteredModel({ name, description, tags, aliases, versions }: RegisteredModelRecord): void {
  checkRegisteredModelName(name);
  checkLength("description", description ?? "", MAX_IMPORTED_VALUE_LENGTH);
  checkPairs("registered model tag", tags);
  const numbers = new Set<number>();
  for (const { version, source, description: text, tags: versionTags } of versions) {
    if (!Number.isSafeInteger(version) || version < 1 || numbers.has(version)) {
      throw invalidParameter(`Model '${name}' has a version '${version}' that is none, or is given twice.`);
    }
    numbers.add(version);
    for (const long of [source, text ?? ""]) checkLength("text of a version", long, MAX_IMPORTED_VALUE_LENGTH);
    checkPairs("model version tag", versionTags);
  }
  for (const { alias, version } of aliases) {
    checkAlias(alias);
    if (!numbers.has(version)) throw invalidParameter(`The alias '${alias}' of '${name}' names no version of it.`);
  }
}

/** The logged models' ids, for versions registered from logged models. Sources of other kinds are kept unchanged. */
function modelIdsOf(versions: readonly ModelVersionRecord[]): Map<number, string> {
  return new Map(
    versions.flatMap(({ version, source }): [number, string][] => {
      try {
        const parsed = parseModelSource(source);
        return parsed.kind === "loggedModel" ? [[version, parsed.modelId]] : [];
      } catch (error) {
        if (error instanceof MlflowError) return [];
        throw error;
      }
    }),
  );
}
