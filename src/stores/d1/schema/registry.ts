import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { STORED_STAGES } from "../../../domain/entities.ts";

/**
 * Includes prompts: registered models with the tag `mlflow.prompt.is_prompt`. A rename changes one row, since all else
 * refers to the id.
 */
export const registeredModels = sqliteTable(
  "registered_models",
  {
    registeredModelId: integer("registered_model_id").primaryKey({ autoIncrement: true }),
    name: text("name").notNull(),
    description: text("description"),
    creationTimeMs: integer("creation_time").notNull(),
    lastUpdateTimeMs: integer("last_update_time").notNull(),
  },
  (table) => [uniqueIndex("registered_models_name").on(table.name)],
);

export const registeredModelTags = sqliteTable(
  "registered_model_tags",
  {
    registeredModelId: integer("registered_model_id").notNull(),
    key: text("key").notNull(),
    value: text("value").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.registeredModelId, table.key] }),
    index("registered_model_tags_by_value").on(table.key, sql`substr(value, 1, 64)`),
  ],
);

export const registeredModelAliases = sqliteTable(
  "registered_model_aliases",
  {
    registeredModelId: integer("registered_model_id").notNull(),
    alias: text("alias").notNull(),
    version: integer("version").notNull(),
  },
  (table) => [primaryKey({ columns: [table.registeredModelId, table.alias] })],
);

/** A deleted version keeps its row, in stage `Deleted_Internal`, so that its number is never reused. */
export const modelVersions = sqliteTable(
  "model_versions",
  {
    registeredModelId: integer("registered_model_id").notNull(),
    version: integer("version").notNull(),
    currentStage: text("current_stage", { enum: STORED_STAGES }).notNull(),
    description: text("description"),
    source: text("source").notNull(),
    /** Where the files are if `source` only names another model; as of the version's creation. */
    storageLocation: text("storage_location"),
    runId: text("run_id"),
    runLink: text("run_link"),
    /** The logged model from which the version was registered. */
    modelId: text("model_id"),
    creationTimeMs: integer("creation_time").notNull(),
    lastUpdateTimeMs: integer("last_update_time").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.registeredModelId, table.version] }),
    // To find the newest version of a stage.
    index("model_versions_by_stage").on(table.registeredModelId, table.currentStage, table.version),
    index("model_versions_by_update").on(sql`last_update_time DESC`),
    index("model_versions_by_run").on(table.runId).where(sql`run_id IS NOT NULL`),
    index("model_versions_by_model").on(table.modelId).where(sql`model_id IS NOT NULL`),
  ],
);

export const modelVersionTags = sqliteTable(
  "model_version_tags",
  {
    registeredModelId: integer("registered_model_id").notNull(),
    version: integer("version").notNull(),
    key: text("key").notNull(),
    value: text("value").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.registeredModelId, table.version, table.key] }),
    index("model_version_tags_by_value").on(table.key, sql`substr(value, 1, 64)`),
  ],
);
