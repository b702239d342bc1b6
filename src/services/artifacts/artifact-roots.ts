import {
  artifactPlace,
  isKeptForDefault,
  isRootOrAbove,
  storedLocation,
  withFoldersAbove,
} from "../../domain/artifact-location.ts";
import { invalidParameter, type MlflowError } from "../../domain/errors.ts";
import { findLocationsAround } from "../../stores/d1/experiments/locations.ts";
import { experimentsWith } from "../../stores/d1/trash/trash.ts";
import type { ServiceContext } from "../context.ts";

/*
 * Which experiment owns an artifact. Each experiment has its own folder in the store: its location. No two locations are
 * equal or nested, and everything below a location belongs to that experiment alone.
 */

/** The experiment whose location an object key lies below. */
export interface ArtifactOwner {
  readonly experimentId: string;
  /** Canonical, relative to the experiment's location; "" is the location itself. */
  readonly path: string;
}

const MAX_KNOWN_LOCATIONS = 10_000;

/** Object key of a location → its experiment, for locations that overlap no other. */
const knownLocations = new Map<string, string>();

/**
 * The experiments that `objectKey` belongs to: one, or none. There are more only where an older version let locations
 * overlap; a caller then needs permission on each of them.
 */
export async function findArtifactOwners(ctx: ServiceContext, objectKey: string): Promise<readonly ArtifactOwner[]> {
  return (await findPlace(ctx, objectKey)).owners;
}

/** Whether a folder is an experiment's own, with a folder for each run, and the caller may not see the experiment's runs. */
export async function hasHiddenRuns(ctx: ServiceContext, objectKey: string): Promise<boolean> {
  const { runsOf } = ctx.visibility;
  if (runsOf === undefined) return false;
  const roots = (await findArtifactOwners(ctx, objectKey)).filter(({ path }) => path === "");
  const ids = roots.map(({ experimentId }) => experimentId);
  return (await experimentsWith(ctx.db, ids, runsOf)).size < ids.length;
}

/**
 * Refuses to store a file where it would block others: at an experiment's location or above one, and where an artifact
 * root is or may be created.
 * @throws MlflowError INVALID_PARAMETER_VALUE.
 */
export async function requireFilePlace(ctx: ServiceContext, objectKey: string): Promise<void> {
  requireBelowExperiment(objectKey);
  const { owners, isAtOrAboveLocation } = await findPlace(ctx, objectKey);
  // The folder `<number>` is the location of the experiment that has this id or will get it.
  const [first = "", ...rest] = objectKey.split("/");
  const isRoot =
    isAtOrAboveLocation ||
    owners.some(({ path }) => isRootOrAbove(path)) ||
    (owners.length === 0 && /^\d+$/.test(first) && isRootOrAbove(rest.join("/")));
  if (isRoot) throw invalidParameter(`Invalid path: '${objectKey}' is kept for a folder of artifacts.`);
}

/**
 * Refuses to delete anything that is not below one experiment's location: the experiment's runs and models, and perhaps
 * those of other experiments, would be deleted too.
 * @throws MlflowError INVALID_PARAMETER_VALUE.
 */
export async function requireDeletable(ctx: ServiceContext, objectKey: string): Promise<void> {
  requireBelowExperiment(objectKey);
  const { isAtOrAboveLocation } = await findPlace(ctx, objectKey);
  if (isAtOrAboveLocation) {
    throw invalidParameter(`Invalid path: '${objectKey}' holds all artifacts of an experiment.`);
  }
}

/**
 * A new experiment's location in its stored form. The experiment's creator owns everything below the location, so nothing
 * may be there yet.
 * @throws MlflowError INVALID_PARAMETER_VALUE.
 */
export async function newLocation(ctx: ServiceContext, location: string): Promise<string> {
  const stored = storedLocation(location, ctx.locations);
  if (isKeptForDefault(stored, ctx.locations)) {
    throw invalidParameter(
      `Invalid artifact location '${location}': a folder with a number for its name is kept for the experiment of that id.`,
    );
  }
  const place = artifactPlace(stored);
  if (place.kind === "direct") return stored;
  // Reads D1, not memory: an experiment that had this location may have been deleted for good.
  const { owners, isAtOrAboveLocation } = await lookUpPlace(ctx, place.objectKey);
  if (owners.length > 0 || isAtOrAboveLocation) throw locationTaken(location);
  if (await isInUse(ctx, place.objectKey)) {
    throw invalidParameter(
      `Invalid artifact location '${location}': artifacts lie there already. Choose a folder of its own.`,
    );
  }
  return stored;
}

/** 400: the location equals another experiment's location, or lies within or around it. */
export function locationTaken(location = ""): MlflowError {
  return invalidParameter(
    `Invalid artifact location '${location}': another experiment's artifacts lie there, above or below. Choose a folder of its own.`,
  );
}

/** Refuses the root, which has no owner, and the folders directly in it, which are locations or contain locations. */
function requireBelowExperiment(objectKey: string): void {
  if (!objectKey.includes("/")) {
    throw invalidParameter("Invalid path: artifacts are written and deleted below an experiment's folder.");
  }
}

/** Whether anything is stored at the key or below it, or a file is stored above it. */
async function isInUse(ctx: ServiceContext, objectKey: string): Promise<boolean> {
  const { files } = await ctx.artifacts.list(objectKey);
  if (files.length > 0) return true;
  const above = await Promise.all(withFoldersAbove(objectKey).map((key) => ctx.artifacts.head(key)));
  return above.some((file) => file !== undefined);
}

interface Place {
  readonly owners: readonly ArtifactOwner[];
  readonly isAtOrAboveLocation: boolean;
}

async function findPlace(ctx: ServiceContext, objectKey: string): Promise<Place> {
  for (const location of withFoldersAbove(objectKey)) {
    const experimentId = knownLocations.get(location);
    if (experimentId === undefined) continue;
    return { owners: [ownerOf(experimentId, location, objectKey)], isAtOrAboveLocation: location === objectKey };
  }
  return await lookUpPlace(ctx, objectKey);
}

async function lookUpPlace(ctx: ServiceContext, objectKey: string): Promise<Place> {
  const { above, isAtOrAboveLocation } = await findLocationsAround(ctx.db, objectKey);
  const [only, ...others] = above;
  if (only?.isApart && others.length === 0) rememberLocation(only.objectKey, only.experimentId);
  return {
    owners: above.map((location) => ownerOf(location.experimentId, location.objectKey, objectKey)),
    isAtOrAboveLocation,
  };
}

function ownerOf(experimentId: string, location: string, objectKey: string): ArtifactOwner {
  return { experimentId, path: objectKey.slice(location.length + 1) };
}

function rememberLocation(location: string, experimentId: string): void {
  if (knownLocations.size >= MAX_KNOWN_LOCATIONS) knownLocations.clear();
  knownLocations.set(location, experimentId);
}
