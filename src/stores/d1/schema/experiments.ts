import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { LIFECYCLE_STAGES } from "../../../domain/entities.ts";

export const experiments = sqliteTable(
  "experiments",
  {
    experimentId: integer("experiment_id").primaryKey({ autoIncrement: true }),
    name: text("name").notNull(),
    artifactLocation: text("artifact_location").notNull(),
    lifecycleStage: text("lifecycle_stage", { enum: LIFECYCLE_STAGES }).notNull(),
    creationTimeMs: integer("creation_time").notNull(),
    lastUpdateTimeMs: integer("last_update_time").notNull(),
    /** How many runs the experiment has. Triggers keep the three counts; they are null until they were counted once. */
    activeRuns: integer("active_runs"),
    deletedRuns: integer("deleted_runs"),
    /** Active runs whose status is RUNNING. */
    runningRuns: integer("running_runs"),
  },
  // Deleted experiments keep their names, as in MLflow.
  (table) => [
    uniqueIndex("experiments_name").on(table.name),
    // To find the experiment of an artifact, and to prevent overlapping locations.
    index("experiments_location").on(table.artifactLocation),
  ],
);

export const experimentTags = sqliteTable(
  "experiment_tags",
  {
    experimentId: integer("experiment_id").notNull(),
    key: text("key").notNull(),
    value: text("value").notNull(),
  },
  (table) => [primaryKey({ columns: [table.experimentId, table.key] })],
);

/**
 * Unfinished deletions and restorations of experiments: the experiment is in its new stage, and its runs follow in slices.
 * A row exists until every run has followed and every live object was told.
 */
export const experimentMoves = sqliteTable("experiment_moves", {
  experimentId: integer("experiment_id").primaryKey(),
  toStage: text("to_stage", { enum: LIFECYCLE_STAGES }).notNull(),
  movedTimeMs: integer("moved_time").notNull(),
  /** Objects of live runs up to this run id were told; empty while no object was told. */
  toldThrough: text("told_through").notNull(),
});
