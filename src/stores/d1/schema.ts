import { sql } from "drizzle-orm";
import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { RESOURCE_TYPES } from "../../domain/access.ts";
import { LIFECYCLE_STAGES, LOGGED_MODEL_STATUSES, RUN_STATUSES, STORED_STAGES } from "../../domain/entities.ts";
import { RECORD_KINDS } from "../../domain/records.ts";

/*
 * D1 holds everything that is searched; metric history lives in the runs' objects (stores/run/). `npm run db:new` writes
 * a migration from this file; what drizzle cannot say (WITHOUT ROWID, triggers, views) is written into it by hand.
 *
 * Times are milliseconds since 1970, as the client's clock had them. int64 columns may hold integers beyond 2^53:
 * read those as text.
 */

/*
 * Long values would bloat a search index. Those on params and tags leave longer ones out, so that they cover a query, which
 * must repeat their condition, and other indexes tell which keys have such values; the others hold a prefix, and a query
 * names the prefix and the whole value.
 */

export const experiments = sqliteTable(
  "experiments",
  {
    experimentId: integer("experiment_id").primaryKey({ autoIncrement: true }),
    name: text("name").notNull(),
    artifactLocation: text("artifact_location").notNull(),
    lifecycleStage: text("lifecycle_stage", { enum: LIFECYCLE_STAGES }).notNull(),
    creationTimeMs: integer("creation_time").notNull(),
    lastUpdateTimeMs: integer("last_update_time").notNull(),
  },
  // Deleted experiments keep their names, as in MLflow.
  (table) => [
    uniqueIndex("experiments_name").on(table.name),
    // To find whose an artifact is, and to keep locations apart.
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
 * Deletions and restorations of experiments that are not finished: the experiment is in its stage, and its runs follow in
 * slices. A row is there from the first moment until every run has followed and every live object was told.
 */
export const experimentMoves = sqliteTable("experiment_moves", {
  experimentId: integer("experiment_id").primaryKey(),
  toStage: text("to_stage", { enum: LIFECYCLE_STAGES }).notNull(),
  movedTimeMs: integer("moved_time").notNull(),
  /** Objects of live runs up to this run id were told; empty while none was. */
  toldThrough: text("told_through").notNull(),
});

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
    /** Once true, always. While false, `latest_metrics` is the whole history: each metric of the run has one point. */
    hasObject: integer("has_object", { mode: "boolean" }).notNull().default(true),
    /** The object that has, or will have, the run's history: a cell by its name, or where empty one named by the run id. */
    cell: text("cell").notNull().default(""),
  },
  (table) => [
    index("runs_by_start").on(table.experimentId, table.lifecycleStage, sql`start_time DESC`, table.runId),
    index("runs_running")
      .on(table.experimentId, sql`start_time DESC`)
      .where(sql`status = 'RUNNING' AND lifecycle_stage = 'active'`),
    index("runs_live").on(table.experimentId).where(sql`live_epoch IS NOT NULL`),
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
    /** Of the point with the greatest (step, timestamp, value); 0 where `is_nan`. */
    value: real("value").notNull(),
    isNan: integer("is_nan", { mode: "boolean" }).notNull(),
    step: integer("step").notNull(),
    timestamp: integer("timestamp").notNull(),
    /** Over all points that are numbers; null while there is none. */
    minValue: real("min_value"),
    maxValue: real("max_value"),
    /**
     * Of the point with the least (step, timestamp, value); null in rows of the version before, until their run's object
     * starts again.
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
  // The first to log a dataset defines it, as in MLflow.
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
 * What a run at rest answers as wire JSON, so that a page of a thousand runs is a thousand column reads. Triggers drop
 * the row whenever something of the run changes.
 */
export const runDocuments = sqliteTable("run_documents", {
  runId: text("run_id").primaryKey(),
  document: text("document").notNull(),
  /** A random number of 53 bits. Any change deletes the row, so of one stamp there is one text; null from older versions. */
  stamp: integer("stamp"),
});

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

/** Every point, unlike runs' metrics: a model answers all of them, and a filter holds where any does. They are few. */
export const loggedModelMetrics = sqliteTable(
  "logged_model_metrics",
  {
    modelId: text("model_id").notNull(),
    key: text("key").notNull(),
    timestamp: integer("timestamp").notNull(),
    step: integer("step").notNull(),
    runId: text("run_id").notNull(),
    /** 0 where `is_nan`. */
    value: real("value").notNull(),
    isNan: integer("is_nan", { mode: "boolean" }).notNull(),
    datasetName: text("dataset_name"),
    datasetDigest: text("dataset_digest"),
    experimentId: integer("experiment_id").notNull(),
  },
  (table) => [
    // The latest of a key is the greatest (timestamp, step), the last of its rows here.
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

/** People and jobs that sign in by name and password. The admin of the server's settings is none of them. */
export const users = sqliteTable(
  "users",
  {
    userId: integer("user_id").primaryKey({ autoIncrement: true }),
    username: text("username").notNull(),
    /** As services/access/passwords.ts writes it. */
    passwordHash: text("password_hash").notNull(),
    /** A random number of 53 bits, another after each change of the password. */
    stamp: integer("stamp").notNull(),
    isAdmin: integer("is_admin", { mode: "boolean" }).notNull(),
    creationTimeMs: integer("creation_time").notNull(),
  },
  (table) => [uniqueIndex("users_username").on(table.username)],
);

/** A user's own grants are those of a role of the user alone, whose owner the user is. */
export const roles = sqliteTable(
  "roles",
  {
    roleId: integer("role_id").primaryKey({ autoIncrement: true }),
    name: text("name").notNull(),
    description: text("description"),
    ownerId: integer("owner_id"),
  },
  (table) => [uniqueIndex("roles_name").on(table.name), uniqueIndex("roles_owner").on(table.ownerId)],
);

export const userRoles = sqliteTable(
  "user_roles",
  {
    userId: integer("user_id").notNull(),
    roleId: integer("role_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.roleId] }), index("user_roles_by_role").on(table.roleId)],
);

/** Grants name experiments and registered models by their row ids, which are never given again and outlive a rename. */
export const rolePermissions = sqliteTable(
  "role_permissions",
  {
    roleId: integer("role_id").notNull(),
    resourceType: text("resource_type", { enum: RESOURCE_TYPES }).notNull(),
    /** An id, or `*`. */
    resourcePattern: text("resource_pattern").notNull(),
    level: integer("level").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.roleId, table.resourceType, table.resourcePattern] }),
    index("role_permissions_by_resource").on(table.resourceType, table.resourcePattern),
  ],
);

/** Prompts too: registered models with the tag `mlflow.prompt.is_prompt`. A rename is one row, since all else names the id. */
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

/** A deleted version keeps its row, in stage `Deleted_Internal`, so that its number is never given again. */
export const modelVersions = sqliteTable(
  "model_versions",
  {
    registeredModelId: integer("registered_model_id").notNull(),
    version: integer("version").notNull(),
    currentStage: text("current_stage", { enum: STORED_STAGES }).notNull(),
    description: text("description"),
    source: text("source").notNull(),
    /** Where the files lie when `source` only names another model; as it was at creation. */
    storageLocation: text("storage_location"),
    runId: text("run_id"),
    runLink: text("run_link"),
    /** The logged model that it was registered from. */
    modelId: text("model_id"),
    creationTimeMs: integer("creation_time").notNull(),
    lastUpdateTimeMs: integer("last_update_time").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.registeredModelId, table.version] }),
    // Which is the newest of a stage.
    index("model_versions_by_stage").on(table.registeredModelId, table.currentStage, table.version),
    index("model_versions_by_update").on(sql`last_update_time DESC`),
    index("model_versions_by_run").on(table.runId).where(sql`run_id IS NOT NULL`),
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

/** What was imported whole: the same digest again is the same record, which need not be written again. */
export const imports = sqliteTable(
  "imports",
  {
    kind: text("kind", { enum: RECORD_KINDS }).notNull(),
    id: text("id").notNull(),
    digest: text("digest").notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.id] })],
);
