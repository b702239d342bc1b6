import type { Experiment, KeyValue } from "../../domain/entities.ts";
import { alreadyExists, doesNotExist, invalidParameter, MlflowError } from "../../domain/errors.ts";
import { isExperimentId } from "../../domain/ids.ts";
import { MAX_EXPERIMENT_NAME_LENGTH, MAX_EXPERIMENT_TAG_VALUE_LENGTH } from "../../domain/limits.ts";
import { checkKey, checkLength, shorten } from "../../domain/names.ts";
import { failedGuard, isDuplicate } from "../../stores/d1/connection/guard.ts";
import { untilKnown } from "../../stores/d1/connection/until-known.ts";
import {
  deleteExperimentTag as deleteTagRow,
  findExperiment,
  findExperimentByName,
  insertExperiment,
  renameExperiment as renameRow,
  upsertExperimentTag,
} from "../../stores/d1/experiments/experiments.ts";
import { locationTaken, newLocation } from "../artifacts/artifact-roots.ts";
import type { ServiceContext } from "../context.ts";

export async function getExperiment(ctx: ServiceContext, experimentId: string): Promise<Experiment> {
  if (!/^-?\d+$/.test(experimentId)) {
    throw invalidParameter(`Invalid experiment ID '${experimentId}'. Experiment ID must be a valid integer.`);
  }
  const experiment = isExperimentId(experimentId) ? await findExperiment(ctx.db, experimentId) : undefined;
  if (experiment === undefined) throw doesNotExist(`No Experiment with id=${experimentId} exists`);
  return experiment;
}

export async function getExperimentByName(ctx: ServiceContext, name: string): Promise<Experiment> {
  const experiment = await findExperimentByName(ctx.db, name);
  if (experiment === undefined) throw doesNotExist(`Could not find experiment with name '${name}'`);
  return experiment;
}

export interface CreateExperiment {
  readonly name: string;
  readonly artifactLocation?: string | undefined;
  readonly tags?: readonly KeyValue[] | undefined;
}

/** @returns the new experiment's id. */
export async function createExperiment(ctx: ServiceContext, input: CreateExperiment): Promise<string> {
  checkName(input.name);
  // Whoever chooses the location can read and write everything there, whichever experiment it belongs to.
  if (input.artifactLocation && !ctx.principal.isAdmin) {
    throw new MlflowError("PERMISSION_DENIED", "Only an admin may choose an experiment's artifact location.");
  }
  const artifactLocation = input.artifactLocation ? await newLocation(ctx, input.artifactLocation) : undefined;
  for (const tag of input.tags ?? []) checkExperimentTag(tag);
  try {
    const experiment = {
      name: input.name,
      artifactLocation,
      defaultRoot: ctx.locations.defaultRoot,
      tags: input.tags ?? [],
      nowMs: Date.now(),
      makerId: ctx.principal.user?.userId,
    };
    return await untilKnown(
      () => insertExperiment(ctx.writes, experiment),
      async () => {
        const found = await findExperimentByName(ctx.db, experiment.name);
        // D1 chooses the id. An experiment with this name and this creation time is the one that this request made.
        return found?.creationTimeMs === experiment.nowMs ? found.experimentId : undefined;
      },
    );
  } catch (error) {
    if (failedGuard(error) === "location_free") throw locationTaken(input.artifactLocation);
    throw isDuplicate(error, "experiments.name") ? await nameTaken(ctx, input.name) : error;
  }
}

/** Renames an active experiment. For a deleted one MLflow answers 500, which makes clients retry for minutes. */
export async function renameExperiment(ctx: ServiceContext, experimentId: string, name: string): Promise<void> {
  checkName(name);
  try {
    if (isExperimentId(experimentId) && (await renameRow(ctx.writes, experimentId, name, Date.now()))) return;
  } catch (error) {
    if (!isDuplicate(error, "experiments.name")) throw error;
    // As in MLflow, the error code differs from the one for a new experiment.
    throw new MlflowError("BAD_REQUEST", `Experiment(name=${name}) already exists.`);
  }
  await throwNotActive(ctx, experimentId, "renamed");
}

export async function setExperimentTag(ctx: ServiceContext, experimentId: string, tag: KeyValue): Promise<void> {
  checkExperimentTag(tag);
  if (isExperimentId(experimentId) && (await upsertExperimentTag(ctx.writes, experimentId, tag))) return;
  await throwNotActive(ctx, experimentId, "tagged");
}

export async function deleteExperimentTag(ctx: ServiceContext, experimentId: string, key: string): Promise<void> {
  if (isExperimentId(experimentId) && (await deleteTagRow(ctx.writes, experimentId, key))) return;
  const experiment = await getExperiment(ctx, experimentId);
  if (experiment.lifecycleStage !== "active") await throwNotActive(ctx, experimentId, "untagged");
  throw doesNotExist(`No tag with name: ${key} in experiment with id ${experimentId}`);
}

function checkExperimentTag(tag: KeyValue): void {
  checkKey("tag", tag.key);
  checkLength("tag value", tag.value, MAX_EXPERIMENT_TAG_VALUE_LENGTH);
}

async function throwNotActive(ctx: ServiceContext, experimentId: string, verb: string): Promise<never> {
  await getExperiment(ctx, experimentId);
  throw invalidParameter(
    `The experiment ${experimentId} must be in the 'active' state to be ${verb}. Restore it first.`,
  );
}

async function nameTaken(ctx: ServiceContext, name: string): Promise<Error> {
  const holder = await findExperimentByName(ctx.db, name);
  return alreadyExists(
    holder?.lifecycleStage === "deleted"
      ? `Experiment '${name}' already exists in deleted state. Restore it, or choose another name.`
      : `Experiment(name=${name}) already exists.`,
  );
}

/** Refuses blank names, as MLflow does since 3.18, and long names. */
function checkName(name: string): void {
  if (name.trim() === "") throw invalidParameter(`Invalid experiment name: '${shorten(name)}'`);
  checkLength("experiment name", name, MAX_EXPERIMENT_NAME_LENGTH);
}
