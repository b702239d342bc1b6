import { sql } from "drizzle-orm";
import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { LIFECYCLE_STAGES, RUN_STATUSES } from "../../../domain/entities.ts";

export const runs = sqliteTable(
  "runs",
  {
    runId: text("run_id").primaryKey(),
    experimentId: integer("experiment_id").notNull(),
    runName: text("run_name").notNull(),
    userId: text("user_id").notNull(),
    status: text("status", { enum: RUN_STATUSES }).notNull(),
    startTimeMs: integer("start_time"),
    endTimeMs: integer("end_time"),
    artifactUri: text("artifact_uri").notNull(),
    lifecycleStage: text("lifecycle_stage", { enum: LIFECYCLE_STAGES }).notNull(),
    deletedTimeMs: integer("deleted_time"),
    /** Not null while the run's object may hold points that `latest_metrics` has not seen; see stores/run/. */
    liveEpoch: integer("live_epoch"),
    /**
     * Once true, it stays true. While false, `latest_metrics` is the whole history: each metric of the run has one point.
     */
    hasObject: integer("has_object", { mode: "boolean" }).notNull().default(true),
    /**
     * The object that has, or will have, the run's history: the name of a cell, or empty for the object named by the run
     * id.
     */
    cell: text("cell").notNull().default(""),
    /** The row of the object's journal up to which `latest_metrics` has everything; null if no object has told D1. */
    flushedThrough: integer("flushed_through"),
  },
  (table) => [
    index("runs_by_start").on(table.experimentId, table.lifecycleStage, sql`start_time DESC`, table.runId),
    index("runs_running")
      .on(table.experimentId, sql`start_time DESC`)
      .where(sql`status = 'RUNNING' AND lifecycle_stage = 'active'`),
    index("runs_live").on(table.experimentId).where(sql`live_epoch IS NOT NULL`),
    // Deleted runs by the time of deletion, which is unknown for some imported runs.
    index("runs_deleted")
      .on(table.experimentId, sql`coalesce(deleted_time, 0)`, table.runId)
      .where(sql`lifecycle_stage = 'deleted'`),
  ],
);

export const params = sqliteTable(
  "params",
  {
    runId: text("run_id").notNull(),
    key: text("key").notNull(),
    value: text("value").notNull(),
    experimentId: integer("experiment_id").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.key] }),
    index("params_by_value").on(table.experimentId, table.key, table.value).where(sql`length(value) <= 200`),
    index("params_long").on(table.experimentId, table.key).where(sql`length(value) > 200`),
  ],
);

export const tags = sqliteTable(
  "tags",
  {
    runId: text("run_id").notNull(),
    key: text("key").notNull(),
    value: text("value").notNull(),
    experimentId: integer("experiment_id").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.key] }),
    index("tags_by_value").on(table.experimentId, table.key, table.value).where(sql`length(value) <= 200`),
    index("tags_long").on(table.experimentId, table.key).where(sql`length(value) > 200`),
  ],
);

export const latestMetrics = sqliteTable(
  "latest_metrics",
  {
    runId: text("run_id").notNull(),
    key: text("key").notNull(),
    /** Value of the point with the greatest (step, timestamp, value); 0 if `is_nan`. */
    value: real("value").notNull(),
    isNan: integer("is_nan", { mode: "boolean" }).notNull(),
    step: integer("step").notNull(),
    timestamp: integer("timestamp").notNull(),
    /** Least value of all points that are numbers; null while there is none. */
    minValue: real("min_value"),
    maxValue: real("max_value"),
    /**
     * Value of the point with the least (step, timestamp, value). Null in rows of the previous version, until the run's
     * object starts again.
     */
    firstValue: real("first_value"),
    firstIsNan: integer("first_is_nan", { mode: "boolean" }),
    firstStep: integer("first_step"),
    firstTimestamp: integer("first_timestamp"),
    experimentId: integer("experiment_id").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.key] }),
    index("latest_metrics_by_value").on(table.experimentId, table.key, table.isNan, table.value),
  ],
);

export const datasets = sqliteTable(
  "datasets",
  {
    datasetId: integer("dataset_id").primaryKey({ autoIncrement: true }),
    experimentId: integer("experiment_id").notNull(),
    name: text("name").notNull(),
    digest: text("digest").notNull(),
    sourceType: text("source_type").notNull(),
    source: text("source").notNull(),
    schema: text("schema"),
    profile: text("profile"),
  },
  // The first log of a dataset defines it, as in MLflow.
  (table) => [uniqueIndex("datasets_identity").on(table.experimentId, table.name, table.digest)],
);

export const inputs = sqliteTable(
  "inputs",
  {
    runId: text("run_id").notNull(),
    datasetId: integer("dataset_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.datasetId] }), index("inputs_by_dataset").on(table.datasetId)],
);

export const inputTags = sqliteTable(
  "input_tags",
  {
    runId: text("run_id").notNull(),
    datasetId: integer("dataset_id").notNull(),
    key: text("key").notNull(),
    value: text("value").notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.datasetId, table.key] })],
);

/**
 * The answer for a run at rest, as wire JSON, so that a page of a thousand runs is a thousand column reads. Triggers delete
 * the row whenever anything of the run changes.
 */
export const runDocuments = sqliteTable("run_documents", {
  runId: text("run_id").primaryKey(),
  document: text("document").notNull(),
  /**
   * A random number of 53 bits. Any change deletes the row, so each stamp stands for one text. Null in rows of older
   * versions.
   */
  stamp: integer("stamp"),
});

/**
 * Runs and logged models that were moved to another experiment. Their files stay where clients know them: in the folder of
 * this experiment, which is not theirs any more.
 */
export const movedThings = sqliteTable(
  "moved_things",
  {
    kind: text("kind", { enum: ["run", "logged_model"] }).notNull(),
    /** The id of the run or the model. */
    id: text("id").notNull(),
    /** The experiment whose location the files lie below. */
    experimentId: integer("experiment_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.id] }), index("moved_from").on(table.experimentId)],
);
