import {
  artifactPlace,
  isKeptForDefault,
  isRootOrAbove,
  storedLocation,
  withFoldersAbove,
} from "../../domain/artifact-location.ts";
import { invalidParameter, type MlflowError } from "../../domain/errors.ts";
import { findLocationsAround } from "../../stores/d1/experiments/locations.ts";
import type { ServiceContext } from "../context.ts";

/*
 * Whose an artifact is. Each experiment has a folder of the store for itself: its location. No two locations are equal or
 * one within the other, and what is below a location belongs to that experiment alone.
 */

/** The experiment whose location an object key lies below. */
export interface ArtifactOwner {
  readonly experimentId: string;
  /** Canonical, relative to the experiment's location; "" is the location itself. */
  readonly path: string;
}

const MAX_KNOWN_LOCATIONS = 10_000;

/** Object key of a location → its experiment, for locations that no other overlaps. */
const knownLocations = new Map<string, string>();

/**
 * The experiments that `objectKey` belongs to: one, or none. More only where an older version let locations overlap, and
 * then a caller must be allowed each of them.
 */
export async function findArtifactOwners(ctx: ServiceContext, objectKey: string): Promise<readonly ArtifactOwner[]> {
  return (await findPlace(ctx, objectKey)).owners;
}

/**
 * Refuses to store a file where it would shut others out: at an experiment's location or above one, and where an artifact
 * root is or may come to be.
 * @throws MlflowError INVALID_PARAMETER_VALUE.
 */
export async function requireFilePlace(ctx: ServiceContext, objectKey: string): Promise<void> {
  requireBelowExperiment(objectKey);
  const { owners, isAtOrAboveLocation } = await findPlace(ctx, objectKey);
  // The folder `<number>` is the location of the experiment that has or will get this id.
  const [first = "", ...rest] = objectKey.split("/");
  const isRoot =
    isAtOrAboveLocation ||
    owners.some(({ path }) => isRootOrAbove(path)) ||
    (owners.length === 0 && /^\d+$/.test(first) && isRootOrAbove(rest.join("/")));
  if (isRoot) throw invalidParameter(`Invalid path: '${objectKey}' is kept for a folder of artifacts.`);
}

/**
 * Refuses to delete what is not below one experiment's location: its runs and models, and perhaps others', would go too.
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
 * A new experiment's location as it is stored. Whoever creates the experiment owns what is below its location, so nothing
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
  // Not from memory: the experiment that had it may have been deleted for good.
  const { owners, isAtOrAboveLocation } = await lookUpPlace(ctx, place.objectKey);
  if (owners.length > 0 || isAtOrAboveLocation) throw locationTaken(location);
  if (await isInUse(ctx, place.objectKey)) {
    throw invalidParameter(
      `Invalid artifact location '${location}': artifacts lie there already. Choose a folder of its own.`,
    );
  }
  return stored;
}

/** 400: another experiment's location is this one, in it or around it. */
export function locationTaken(location = ""): MlflowError {
  return invalidParameter(
    `Invalid artifact location '${location}': another experiment's artifacts lie there, above or below. Choose a folder of its own.`,
  );
}

/** The root has no owner, and what lies directly in it is a location or holds some. */
function requireBelowExperiment(objectKey: string): void {
  if (!objectKey.includes("/")) {
    throw invalidParameter("Invalid path: artifacts are written and deleted below an experiment's folder.");
  }
}

/** Whether anything is stored below the key, at it, or as a file above it. */
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
