import type { KeyValue, RegisteredModel } from "../../../domain/entities.ts";
import { asStored } from "../../../domain/key-values.ts";
import { grantRegisteredModelStatement } from "../access/grants.ts";
import type { Database } from "../connection/database.ts";
import { ifRoom } from "../connection/guard.ts";
import { bytesOf, type ItemQuery, type ItemReader, type ItemRows, readItems } from "../connection/items.ts";
import { keyValueLists } from "../connection/json-lists.ts";
import type { registeredModelAliases, registeredModels, registeredModelTags } from "../schema/registry.ts";
import type { StoredRow } from "../schema/rows.ts";
import {
  toModelVersion,
  VERSION_BYTES,
  VERSION_COLUMNS,
  type VersionRow,
  type VersionTagRow,
  versionKey,
} from "./model-version-records.ts";

type ModelRow = StoredRow<typeof registeredModels>;

type TagRow = StoredRow<typeof registeredModelTags>;

type AliasRow = StoredRow<typeof registeredModelAliases>;

export interface NewRegisteredModel {
  readonly name: string;
  readonly description: string | null;
  readonly tags: readonly KeyValue[];
  readonly nowMs: number;
}

/** @throws the UNIQUE error of `registered_models.name` when the name is taken. */
/** @param makerId the user who creates the model, and manages it from then on. */
export async function insertRegisteredModel(
  db: Database,
  model: NewRegisteredModel,
  makerId?: number,
): Promise<RegisteredModel> {
  const insertTags = db.prepare(
    `INSERT INTO registered_model_tags (registered_model_id, key, value)
     SELECT m.registered_model_id, j.value ->> 0, j.value ->> 1 FROM json_each(?2) j JOIN registered_models m ON m.name = ?1
     WHERE TRUE ON CONFLICT DO UPDATE SET value = excluded.value`,
  );
  await db.batch([
    db
      .prepare(
        "INSERT INTO registered_models (name, description, creation_time, last_update_time) VALUES (?1, ?2, ?3, ?3)",
      )
      .bind(model.name, model.description, model.nowMs),
    ...keyValueLists(model.tags).map((list) => insertTags.bind(model.name, list)),
    ...(makerId === undefined ? [] : [grantRegisteredModelStatement(db, makerId, model.name)]),
  ]);
  const { nowMs, tags, ...told } = model;
  const times = { creationTimeMs: nowMs, lastUpdateTimeMs: nowMs };
  return { ...told, ...times, tags: asStored(tags), aliases: [], latestVersions: [] };
}

export async function findRegisteredModel(db: D1Database, name: string): Promise<RegisteredModel | undefined> {
  const sql = "(SELECT 0 AS key, registered_model_id AS value FROM registered_models WHERE name = ?1)";
  return (await readItems(db, REGISTERED_MODELS, { sql, values: [name] }))[0];
}

/** The row id of a registered model. */
export async function findRegisteredModelId(db: D1Database, name: string): Promise<number | undefined> {
  const sql = "SELECT registered_model_id AS id FROM registered_models WHERE name = ?";
  return (await db.prepare(sql).bind(name).first<{ id: number }>())?.id;
}

/** Registered models by their row ids. */
export const REGISTERED_MODELS: ItemReader<RegisteredModel> = {
  itemsPerRead: 200,
  queries: modelQueries,
  toItems: toRegisteredModels,
};

function modelQueries(ids: string): ItemQuery[] {
  const asked = `FROM ${ids} j CROSS JOIN`;
  // By index: one look-up finds the newest version of each stage.
  const latest = `${asked} json_each('["None","Staging","Production","Archived"]') s
    CROSS JOIN model_versions v ON v.registered_model_id = j.value AND v.version =
      (SELECT max(version) FROM model_versions w WHERE w.registered_model_id = j.value AND w.current_stage = s.value)
    CROSS JOIN`;
  return [
    {
      sql: `SELECT j.key AS item, m.* ${asked} registered_models m ON m.registered_model_id = j.value`,
      bytes: bytesOf("name", "description"),
    },
    {
      sql: `SELECT j.key AS item, t.* ${asked} registered_model_tags t ON t.registered_model_id = j.value`,
      bytes: bytesOf("key", "value"),
    },
    {
      sql: `SELECT j.key AS item, a.* ${asked} registered_model_aliases a ON a.registered_model_id = j.value`,
      bytes: bytesOf("alias"),
    },
    {
      sql: `SELECT j.key AS item, ${VERSION_COLUMNS} ${latest} registered_models m
        ON m.registered_model_id = v.registered_model_id`,
      bytes: VERSION_BYTES,
    },
    {
      sql: `SELECT j.key AS item, t.* ${latest} model_version_tags t
        ON t.registered_model_id = v.registered_model_id AND t.version = v.version`,
      bytes: bytesOf("key", "value"),
    },
  ];
}

function toRegisteredModels([models, tags, aliases, versions, versionTags]: readonly ItemRows[]): RegisteredModel[] {
  const byModel = (row: { readonly registered_model_id: number }) => row.registered_model_id;
  const tagsOf = Map.groupBy((tags?.results ?? []) as TagRow[], byModel);
  const aliasesOf = Map.groupBy((aliases?.results ?? []) as AliasRow[], byModel);
  const versionsOf = Map.groupBy((versions?.results ?? []) as VersionRow[], byModel);
  const versionTagsOf = Map.groupBy((versionTags?.results ?? []) as VersionTagRow[], versionKey);
  return ((models?.results ?? []) as ModelRow[]).map((row) => ({
    name: row.name,
    description: row.description,
    creationTimeMs: row.creation_time,
    lastUpdateTimeMs: row.last_update_time,
    tags: (tagsOf.get(row.registered_model_id) ?? []).map(({ key, value }) => ({ key, value })),
    aliases: (aliasesOf.get(row.registered_model_id) ?? []).map(({ alias, version }) => ({ alias, version })),
    latestVersions: (versionsOf.get(row.registered_model_id) ?? [])
      .toSorted((a, b) => a.version - b.version)
      .map((version) => toModelVersion(version, versionTagsOf.get(versionKey(version)))),
  }));
}

/** @returns whether the registered model was there. */
export async function updateModelDescription(
  db: Database,
  name: string,
  description: string,
  nowMs: number,
): Promise<boolean> {
  const { meta } = await db
    .prepare("UPDATE registered_models SET description = ?2, last_update_time = ?3 WHERE name = ?1")
    .bind(name, description, nowMs)
    .run();
  return meta.changes > 0;
}

/**
 * Renames a registered model. All of its versions count as changed, as in MLflow.
 * @returns whether the model existed.
 * @throws the UNIQUE error of `registered_models.name` when the new name is taken.
 */
export async function renameRegisteredModel(
  db: Database,
  name: string,
  newName: string,
  nowMs: number,
): Promise<boolean> {
  const [, renamed] = await db.batch([
    db
      .prepare(
        `UPDATE model_versions SET last_update_time = ?2
         WHERE registered_model_id = (SELECT registered_model_id FROM registered_models WHERE name = ?1)`,
      )
      .bind(name, nowMs),
    db
      .prepare("UPDATE registered_models SET name = ?2, last_update_time = ?3 WHERE name = ?1")
      .bind(name, newName, nowMs),
  ]);
  return (renamed?.meta.changes ?? 0) > 0;
}

/** Deletes a registered model and everything that belongs to it, for good. @returns whether the model existed. */
export async function deleteRegisteredModel(db: Database, name: string): Promise<boolean> {
  const tables = ["model_version_tags", "model_versions", "registered_model_aliases", "registered_model_tags"];
  const results = await db.batch([
    ...tables.map((table) =>
      db
        .prepare(
          `DELETE FROM ${table}
           WHERE registered_model_id = (SELECT registered_model_id FROM registered_models WHERE name = ?)`,
        )
        .bind(name),
    ),
    db.prepare("DELETE FROM registered_models WHERE name = ?").bind(name),
  ]);
  return (results.at(-1)?.meta.changes ?? 0) > 0;
}

/** @returns whether the registered model was there. */
export async function upsertModelTag(db: Database, name: string, tag: KeyValue): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `INSERT INTO registered_model_tags (registered_model_id, key, value)
       SELECT m.registered_model_id, ?2, ${ifRoom("?3", "FROM registered_model_tags t WHERE t.registered_model_id = m.registered_model_id")}
       FROM registered_models m WHERE name = ?1
       ON CONFLICT DO UPDATE SET value = excluded.value`,
    )
    .bind(name, tag.key, tag.value)
    .run();
  return meta.changes > 0;
}

/** @returns whether the registered model exists, with or without the tag. */
export async function deleteModelTag(db: Database, name: string, key: string): Promise<boolean> {
  return await deleteOf(db, "registered_model_tags", "key", name, key);
}

/** @returns whether the registered model exists, with or without the alias. */
export async function deleteAlias(db: Database, name: string, alias: string): Promise<boolean> {
  return await deleteOf(db, "registered_model_aliases", "alias", name, alias);
}

async function deleteOf(
  db: Database,
  table: "registered_model_tags" | "registered_model_aliases",
  column: "key" | "alias",
  name: string,
  value: string,
): Promise<boolean> {
  const [found] = await db.batch([
    db.prepare("SELECT 1 FROM registered_models WHERE name = ?").bind(name),
    db
      .prepare(
        `DELETE FROM ${table} WHERE ${column} = ?2
         AND registered_model_id = (SELECT registered_model_id FROM registered_models WHERE name = ?1)`,
      )
      .bind(name, value),
  ]);
  return (found?.results.length ?? 0) > 0;
}
