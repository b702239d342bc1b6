import type { ModelVersion } from "../../domain/entities.ts";
import { doesNotExist, invalidParameter } from "../../domain/errors.ts";
import {
  checkAlias,
  checkNotReserved,
  checkRegisteredModelName,
  isLatestAlias,
  parseVersion,
} from "../../domain/registry-names.ts";
import { findLatestVersions, findModelVersionByAlias } from "../../stores/d1/registry/model-version-records.ts";
import { upsertAlias } from "../../stores/d1/registry/model-versions.ts";
import { deleteAlias } from "../../stores/d1/registry/registered-models.ts";
import { recorded } from "../access/audit.ts";
import type { ServiceContext } from "../context.ts";
import { versionNotFound, versionTarget } from "./model-versions.ts";
import { getRegisteredModel, registeredModelNotFound } from "./registered-models.ts";

/** Points an alias at a version. An existing alias is moved. */
export async function setAlias(ctx: ServiceContext, name: string, alias: string, version: string): Promise<void> {
  checkRegisteredModelName(name);
  checkAlias(alias);
  checkNotReserved(alias);
  const number = parseVersion(version);
  const writes = recorded(ctx, { action: "alias.set", ...versionTarget(name, version), detail: { alias } });
  if (number === undefined || !(await upsertAlias(writes, name, alias, number))) throw versionNotFound(name, version);
}

/** Deletes an alias. A missing alias is no error. */
export async function removeAlias(ctx: ServiceContext, name: string, alias: string): Promise<void> {
  checkRegisteredModelName(name);
  checkAlias(alias);
  const target = { targetType: "registered_model", targetId: name } as const;
  const writes = recorded(ctx, { action: "alias.delete", ...target, detail: { alias } });
  if (!(await deleteAlias(writes, name, alias))) throw registeredModelNotFound(name);
}

/**
 * The version that an alias stands for. `latest`, which cannot be set, stands for the newest version.
 * @throws MlflowError INVALID_PARAMETER_VALUE (400) for an alias that is not set, as in MLflow.
 */
export async function getVersionByAlias(ctx: ServiceContext, name: string, alias: string): Promise<ModelVersion> {
  checkRegisteredModelName(name);
  checkAlias(alias);
  if (isLatestAlias(alias)) {
    const newest = (await findLatestVersions(ctx.db, name)).at(-1);
    if (newest !== undefined) return newest;
    await getRegisteredModel(ctx, name);
    throw doesNotExist(`Latest version not found for model ${name}.`);
  }
  const version = await findModelVersionByAlias(ctx.db, name, alias);
  if (version !== undefined) return version;
  await getRegisteredModel(ctx, name);
  throw invalidParameter(`Registered model alias ${alias} not found.`);
}
