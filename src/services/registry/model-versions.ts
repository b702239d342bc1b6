import type { KeyValue, ModelVersion } from "../../domain/entities.ts";
import { doesNotExist, type MlflowError } from "../../domain/errors.ts";
import { MAX_REGISTRY_TEXT_LENGTH } from "../../domain/limits.ts";
import { checkKey, checkLength } from "../../domain/names.ts";
import { checkRegisteredModelName, parseVersion } from "../../domain/registry-names.ts";
import { findModelVersion, findStorageLocation } from "../../stores/d1/registry/model-version-records.ts";
import {
  deleteModelVersion as deleteRow,
  deleteVersionTag,
  updateVersionDescription,
  upsertVersionTag,
} from "../../stores/d1/registry/model-versions.ts";
import { recorded } from "../access/audit.ts";
import type { ServiceContext } from "../context.ts";
import { checkRegistryTag } from "./registered-models.ts";

export async function getModelVersion(ctx: ServiceContext, name: string, version: string): Promise<ModelVersion> {
  checkRegisteredModelName(name);
  const number = parseVersion(version);
  const found = number === undefined ? undefined : await findModelVersion(ctx.db, name, number);
  if (found === undefined) throw versionNotFound(name, version);
  return found;
}

/** @param description undefined removes the description. */
export async function updateModelVersion(
  ctx: ServiceContext,
  name: string,
  version: string,
  description: string | undefined,
): Promise<ModelVersion> {
  checkRegisteredModelName(name);
  checkLength("description", description ?? "", MAX_REGISTRY_TEXT_LENGTH);
  await onVersion(name, version, (number) =>
    updateVersionDescription(ctx.writes, name, number, description ?? null, Date.now()),
  );
  return await getModelVersion(ctx, name, version);
}

/** Deletes a version. Its number is never assigned again. */
export async function deleteModelVersion(ctx: ServiceContext, name: string, version: string): Promise<void> {
  checkRegisteredModelName(name);
  const writes = recorded(ctx, { action: "model_version.delete", ...versionTarget(name, version) });
  await onVersion(name, version, (number) => deleteRow(writes, name, number, Date.now()));
}

/** The URI that a client downloads the version from. */
export async function getDownloadUri(ctx: ServiceContext, name: string, version: string): Promise<string> {
  checkRegisteredModelName(name);
  const number = parseVersion(version);
  const location = number === undefined ? undefined : await findStorageLocation(ctx.db, name, number);
  if (location === undefined) throw versionNotFound(name, version);
  return location;
}

export async function setModelVersionTag(
  ctx: ServiceContext,
  name: string,
  version: string,
  tag: KeyValue,
): Promise<void> {
  checkRegisteredModelName(name);
  checkRegistryTag(tag);
  await onVersion(name, version, (number) => upsertVersionTag(ctx.writes, name, number, tag));
}

/** Deletes a tag. Unlike with runs, a missing tag is no error. */
export async function deleteModelVersionTag(
  ctx: ServiceContext,
  name: string,
  version: string,
  key: string,
): Promise<void> {
  checkRegisteredModelName(name);
  checkKey("tag", key);
  await onVersion(name, version, (number) => deleteVersionTag(ctx.writes, name, number, key));
}

/** A version as the target of an entry in the audit log, as `models:/` URIs write it. */
export const versionTarget = (name: string, version: string) =>
  ({ targetType: "model_version", targetId: `${name}/${version}` }) as const;

export function versionNotFound(name: string, version: string): MlflowError {
  return doesNotExist(`Model Version (name=${name}, version=${version}) not found`);
}

/** @param change returns whether the version exists. */
async function onVersion(name: string, version: string, change: (number: number) => Promise<boolean>): Promise<void> {
  const number = parseVersion(version);
  if (number === undefined || !(await change(number))) throw versionNotFound(name, version);
}
