import { aroundExperimentId, artifactPlace } from "../../../domain/artifact-location.ts";
import type { Experiment, KeyValue } from "../../../domain/entities.ts";
import { Binder } from "../../../search/binder.ts";
import type { SqlStatement } from "../../../search/plan.ts";
import type { Visibility } from "../../../search/visibility.ts";
import { grantExperimentStatement } from "../access/grants.ts";
import type { Database } from "../connection/database.ts";
import { ifRoom } from "../connection/guard.ts";
import { bytesOf, type ItemReader, type ItemRows, readItem, readItems } from "../connection/items.ts";
import { keyValueLists } from "../connection/json-lists.ts";
import type { experiments, experimentTags } from "../schema/experiments.ts";
import type { AsText, StoredRow } from "../schema/rows.ts";
import { guardLocationFree } from "./locations.ts";

/** The id is read as text: D1 rounds integers beyond 2^53, and the ids of `mlruns` folders are that large. */
const COLUMNS = `CAST(experiment_id AS TEXT) AS experiment_id, name, artifact_location, lifecycle_stage, creation_time,
  last_update_time`;

type ExperimentRow = AsText<
  Omit<StoredRow<typeof experiments>, "active_runs" | "deleted_runs" | "running_runs">,
  "experiment_id"
>;

type TagRow = AsText<StoredRow<typeof experimentTags>, "experiment_id">;

function toExperiment(row: ExperimentRow, tags: readonly TagRow[]): Experiment {
  return {
    experimentId: row.experiment_id,
    name: row.name,
    artifactLocation: row.artifact_location,
    lifecycleStage: row.lifecycle_stage,
    creationTimeMs: row.creation_time,
    lastUpdateTimeMs: row.last_update_time,
    tags: tags.map(({ key, value }) => ({ key, value })),
  };
}

export interface NewExperiment {
  readonly name: string;
  /** Undefined: a folder of `defaultRoot` named by the id, which is known only at the insert. */
  readonly artifactLocation: string | undefined;
  readonly defaultRoot: string;
  readonly tags: readonly KeyValue[];
  readonly nowMs: number;
  /** The user who creates the experiment, and manages it from then on. */
  readonly makerId?: number | undefined;
}

/**
 * @returns the new experiment's id.
 * @throws the UNIQUE error of `experiments.name` when the name is taken, the guard `location_free` when a served location
 *   overlaps another.
 */
export async function insertExperiment(db: Database, experiment: NewExperiment): Promise<string> {
  const { name, artifactLocation = "", tags, nowMs, makerId } = experiment;
  const place = artifactLocation === "" ? undefined : artifactPlace(artifactLocation);
  const insertTags = db.prepare(
    `INSERT INTO experiment_tags (experiment_id, key, value)
     SELECT e.experiment_id, j.value ->> 0, j.value ->> 1 FROM json_each(?2) j JOIN experiments e ON e.name = ?1
     WHERE TRUE ON CONFLICT DO UPDATE SET value = excluded.value`,
  );
  const results = await db.batch<{ experiment_id: string }>([
    ...(place?.kind === "served" ? [guardLocationFree(db, place.objectKey)] : []),
    db
      .prepare(
        `INSERT INTO experiments (name, artifact_location, lifecycle_stage, creation_time, last_update_time,
           active_runs, deleted_runs, running_runs)
         VALUES (?1, ?2, 'active', ?3, ?3, 0, 0, 0) RETURNING CAST(experiment_id AS TEXT) AS experiment_id`,
      )
      .bind(name, artifactLocation, nowMs),
    db
      .prepare(
        `UPDATE experiments SET artifact_location = ?2 || experiment_id || ?3
         WHERE name = ?1 AND artifact_location = ''`,
      )
      .bind(name, ...aroundExperimentId(experiment.defaultRoot)),
    ...keyValueLists(tags).map((list) => insertTags.bind(name, list)),
    ...(makerId === undefined ? [] : [grantExperimentStatement(db, makerId, name)]),
  ]);
  return results.flatMap((result) => result.results)[0]?.experiment_id ?? "";
}

/** Tags are read as rows of their own: an experiment's tags as one text could exceed D1's limit for a string. */
export const EXPERIMENTS: ItemReader<Experiment> = {
  itemsPerRead: 1000,
  queries: (ids) => [
    {
      sql: `SELECT j.key AS item, ${COLUMNS} FROM ${ids} j CROSS JOIN experiments e ON e.experiment_id = j.value`,
      bytes: bytesOf("name", "artifact_location"),
    },
    {
      sql: `SELECT j.key AS item, CAST(t.experiment_id AS TEXT) AS experiment_id, t.key, t.value FROM ${ids} j
        CROSS JOIN experiment_tags t ON t.experiment_id = j.value`,
      bytes: bytesOf("key", "value"),
    },
  ],
  toItems: toExperiments,
};

/** The experiment with this id, deleted or not. */
export async function findExperiment(db: D1Database, experimentId: string): Promise<Experiment | undefined> {
  return await readItem(db, EXPERIMENTS, experimentId);
}

/** The ids of all visible experiments, including deleted ones, ordered by name, in the column `c0`. */
export function allExperimentsStatement({ experiment }: Visibility): SqlStatement {
  const binder = new Binder();
  const condition = experiment === undefined ? "TRUE" : experiment("experiment_id", binder, "many");
  // Without a LIMIT, a query around this one need not keep the order.
  const sql = `SELECT CAST(experiment_id AS TEXT) AS c0 FROM experiments WHERE ${condition} ORDER BY name LIMIT -1`;
  return { sql, values: binder.values() };
}

export async function findExperimentByName(db: D1Database, name: string): Promise<Experiment | undefined> {
  const sql = "(SELECT 0 AS key, experiment_id AS value FROM experiments WHERE name = ?1)";
  return (await readItems(db, EXPERIMENTS, { sql, values: [name] }))[0];
}

function toExperiments([experiments, tags]: readonly ItemRows[]): Experiment[] {
  const tagsById = Map.groupBy((tags?.results ?? []) as TagRow[], (tag) => tag.experiment_id);
  return ((experiments?.results ?? []) as ExperimentRow[]).map((row) =>
    toExperiment(row, tagsById.get(row.experiment_id) ?? []),
  );
}

/** @returns whether there was an active experiment with this id. */
export async function renameExperiment(db: Database, id: string, name: string, nowMs: number): Promise<boolean> {
  const { meta } = await db
    .prepare(
      "UPDATE experiments SET name = ?, last_update_time = ? WHERE experiment_id = ? AND lifecycle_stage = 'active'",
    )
    .bind(name, nowMs, id)
    .run();
  return meta.changes > 0;
}

/** @returns whether there was an active experiment with this id. Its update time does not change, as in MLflow. */
export async function upsertExperimentTag(db: Database, id: string, tag: KeyValue): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `INSERT INTO experiment_tags (experiment_id, key, value)
       SELECT experiment_id, ?2, ${ifRoom("?3", "FROM experiment_tags WHERE experiment_id = ?1")}
       FROM experiments WHERE experiment_id = ?1 AND lifecycle_stage = 'active'
       ON CONFLICT DO UPDATE SET value = excluded.value`,
    )
    .bind(id, tag.key, tag.value)
    .run();
  return meta.changes > 0;
}

/** @returns whether there was such a tag, on an active experiment. */
export async function deleteExperimentTag(db: Database, id: string, key: string): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `DELETE FROM experiment_tags WHERE experiment_id = ?1 AND key = ?2
       AND EXISTS (SELECT 1 FROM experiments e WHERE e.experiment_id = ?1 AND e.lifecycle_stage = 'active')`,
    )
    .bind(id, key)
    .run();
  return meta.changes > 0;
}
