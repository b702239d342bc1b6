import { artifactPlace } from "../../domain/artifact-location.ts";
import { canonicalArtifactPath, joinArtifactPath } from "../../domain/artifact-path.ts";
import { doesNotExist, invalidParameter, MlflowError } from "../../domain/errors.ts";
import type { ServiceContext } from "../context.ts";
import { getLoggedModelInfo } from "../logged-models/logged-models.ts";
import { getRunInfo } from "../runs/runs.ts";
import { findArtifactOwners } from "./artifact-roots.ts";
import { directKey } from "./direct-artifacts.ts";

/** An artifact root's URI as clients know it, and where this server reads a path below the root. */
export interface LocatedArtifact {
  /** The context whose store has the object: the server's own store, or a bucket in which clients store by themselves. */
  readonly at: ServiceContext;
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
  const { artifactUri, experimentId } = await getRunInfo(ctx, runId);
  return locate(ctx, artifactUri, artifactPath, experimentId);
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
  const { artifactUri, experimentId } = await getLoggedModelInfo(ctx, modelId);
  return locate(ctx, artifactUri, artifactPath, experimentId);
}

/** Exactly one of the ids is given. */
export interface ArtifactOwner {
  readonly runId?: string | undefined;
  readonly modelId?: string | undefined;
}

/**
 * The artifact of a run, or of a logged model.
 * @param artifactPath canonical, relative to the artifact root; "" is the root.
 * @throws MlflowError INVALID_PARAMETER_VALUE unless exactly one of the ids is given; RESOURCE_DOES_NOT_EXIST when there is no
 *   such run or model.
 */
export async function locateArtifactOf(
  ctx: ServiceContext,
  { runId, modelId }: ArtifactOwner,
  artifactPath: string,
): Promise<LocatedArtifact> {
  if (!runId === !modelId) throw invalidParameter("Exactly one of run_id and model_id must be provided.");
  return runId
    ? await locateRunArtifact(ctx, runId, artifactPath)
    : await locateModelArtifact(ctx, modelId ?? "", artifactPath);
}

/**
 * The artifact at a path below a URI.
 * @param experimentId see {@link directKey}
 * @throws MlflowError NOT_IMPLEMENTED for artifacts that clients keep elsewhere: this server reads no foreign URI.
 */
export function locate(
  ctx: ServiceContext,
  artifactUri: string,
  artifactPath: string,
  experimentId: string | undefined,
): LocatedArtifact {
  const place = artifactPlace(artifactUri);
  if (place.kind === "served") {
    return { at: ctx, artifactUri, objectKey: joinArtifactPath(place.objectKey, artifactPath) };
  }
  const key = directKey(ctx, artifactUri, experimentId);
  if (key === undefined || ctx.directBucket === undefined) throw notOnThisServer(artifactUri);
  // No key begins with a slash, so the cache keeps the bucket's files apart from those of the server's own store.
  const cachedFiles = ctx.cachedFiles && `${ctx.cachedFiles}/`;
  const at = { ...ctx, artifacts: ctx.directBucket.artifacts, cachedFiles };
  return { at, artifactUri, objectKey: joinArtifactPath(key, artifactPath) };
}

/** A 501 error, which clients do not retry. */
export function notOnThisServer(uri: string): MlflowError {
  return new MlflowError(
    "NOT_IMPLEMENTED",
    `The artifacts at '${uri}' are not on this server: clients read and write them there by themselves.`,
    { artifact_uri: uri },
  );
}

/** A file that a caller requests by its key. */
export interface AskedFile {
  readonly objectKey: string;
  /** Keys that the client may mean if nothing is at `objectKey`: see {@link otherPathsOfUrl}. */
  readonly others?: readonly string[];
}

/**
 * The result of `look` for the requested file, and the key under which the file was found.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST where `look` finds nothing; a folder is no file.
 */
export async function findArtifact<Found>(
  ctx: ServiceContext,
  { objectKey, others = [] }: AskedFile,
  look: (objectKey: string) => Promise<Found | undefined>,
): Promise<{ readonly objectKey: string; readonly found: Found }> {
  const found = objectKey === "" ? undefined : await look(objectKey);
  if (found !== undefined) return { objectKey, found };
  for (const other of others) {
    const found = (await haveSameOwner(ctx, objectKey, other)) ? await look(other) : undefined;
    if (found !== undefined) return { objectKey: other, found };
  }
  throw doesNotExist(`No such artifact: '${objectKey}'`);
}

/** As {@link findArtifact}, for a file that a caller names by a run or logged model, and its path there. */
export async function findArtifactOf<Found>(
  ctx: ServiceContext,
  of: ArtifactOwner & { readonly path: string },
  look: (at: ServiceContext, objectKey: string) => Promise<Found | undefined>,
): Promise<{ readonly path: string; readonly objectKey: string; readonly found: Found }> {
  const path = canonicalArtifactPath(of.path);
  const { at, objectKey } = await locateArtifactOf(ctx, of, path);
  return { path, ...(await findArtifact(at, { objectKey }, (key) => look(at, key))) };
}

/** The key of the file or folder that a caller means, whether or not anything is there. */
export async function existingKey(ctx: ServiceContext, asked: AskedFile): Promise<string> {
  if (!asked.others?.length) return asked.objectKey;
  const look = async (key: string) =>
    (await ctx.artifacts.head(key)) !== undefined || (await ctx.artifacts.list(key)).files.length > 0 || undefined;
  return findArtifact(ctx, asked, look).then(
    ({ objectKey }) => objectKey,
    (error: unknown) => {
      if (error instanceof MlflowError && error.code === "RESOURCE_DOES_NOT_EXIST") return asked.objectKey;
      throw error;
    },
  );
}

/** Whether everybody who may read one key may also read the other. */
async function haveSameOwner(ctx: ServiceContext, one: string, other: string): Promise<boolean> {
  const [owners, others] = await Promise.all([findArtifactOwners(ctx, one), findArtifactOwners(ctx, other)]);
  // A moved run's files are its new experiment's, so the run or model must be the same too.
  const idsOf = (of: typeof owners) =>
    of.map(({ experimentId, path }) =>
      [experimentId, ...path.split("/", path.startsWith("models/") ? 2 : 1)].join("/"),
    );
  return idsOf(owners).join() === idsOf(others).join();
}
