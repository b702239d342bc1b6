import type { KeyValue, ModelVersion, Stage } from "../../../domain/entities.ts";
import { asStored } from "../../../domain/key-values.ts";
import type { Database, Statement } from "../connection/database.ts";
import { ifRoom } from "../connection/guard.ts";
import { bytesOf, type ItemQuery, type ItemReader, type ItemRows, readItems } from "../connection/items.ts";
import { keyValueLists } from "../connection/json-lists.ts";
import type { modelVersions, modelVersionTags, registeredModelAliases, registeredModels } from "../schema/registry.ts";
import type { StoredRow } from "../schema/rows.ts";

/** A tag of a logged model that lists each version registered from the model. */
const REGISTRATIONS_TAG = "mlflow.modelVersions";

export type VersionRow = Omit<StoredRow<typeof modelVersions>, "current_stage" | "storage_location" | "model_id"> &
  Pick<StoredRow<typeof registeredModels>, "name"> & {
    /** Statements exclude deleted versions. */
    readonly current_stage: Stage;
  };

export type VersionTagRow = StoredRow<typeof modelVersionTags>;

type VersionAliasRow = StoredRow<typeof registeredModelAliases>;

/** Columns of `model_versions v` and `registered_models m`. */
export const VERSION_COLUMNS = `v.registered_model_id, v.version, m.name, v.current_stage, v.description, v.source, v.run_id,
  v.run_link, v.creation_time, v.last_update_time`;

/** Bytes of a row of {@link VERSION_COLUMNS}. */
export const VERSION_BYTES = bytesOf("name", "description", "source", "run_link");

/** A key that identifies a version within one database. */
export function versionKey(row: { readonly registered_model_id: number; readonly version: number }): string {
  return `${row.registered_model_id}/${row.version}`;
}

export function toModelVersion(
  row: VersionRow,
  tags: readonly KeyValue[] = [],
  aliases: readonly { readonly alias: string }[] = [],
): ModelVersion {
  return {
    name: row.name,
    version: row.version,
    currentStage: row.current_stage,
    description: row.description,
    source: row.source,
    runId: row.run_id,
    runLink: row.run_link,
    creationTimeMs: row.creation_time,
    lastUpdateTimeMs: row.last_update_time,
    tags: tags.map(({ key, value }) => ({ key, value })),
    aliases: aliases.map(({ alias }) => alias),
  };
}

export interface NewModelVersion {
  readonly name: string;
  readonly description: string | null;
  readonly source: string;
  readonly storageLocation: string;
  readonly runId: string | null;
  readonly runLink: string | null;
  /** The logged model from which the version is registered. The model gets a tag with the version. */
  readonly modelId: string | null;
  readonly tags: readonly KeyValue[];
  readonly nowMs: number;
}

/**
 * Adds a version under the next number; numbers of deleted versions are not reused.
 * @returns undefined if there is no such registered model.
 */
export async function insertModelVersion(db: Database, version: NewModelVersion): Promise<ModelVersion | undefined> {
  const { name, nowMs, modelId } = version;
  // Within the batch the new version has the greatest number.
  const newest = `registered_models m JOIN model_versions v ON v.registered_model_id = m.registered_model_id
    AND v.version = (SELECT max(version) FROM model_versions w WHERE w.registered_model_id = m.registered_model_id)`;
  const insertTags = db.prepare(
    `INSERT INTO model_version_tags (registered_model_id, version, key, value)
     SELECT v.registered_model_id, v.version, j.value ->> 0, j.value ->> 1 FROM json_each(?2) j, ${newest}
     WHERE m.name = ?1 ON CONFLICT DO UPDATE SET value = excluded.value`,
  );
  const [inserted] = await db.batch<Pick<StoredRow<typeof modelVersions>, "version">>([
    db
      .prepare(
        `INSERT INTO model_versions (registered_model_id, version, current_stage, description, source, storage_location,
           run_id, run_link, model_id, creation_time, last_update_time)
         SELECT m.registered_model_id,
           coalesce((SELECT max(version) FROM model_versions v WHERE v.registered_model_id = m.registered_model_id), 0) + 1,
           'None', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8
         FROM registered_models m WHERE m.name = ?1 RETURNING version`,
      )
      .bind(
        name,
        version.description,
        version.source,
        version.storageLocation,
        version.runId,
        version.runLink,
        modelId,
        nowMs,
      ),
    touchModelStatement(db, name, nowMs),
    ...keyValueLists(version.tags).map((list) => insertTags.bind(name, list)),
    ...(modelId === null
      ? []
      : [
          db
            .prepare(
              `INSERT INTO logged_model_tags (model_id, key, value, experiment_id)
               SELECT l.model_id, ?3, json_array(json_object('name', m.name, 'version', v.version)), l.experiment_id
               FROM logged_models l, ${newest} WHERE l.model_id = ?2 AND m.name = ?1
               ON CONFLICT DO UPDATE SET value = json_insert(value, '$[#]', json_extract(excluded.value, '$[0]'))
               WHERE CASE WHEN json_valid(value) THEN json_type(value) END = 'array'`,
            )
            .bind(name, modelId, REGISTRATIONS_TAG),
        ]),
  ]);
  const row = inserted?.results[0];
  if (row === undefined) return undefined;
  const { description, source, runId, runLink } = version;
  const times = { creationTimeMs: nowMs, lastUpdateTimeMs: nowMs };
  const told = { name, version: row.version, currentStage: "None" as const, description, source, runId, runLink };
  return { ...told, ...times, tags: asStored(version.tags), aliases: [] };
}

/** Updates the registered model's time: creating, moving or deleting a version counts as a change of the model. */
export function touchModelStatement(db: Database, name: string, nowMs: number): Statement {
  return db.prepare("UPDATE registered_models SET last_update_time = ?2 WHERE name = ?1").bind(name, nowMs);
}

/** The version, unless it was deleted. */
export async function findModelVersion(
  db: D1Database,
  name: string,
  version: number,
): Promise<ModelVersion | undefined> {
  const [found] = await selectVersions(db, "FROM registered_models m", "m.name = ?1 AND v.version = ?2", [
    name,
    version,
  ]);
  return found;
}

/** The last version that was created from this source in this millisecond. */
export async function findVersionMadeAt(
  db: D1Database,
  name: string,
  source: string,
  nowMs: number,
): Promise<ModelVersion | undefined> {
  const condition = "m.name = ?1 AND v.source = ?2 AND v.creation_time = ?3";
  return (await selectVersions(db, "FROM registered_models m", condition, [name, source, nowMs])).at(-1);
}

/** The version that the alias points to. */
export async function findModelVersionByAlias(
  db: D1Database,
  name: string,
  alias: string,
): Promise<ModelVersion | undefined> {
  const [found] = await selectVersions(
    db,
    "FROM registered_models m JOIN registered_model_aliases a ON a.registered_model_id = m.registered_model_id",
    "m.name = ?1 AND a.alias = ?2 AND v.version = a.version",
    [name, alias],
  );
  return found;
}

/** The newest version of each stage that has versions, oldest first. */
export async function findLatestVersions(db: D1Database, name: string): Promise<ModelVersion[]> {
  return await selectVersions(
    db,
    "FROM registered_models m",
    `m.name = ?1 AND NOT EXISTS (SELECT 1 FROM model_versions w WHERE w.registered_model_id = v.registered_model_id
       AND w.current_stage = v.current_stage AND w.version > v.version)`,
    [name],
  );
}

/** Versions by their keys (`versionKey`). A prompt's version may have texts of 100,000 characters. */
export const MODEL_VERSIONS: ItemReader<ModelVersion> = {
  itemsPerRead: 200,
  queries: versionQueries,
  toItems: toModelVersions,
};

/** @param from a FROM clause with `registered_models m`, to which the versions `v` are joined. */
async function selectVersions(
  db: D1Database,
  from: string,
  condition: string,
  values: readonly (string | number)[],
): Promise<ModelVersion[]> {
  const sql = `(SELECT row_number() OVER (ORDER BY v.version) - 1 AS key, v.registered_model_id || '/' || v.version AS value
    ${from} CROSS JOIN model_versions v ON v.registered_model_id = m.registered_model_id WHERE ${condition})`;
  return await readItems(db, MODEL_VERSIONS, { sql, values });
}

function versionQueries(ids: string): ItemQuery[] {
  const asked = `FROM ${ids} j CROSS JOIN model_versions v
      ON v.registered_model_id = substr(j.value, 1, instr(j.value, '/') - 1)
      AND v.version = substr(j.value, instr(j.value, '/') + 1) AND v.current_stage <> 'Deleted_Internal'
    CROSS JOIN`;
  return [
    {
      sql: `SELECT j.key AS item, ${VERSION_COLUMNS} ${asked} registered_models m
        ON m.registered_model_id = v.registered_model_id`,
      bytes: VERSION_BYTES,
    },
    {
      sql: `SELECT j.key AS item, t.* ${asked} model_version_tags t
        ON t.registered_model_id = v.registered_model_id AND t.version = v.version`,
      bytes: bytesOf("key", "value"),
    },
    {
      sql: `SELECT j.key AS item, a.* ${asked} registered_model_aliases a
        ON a.registered_model_id = v.registered_model_id AND a.version = v.version`,
      bytes: bytesOf("alias"),
    },
  ];
}

function toModelVersions([versions, tags, aliases]: readonly ItemRows[]): ModelVersion[] {
  const tagsOf = Map.groupBy((tags?.results ?? []) as VersionTagRow[], versionKey);
  const aliasesOf = Map.groupBy((aliases?.results ?? []) as VersionAliasRow[], versionKey);
  return ((versions?.results ?? []) as VersionRow[]).map((row) =>
    toModelVersion(row, tagsOf.get(versionKey(row)), aliasesOf.get(versionKey(row))),
  );
}

/** Where the files of a version are; undefined if there is no such version. */
export async function findStorageLocation(db: D1Database, name: string, version: number): Promise<string | undefined> {
  const row = await db
    .prepare(
      `SELECT coalesce(nullif(v.storage_location, ''), v.source) AS location
       FROM registered_models m JOIN model_versions v ON v.registered_model_id = m.registered_model_id
       WHERE m.name = ? AND v.version = ? AND v.current_stage <> 'Deleted_Internal'`,
    )
    .bind(name, version)
    .first<{ location: string }>();
  return row?.location;
}

/** SQL condition: the version with name `?1` and number `?2`, not deleted. */
const VERSION_IS_THERE = `registered_model_id = (SELECT registered_model_id FROM registered_models WHERE name = ?1)
  AND version = ?2 AND current_stage <> 'Deleted_Internal'`;

/** @returns whether the version was there. */
export async function updateVersionDescription(
  db: Database,
  name: string,
  version: number,
  description: string | null,
  nowMs: number,
): Promise<boolean> {
  const { meta } = await db
    .prepare(`UPDATE model_versions SET description = ?3, last_update_time = ?4 WHERE ${VERSION_IS_THERE}`)
    .bind(name, version, description, nowMs)
    .run();
  return meta.changes > 0;
}

/**
 * Moves a version to a stage. With `archiveOthers`, moves the other versions in that stage to `Archived`.
 * @returns whether the version was there.
 */
export async function moveToStage(
  db: Database,
  name: string,
  version: number,
  stage: Stage,
  archiveOthers: boolean,
  nowMs: number,
): Promise<boolean> {
  const [moved] = await db.batch([
    db
      .prepare(`UPDATE model_versions SET current_stage = ?3, last_update_time = ?4 WHERE ${VERSION_IS_THERE}`)
      .bind(name, version, stage, nowMs),
    ...(archiveOthers
      ? [
          db
            .prepare(
              `UPDATE model_versions SET current_stage = 'Archived', last_update_time = ?4
               WHERE registered_model_id = (SELECT registered_model_id FROM registered_models WHERE name = ?1)
                 AND version <> ?2 AND current_stage = ?3
                 AND EXISTS (SELECT 1 FROM model_versions WHERE ${VERSION_IS_THERE})`,
            )
            .bind(name, version, stage, nowMs),
        ]
      : []),
    touchByVersionStatement(db, name, version, nowMs),
  ]);
  return (moved?.meta.changes ?? 0) > 0;
}

function touchByVersionStatement(db: Database, name: string, version: number, nowMs: number): Statement {
  return db
    .prepare(
      `UPDATE registered_models SET last_update_time = ?3
       WHERE name = ?1 AND EXISTS (SELECT 1 FROM model_versions WHERE ${VERSION_IS_THERE})`,
    )
    .bind(name, version, nowMs);
}

/**
 * Deletes a version. Its number stays taken and, as in MLflow, its tags stay; its origin and description are erased.
 * @returns whether the version was there.
 */
export async function deleteModelVersion(db: Database, name: string, version: number, nowMs: number): Promise<boolean> {
  const [, , deleted] = await db.batch([
    touchByVersionStatement(db, name, version, nowMs),
    db
      .prepare(
        `DELETE FROM registered_model_aliases
         WHERE registered_model_id = (SELECT registered_model_id FROM registered_models WHERE name = ?1) AND version = ?2`,
      )
      .bind(name, version),
    db
      .prepare(
        `UPDATE model_versions SET current_stage = 'Deleted_Internal', last_update_time = ?3, description = NULL,
           source = '', storage_location = NULL, run_id = NULL, run_link = NULL, model_id = NULL
         WHERE ${VERSION_IS_THERE}`,
      )
      .bind(name, version, nowMs),
  ]);
  return (deleted?.meta.changes ?? 0) > 0;
}

/** @returns whether the version was there. */
export async function upsertVersionTag(db: Database, name: string, version: number, tag: KeyValue): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `INSERT INTO model_version_tags (registered_model_id, version, key, value)
       SELECT registered_model_id, version, ?3, ${ifRoom(
         "?4",
         `FROM model_version_tags t WHERE t.registered_model_id = model_versions.registered_model_id
          AND t.version = model_versions.version`,
       )} FROM model_versions WHERE ${VERSION_IS_THERE}
       ON CONFLICT DO UPDATE SET value = excluded.value`,
    )
    .bind(name, version, tag.key, tag.value)
    .run();
  return meta.changes > 0;
}

/** @returns whether the version exists, with or without the tag. */
export async function deleteVersionTag(db: Database, name: string, version: number, key: string): Promise<boolean> {
  const [found] = await db.batch([
    db.prepare(`SELECT 1 FROM model_versions WHERE ${VERSION_IS_THERE}`).bind(name, version),
    db
      .prepare(
        `DELETE FROM model_version_tags WHERE key = ?3 AND (registered_model_id, version) IN (
           SELECT registered_model_id, version FROM model_versions WHERE ${VERSION_IS_THERE})`,
      )
      .bind(name, version, key),
  ]);
  return (found?.results.length ?? 0) > 0;
}

/** Points the alias at the version, even if it pointed elsewhere. @returns whether the version exists. */
export async function upsertAlias(db: Database, name: string, alias: string, version: number): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `INSERT INTO registered_model_aliases (registered_model_id, alias, version)
       SELECT registered_model_id, ?3, version FROM model_versions WHERE ${VERSION_IS_THERE}
       ON CONFLICT DO UPDATE SET version = excluded.version`,
    )
    .bind(name, version, alias)
    .run();
  return meta.changes > 0;
}
