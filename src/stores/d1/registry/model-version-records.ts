import type { KeyValue, ModelVersion, Stage } from "../../../domain/entities.ts";
import { bytesOf, type ItemQuery, type ItemReader, type ItemRows, readItems } from "../connection/items.ts";
import type { modelVersions, modelVersionTags, registeredModelAliases, registeredModels } from "../schema/registry.ts";
import type { StoredRow } from "../schema/rows.ts";

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
