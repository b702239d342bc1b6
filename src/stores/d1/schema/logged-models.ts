import { sql } from "drizzle-orm";
import { index, integer, primaryKey, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { LIFECYCLE_STAGES, LOGGED_MODEL_STATUSES } from "../../../domain/entities.ts";

export const loggedModels = sqliteTable(
  "logged_models",
  {
    /** `m-` and 32 hex digits. */
    modelId: text("model_id").primaryKey(),
    experimentId: integer("experiment_id").notNull(),
    name: text("name").notNull(),
    modelType: text("model_type"),
    sourceRunId: text("source_run_id"),
    status: text("status", { enum: LOGGED_MODEL_STATUSES }).notNull(),
    statusMessage: text("status_message"),
    artifactUri: text("artifact_uri").notNull(),
    lifecycleStage: text("lifecycle_stage", { enum: LIFECYCLE_STAGES }).notNull(),
    creationTimeMs: integer("creation_time").notNull(),
    lastUpdateTimeMs: integer("last_update_time").notNull(),
  },
  (table) => [
    index("logged_models_by_creation").on(
      table.experimentId,
      table.lifecycleStage,
      sql`creation_time DESC`,
      table.modelId,
    ),
    index("logged_models_by_name").on(table.experimentId, table.name),
    index("logged_models_by_source_run").on(table.sourceRunId).where(sql`source_run_id IS NOT NULL`),
    index("logged_models_deleted")
      .on(table.experimentId, table.lastUpdateTimeMs, table.modelId)
      .where(sql`lifecycle_stage = 'deleted'`),
  ],
);

export const loggedModelParams = sqliteTable(
  "logged_model_params",
  {
    modelId: text("model_id").notNull(),
    key: text("key").notNull(),
    value: text("value").notNull(),
    experimentId: integer("experiment_id").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.modelId, table.key] }),
    index("logged_model_params_by_value").on(table.experimentId, table.key, sql`substr(value, 1, 64)`),
  ],
);

export const loggedModelTags = sqliteTable(
  "logged_model_tags",
  {
    modelId: text("model_id").notNull(),
    key: text("key").notNull(),
    value: text("value").notNull(),
    experimentId: integer("experiment_id").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.modelId, table.key] }),
    index("logged_model_tags_by_value").on(table.experimentId, table.key, sql`substr(value, 1, 64)`),
  ],
);

/**
 * Every point, unlike runs' metrics: a model's answer has all points, and a filter holds if it holds for any. Points are
 * few.
 */
export const loggedModelMetrics = sqliteTable(
  "logged_model_metrics",
  {
    modelId: text("model_id").notNull(),
    key: text("key").notNull(),
    timestamp: integer("timestamp").notNull(),
    step: integer("step").notNull(),
    runId: text("run_id").notNull(),
    /** 0 if `is_nan`. */
    value: real("value").notNull(),
    isNan: integer("is_nan", { mode: "boolean" }).notNull(),
    datasetName: text("dataset_name"),
    datasetDigest: text("dataset_digest"),
    experimentId: integer("experiment_id").notNull(),
  },
  (table) => [
    // A key's latest point has the greatest (timestamp, step): it is the last of the key's rows here.
    primaryKey({ columns: [table.modelId, table.key, table.timestamp, table.step, table.runId] }),
    index("logged_model_metrics_by_value").on(table.experimentId, table.key, table.value),
    index("logged_model_metrics_by_dataset")
      .on(table.experimentId, table.datasetName, table.datasetDigest)
      .where(sql`dataset_name IS NOT NULL`),
  ],
);

export const modelInputs = sqliteTable(
  "model_inputs",
  {
    runId: text("run_id").notNull(),
    modelId: text("model_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.modelId] }), index("model_inputs_by_model").on(table.modelId)],
);

export const modelOutputs = sqliteTable(
  "model_outputs",
  {
    runId: text("run_id").notNull(),
    modelId: text("model_id").notNull(),
    step: integer("step").notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.modelId] }), index("model_outputs_by_model").on(table.modelId)],
);
