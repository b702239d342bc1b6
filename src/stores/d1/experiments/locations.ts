import { aroundExperimentId, servedLocation, withFoldersAbove } from "../../../domain/artifact-location.ts";
import type { Database, Statement } from "../connection/database.ts";

/*
 * Where experiments' artifacts are. Served locations are canonical (domain/artifact-location.ts), so a location is within
 * another if it begins with the other and a slash. `0` is the character after `/`.
 */

/** The location of an experiment that contains the key. */
export interface LocationAbove {
  readonly experimentId: string;
  readonly objectKey: string;
  /** Whether no other location is below it. */
  readonly isApart: boolean;
}

/** The experiments whose locations are around a key of the artifact store. */
export interface LocationsAround {
  /** Locations that are the key or a folder above it. At most one, unless older versions let locations overlap. */
  readonly above: readonly LocationAbove[];
  /** Whether the location of any experiment is the key or below it. */
  readonly isAtOrAboveLocation: boolean;
}

export async function findLocationsAround(db: D1Database, objectKey: string): Promise<LocationsAround> {
  const location = servedLocation(objectKey);
  const [above, below] = await db.batch<{
    experiment_id: string;
    artifact_location: string;
    is_apart: number;
  }>([
    db
      .prepare(
        `SELECT CAST(experiment_id AS TEXT) AS experiment_id, artifact_location,
           NOT EXISTS (SELECT 1 FROM experiments b WHERE b.artifact_location > e.artifact_location || '/'
             AND b.artifact_location < e.artifact_location || '0') AS is_apart
         FROM experiments e WHERE artifact_location IN (SELECT value FROM json_each(?))`,
      )
      .bind(locationsAbove(objectKey)),
    db
      .prepare(
        "SELECT 1 FROM experiments WHERE artifact_location > ?1 || '/' AND artifact_location < ?1 || '0' LIMIT 1",
      )
      .bind(location),
  ]);
  const rows = above?.results ?? [];
  return {
    above: rows.map((row) => ({
      experimentId: row.experiment_id,
      objectKey: row.artifact_location.slice(servedLocation("").length),
      isApart: row.is_apart === 1,
    })),
    isAtOrAboveLocation: rows.some((row) => row.artifact_location === location) || (below?.results.length ?? 0) > 0,
  };
}

/**
 * Rolls its batch back, as `location_free`, if the folder is, contains, or is within the location of an experiment, also of
 * an experiment whose files are being deleted for good.
 */
export function guardLocationFree(db: Database, objectKey: string): Statement {
  return db
    .prepare(
      `INSERT INTO guard (name, holds) VALUES ('location_free', NOT EXISTS (SELECT 1 FROM experiments WHERE
         artifact_location IN (SELECT value FROM json_each(?2))
         OR artifact_location > ?1 || '/' AND artifact_location < ?1 || '0')
         AND NOT EXISTS (SELECT 1 FROM purges WHERE artifact_uri IN (SELECT value FROM json_each(?2))
           OR artifact_uri > ?1 || '/' AND artifact_uri < ?1 || '0'))`,
    )
    .bind(servedLocation(objectKey), locationsAbove(objectKey));
}

function locationsAbove(objectKey: string): string {
  return JSON.stringify(withFoldersAbove(objectKey).map(servedLocation));
}

/**
 * SQL for the URI of `path`, which is SQL, below the column `artifact_location`. The path is appended before the URI's
 * query, after one slash, as MLflow's `append_to_uri_path` does.
 */
export function uriBelowLocation(path: string): string {
  const queryStart = "instr(artifact_location || '?', '?')";
  return `(rtrim(substr(artifact_location, 1, ${queryStart} - 1), '/') || '/' || ${path} || substr(artifact_location, ${queryStart}))`;
}

/** SQL: whether {@link placeDefaultExperiment} has something to do. */
export const isDefaultMisplacedSql = `EXISTS (SELECT 1 FROM experiments
  WHERE experiment_id = 0 AND artifact_location = 'mlflow-artifacts:/0'
    AND NOT EXISTS (SELECT 1 FROM runs WHERE experiment_id = 0)
    AND NOT EXISTS (SELECT 1 FROM logged_models WHERE experiment_id = 0))`;

/**
 * Gives the experiment Default, which every server has, a folder in the operator's root, if nothing was logged to it yet. A
 * migration, which knows no settings, created the experiment.
 */
export async function placeDefaultExperiment(db: D1Database, defaultRoot: string): Promise<void> {
  await db
    .prepare(`UPDATE experiments SET artifact_location = ? WHERE experiment_id = 0 AND ${isDefaultMisplacedSql}`)
    .bind(aroundExperimentId(defaultRoot).join("0"))
    .run();
}
