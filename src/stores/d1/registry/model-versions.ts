import type { KeyValue, ModelVersion, Stage } from "../../../domain/entities.ts";
import { asStored } from "../../../domain/key-values.ts";
import type { Database, Statement } from "../connection/database.ts";
import { ifRoom } from "../connection/guard.ts";
import { keyValueLists } from "../connection/json-lists.ts";
import type { modelVersions } from "../schema/registry.ts";
import type { StoredRow } from "../schema/rows.ts";

/** A tag of a logged model that lists each version registered from the model. */
const REGISTRATIONS_TAG = "mlflow.modelVersions";

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
