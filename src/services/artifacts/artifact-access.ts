import { artifactPlace } from "../../domain/artifact-location.ts";
import { joinArtifactPath } from "../../domain/artifact-path.ts";
import { doesNotExist, MlflowError } from "../../domain/errors.ts";
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

/** @throws MlflowError NOT_IMPLEMENTED for artifacts that clients keep elsewhere: nothing of a foreign URI is fetched. */
function locate(artifactUri: string, artifactPath: string): LocatedArtifact {
  const place = artifactPlace(artifactUri);
  if (place.kind === "direct") throw notOnThisServer(artifactUri);
  return { artifactUri, objectKey: joinArtifactPath(place.objectKey, artifactPath) };
}

/** 501, which clients do not repeat. */
export function notOnThisServer(uri: string): MlflowError {
  return new MlflowError(
    "NOT_IMPLEMENTED",
    `The artifacts at '${uri}' are not on this server: clients read and write them there by themselves.`,
  );
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
