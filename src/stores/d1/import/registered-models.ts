import type { RegisteredModelRecord } from "../../../domain/records.ts";
import type { Database, Statement } from "../connection/database.ts";
import { jsonLists } from "../connection/json-lists.ts";
import { excluded } from "./experiments.ts";

/** A record with the data parsed from its versions' sources. */
export type RegisteredModelToWrite = RegisteredModelRecord & {
  /** By version: the logged model from which the version was registered. */
  readonly modelIds: ReadonlyMap<number, string>;
};

/**
 * Writes registered models with all of their versions, under their own numbers. Existing rows are changed to match the
 * record.
 */
export function importRegisteredModelStatements(db: Database, models: readonly RegisteredModelToWrite[]): Statement[] {
  const modelColumns = "description, creation_time, last_update_time";
  const versionColumns =
    "current_stage, description, source, storage_location, run_id, run_link, model_id, creation_time, last_update_time";
  const into = (sql: string, rows: readonly unknown[]) => {
    const statement = db.prepare(sql);
    return jsonLists(rows.map((row) => JSON.stringify(row))).map((list) => statement.bind(list));
  };
  const named = "FROM json_each(?) j CROSS JOIN registered_models m ON m.name = j.value ->> 0";
  return [
    ...into(
      `INSERT INTO registered_models (name, ${modelColumns})
       SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3 FROM json_each(?) j WHERE TRUE
       ON CONFLICT (name) DO UPDATE SET (${modelColumns}) = (${excluded(modelColumns)})
       WHERE (${modelColumns}) IS NOT (${excluded(modelColumns)})`,
      models.map((of) => [of.name, of.description, of.creationTimeMs, of.lastUpdateTimeMs]),
    ),
    ...into(
      `INSERT INTO registered_model_tags (registered_model_id, key, value)
       SELECT m.registered_model_id, j.value ->> 1, j.value ->> 2 ${named} WHERE TRUE
       ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value`,
      models.flatMap(({ name, tags }) => tags.map(({ key, value }) => [name, key, value])),
    ),
    ...into(
      `INSERT INTO model_versions (registered_model_id, version, ${versionColumns})
       SELECT m.registered_model_id, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4, j.value ->> 5, j.value ->> 6,
         j.value ->> 7, j.value ->> 8, j.value ->> 9, j.value ->> 10 ${named} WHERE TRUE
       ON CONFLICT DO UPDATE SET (${versionColumns}) = (${excluded(versionColumns)})
       WHERE (${versionColumns}) IS NOT (${excluded(versionColumns)})`,
      models.flatMap(({ name, versions, modelIds }) =>
        versions.map((of) => [
          name,
          of.version,
          of.currentStage,
          of.description,
          of.source,
          of.storageLocation,
          of.runId,
          of.runLink,
          modelIds.get(of.version) ?? null,
          of.creationTimeMs,
          of.lastUpdateTimeMs,
        ]),
      ),
    ),
    ...into(
      `INSERT INTO model_version_tags (registered_model_id, version, key, value)
       SELECT m.registered_model_id, j.value ->> 1, j.value ->> 2, j.value ->> 3 ${named} WHERE TRUE
       ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value`,
      models.flatMap(({ name, versions }) =>
        versions.flatMap(({ version, tags }) => tags.map(({ key, value }) => [name, version, key, value])),
      ),
    ),
    ...into(
      `INSERT INTO registered_model_aliases (registered_model_id, alias, version)
       SELECT m.registered_model_id, j.value ->> 1, j.value ->> 2 ${named} WHERE TRUE
       ON CONFLICT DO UPDATE SET version = excluded.version WHERE version <> excluded.version`,
      models.flatMap(({ name, aliases }) => aliases.map(({ alias, version }) => [name, alias, version])),
    ),
  ];
}
