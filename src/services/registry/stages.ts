import type { ModelVersion } from "../../domain/entities.ts";
import { invalidParameter } from "../../domain/errors.ts";
import { checkRegisteredModelName, parseStage, parseVersion } from "../../domain/registry-names.ts";
import { findLatestVersions } from "../../stores/d1/registry/model-version-records.ts";
import { moveToStage } from "../../stores/d1/registry/model-versions.ts";
import { recorded } from "../access/audit.ts";
import type { ServiceContext } from "../context.ts";
import { getModelVersion, versionNotFound, versionTarget } from "./model-versions.ts";
import { getRegisteredModel } from "./registered-models.ts";

export interface TransitionStage {
  readonly name: string;
  readonly version: string;
  readonly stage: string;
  readonly archiveExistingVersions: boolean;
}

/** Moves a version to a stage. The same step may archive the versions that are in the stage. */
export async function transitionStage(ctx: ServiceContext, input: TransitionStage): Promise<ModelVersion> {
  const { name, version, archiveExistingVersions } = input;
  const stage = parseStage(input.stage);
  if (archiveExistingVersions && stage !== "Staging" && stage !== "Production") {
    // MLflow answers 500, which makes clients retry for minutes.
    throw invalidParameter(
      `Existing versions cannot be archived by a transition to '${stage}': only Staging and Production are active stages.`,
    );
  }
  checkRegisteredModelName(name);
  const number = parseVersion(version);
  const detail = { stage, archive_existing_versions: archiveExistingVersions };
  const writes = recorded(ctx, { action: "model_version.stage", ...versionTarget(name, version), detail });
  const isMoved =
    number !== undefined && (await moveToStage(writes, name, number, stage, archiveExistingVersions, Date.now()));
  if (!isMoved) throw versionNotFound(name, version);
  return await getModelVersion(ctx, name, version);
}

/** The newest version of each of `stages`, or of every stage where none is named. */
export async function getLatestVersions(
  ctx: ServiceContext,
  name: string,
  stages: readonly string[],
): Promise<readonly ModelVersion[]> {
  checkRegisteredModelName(name);
  const versions = await findLatestVersions(ctx.db, name);
  if (versions.length === 0) await getRegisteredModel(ctx, name);
  const wanted = new Set(stages.map(parseStage));
  return wanted.size === 0 ? versions : versions.filter((version) => wanted.has(version.currentStage));
}
