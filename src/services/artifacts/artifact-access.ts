import { joinArtifactPath, objectKeyOfArtifactUri } from "../../domain/artifact-path.ts";
import { doesNotExist, invalidParameter } from "../../domain/errors.ts";
import type { RangeRequest, StoredObject } from "../../stores/artifacts/artifact-store.ts";
import type { ServiceContext } from "../context.ts";
import { getLoggedModelInfo } from "../logged-models/logged-models.ts";
import { getRunInfo } from "../runs/runs.ts";

/** An artifact root as clients know it, and the object key of a path below it. */
export interface LocatedArtifact {
  readonly artifactUri: string;
  readonly objectKey: string;
}

/**
 * @param artifactPath canonical, relative to the run's artifact root; "" is the root.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST when there is no such run.
 */
export async function locateRunArtifact(
  ctx: ServiceContext,
  runId: string,
  artifactPath: string,
): Promise<LocatedArtifact> {
  const { artifactUri } = await getRunInfo(ctx, runId);
  return locate(artifactUri, artifactPath);
}

/**
 * @param artifactPath canonical, relative to the model's artifact root; "" is the root.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST when there is no such logged model.
 */
export async function locateModelArtifact(
  ctx: ServiceContext,
  modelId: string,
  artifactPath: string,
): Promise<LocatedArtifact> {
  const { artifactUri } = await getLoggedModelInfo(ctx, modelId);
  return locate(artifactUri, artifactPath);
}

function locate(artifactUri: string, artifactPath: string): LocatedArtifact {
  return { artifactUri, objectKey: joinArtifactPath(objectKeyOfArtifactUri(artifactUri), artifactPath) };
}

/** @throws MlflowError RESOURCE_DOES_NOT_EXIST for a folder too, RANGE_NOT_SATISFIABLE. */
export async function readArtifact(
  ctx: ServiceContext,
  objectKey: string,
  range: RangeRequest | undefined,
): Promise<StoredObject> {
  const object = objectKey === "" ? undefined : await ctx.artifacts.get(objectKey, range);
  if (object === undefined) throw doesNotExist(`No such artifact: '${objectKey}'`);
  return object;
}

/**
 * Refuses to change the root or what lies directly in it. The first name of a key belongs to an experiment: its id, or
 * the start of the artifact location that it was given; a file of that name would shut the experiment out, and to delete
 * it would delete all of the experiment's runs. Clients write to `<experiment>/<run>/artifacts/…`, to
 * `<experiment>/models/…` and to `<experiment>/traces/…`.
 */
export function requireBelowExperiment(objectKey: string): void {
  if (!objectKey.includes("/")) {
    throw invalidParameter("Invalid path: artifacts are written and deleted below an experiment's folder.");
  }
}
