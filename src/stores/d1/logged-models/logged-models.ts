import type { KeyValue, LifecycleStage, LoggedModelStatus } from "../../../domain/entities.ts";
import { parseInt64 } from "../../../domain/int64.ts";
import { asStored } from "../../../domain/key-values.ts";
import type { LoggedModel, ModelMetric } from "../../../domain/logged-model.ts";
import type { Database, Statement } from "../connection/database.ts";
import { ifRoom } from "../connection/guard.ts";
import { bytesOf, type ItemQuery, type ItemReader, type ItemRows, readItem } from "../connection/items.ts";
import { keyValueLists } from "../connection/json-lists.ts";
import { uriBelowLocation } from "../experiments/locations.ts";
import type { loggedModelMetrics, loggedModels, loggedModelTags } from "../schema/logged-models.ts";
import type { AsText, StoredRow } from "../schema/rows.ts";

export interface NewLoggedModel {
  readonly modelId: string;
  readonly experimentId: string;
  readonly name: string;
  readonly modelType: string;
  readonly sourceRunId: string;
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly nowMs: number;
}

/** @returns the new model; undefined if there is no active experiment with that id. */
export async function insertLoggedModel(db: Database, model: NewLoggedModel): Promise<LoggedModel | undefined> {
  const { modelId, experimentId, name, modelType, sourceRunId, nowMs } = model;
  const [inserted] = await db.batch<
    Pick<AsText<StoredRow<typeof loggedModels>, "experiment_id">, "experiment_id" | "artifact_uri">
  >([
    db
      .prepare(
        `INSERT INTO logged_models (model_id, experiment_id, name, model_type, source_run_id, status, artifact_uri,
           lifecycle_stage, creation_time, last_update_time)
         SELECT ?1, experiment_id, ?3, ?4, ?5, 'LOGGED_MODEL_PENDING', ${uriBelowLocation("'models/' || ?1 || '/artifacts'")},
           'active', ?6, ?6
         FROM experiments WHERE experiment_id = ?2 AND lifecycle_stage = 'active'
         RETURNING CAST(experiment_id AS TEXT) AS experiment_id, artifact_uri`,
      )
      .bind(modelId, experimentId, name, modelType, sourceRunId, nowMs),
    ...insertParamsStatements(db, modelId, model.params),
    ...upsertTagsStatements(db, modelId, model.tags),
  ]);
  const row = inserted?.results[0];
  if (row === undefined) return undefined;
  return {
    modelId,
    experimentId: row.experiment_id,
    name,
    modelType,
    sourceRunId,
    status: "LOGGED_MODEL_PENDING",
    statusMessage: null,
    artifactUri: row.artifact_uri,
    creationTimeMs: nowMs,
    lastUpdateTimeMs: nowMs,
    tags: asStored(model.tags),
    params: asStored(model.params),
    metrics: [],
  };
}

/** Adds params to an existing model. A param with a changed value becomes NULL, which the column refuses. */
function insertParamsStatements(db: Database, modelId: string, params: readonly KeyValue[]): Statement[] {
  const statement = db.prepare(
    `INSERT INTO logged_model_params (model_id, key, value, experiment_id)
     SELECT m.model_id, j.value ->> 0, ${ifRoom("j.value ->> 1", "FROM logged_model_params WHERE model_id = ?1")},
       m.experiment_id
     FROM json_each(?2) j JOIN logged_models m ON m.model_id = ?1
     WHERE TRUE ON CONFLICT DO UPDATE SET value = iif(value = excluded.value, value, NULL)`,
  );
  return keyValueLists(params).map((list) => statement.bind(modelId, list));
}

/** Sets tags of an existing model; of two tags with the same key the later wins. */
function upsertTagsStatements(db: Database, modelId: string, tags: readonly KeyValue[]): Statement[] {
  const statement = db.prepare(
    `INSERT INTO logged_model_tags (model_id, key, value, experiment_id)
     SELECT m.model_id, j.value ->> 0, ${ifRoom("j.value ->> 1", "FROM logged_model_tags WHERE model_id = ?1")},
       m.experiment_id
     FROM json_each(?2) j JOIN logged_models m ON m.model_id = ?1
     WHERE TRUE ON CONFLICT DO UPDATE SET value = excluded.value`,
  );
  return keyValueLists(tags).map((list) => statement.bind(modelId, list));
}

/**
 * Adds params, all or none. Params that the model already has with the same value are fine.
 * @returns `changed` if the model has one of the params with another value.
 */
export async function addParams(
  db: Database,
  modelId: string,
  params: readonly KeyValue[],
): Promise<"added" | "changed" | "not found"> {
  try {
    const [model] = await db.batch([selectModel(db, modelId), ...insertParamsStatements(db, modelId, params)]);
    return (model?.results.length ?? 0) > 0 ? "added" : "not found";
  } catch (error) {
    const isChange =
      error instanceof Error && error.message.includes("NOT NULL constraint failed: logged_model_params");
    if (isChange) return "changed";
    throw error;
  }
}

function selectModel(db: Database, modelId: string): Statement {
  return db.prepare("SELECT 1 FROM logged_models WHERE model_id = ?").bind(modelId);
}

/** @returns whether the model is there. */
export async function setTags(db: Database, modelId: string, tags: readonly KeyValue[]): Promise<boolean> {
  const [model] = await db.batch([selectModel(db, modelId), ...upsertTagsStatements(db, modelId, tags)]);
  return (model?.results.length ?? 0) > 0;
}

/** @returns whether the model exists, and whether it had the tag. */
export async function deleteTag(
  db: Database,
  modelId: string,
  key: string,
): Promise<{ readonly isFound: boolean; readonly isDeleted: boolean }> {
  const [model, deleted] = await db.batch([
    selectModel(db, modelId),
    db.prepare("DELETE FROM logged_model_tags WHERE model_id = ? AND key = ?").bind(modelId, key),
  ]);
  return { isFound: (model?.results.length ?? 0) > 0, isDeleted: (deleted?.meta.changes ?? 0) > 0 };
}

export interface LoggedModelChanges {
  readonly status?: LoggedModelStatus;
  readonly lifecycleStage?: LifecycleStage;
}

/** @returns whether the model is there. */
export async function updateLoggedModel(
  db: Database,
  modelId: string,
  changes: LoggedModelChanges,
  nowMs: number,
): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `UPDATE logged_models SET status = coalesce(?2, status), lifecycle_stage = coalesce(?3, lifecycle_stage),
         last_update_time = ?4 WHERE model_id = ?1`,
    )
    .bind(modelId, changes.status ?? null, changes.lifecycleStage ?? null, nowMs)
    .run();
  return meta.changes > 0;
}

/** The experiment's id as text: D1 rounds integers beyond 2^53. */
const INFO_COLUMNS = `m.model_id, CAST(m.experiment_id AS TEXT) AS experiment_id, m.name, m.model_type, m.source_run_id,
  m.status, m.status_message, m.artifact_uri, m.lifecycle_stage, m.creation_time, m.last_update_time`;

type ModelRow = AsText<StoredRow<typeof loggedModels>, "experiment_id">;

/** A model from its row, without the data from other tables. */
export type LoggedModelInfo = Omit<LoggedModel, "tags" | "params" | "metrics"> & {
  readonly lifecycleStage: LifecycleStage;
};

function toInfo(row: ModelRow): LoggedModelInfo {
  return {
    modelId: row.model_id,
    experimentId: row.experiment_id,
    name: row.name,
    modelType: row.model_type ?? "",
    sourceRunId: row.source_run_id ?? "",
    status: row.status,
    statusMessage: row.status_message,
    artifactUri: row.artifact_uri,
    lifecycleStage: row.lifecycle_stage,
    creationTimeMs: row.creation_time,
    lastUpdateTimeMs: row.last_update_time,
  };
}

/** Finds a model, even if it is deleted. */
export async function findLoggedModel(db: D1Database, modelId: string): Promise<LoggedModelInfo | undefined> {
  const row = await db
    .prepare(`SELECT ${INFO_COLUMNS} FROM logged_models m WHERE model_id = ?`)
    .bind(modelId)
    .first<ModelRow>();
  return row === null ? undefined : toInfo(row);
}

type PairRow = Pick<StoredRow<typeof loggedModelTags>, "model_id" | "key" | "value">;

type MetricRow = Omit<AsText<StoredRow<typeof loggedModelMetrics>, "timestamp" | "step">, "experiment_id">;

function toMetric(row: MetricRow): ModelMetric {
  return {
    modelId: row.model_id,
    runId: row.run_id,
    key: row.key,
    value: row.is_nan === 1 ? Number.NaN : row.value,
    timestamp: parseInt64(row.timestamp) ?? 0,
    step: parseInt64(row.step) ?? 0,
    datasetName: row.dataset_name ?? undefined,
    datasetDigest: row.dataset_digest ?? undefined,
  };
}

/** Reads a model, deleted or not, with its data from other tables; undefined if there is no such model. */
export async function readLoggedModel(db: D1Database, modelId: string): Promise<StoredLoggedModel | undefined> {
  return await readItem(db, LOGGED_MODELS, modelId);
}

/** A model with its data from other tables. */
export type StoredLoggedModel = LoggedModel & { readonly lifecycleStage: LifecycleStage };

/** Logged models by their ids, including deleted ones. */
export const LOGGED_MODELS: ItemReader<StoredLoggedModel> = {
  itemsPerRead: 100,
  queries: modelQueries,
  toItems: toLoggedModels,
};

function modelQueries(ids: string): ItemQuery[] {
  const asked = `FROM ${ids} j CROSS JOIN`;
  const ofModels = (table: string) => ({
    sql: `SELECT j.key AS item, t.model_id, t.key, t.value ${asked} ${table} t ON t.model_id = j.value`,
    bytes: bytesOf("key", "value"),
  });
  return [
    {
      sql: `SELECT j.key AS item, ${INFO_COLUMNS} ${asked} logged_models m ON m.model_id = j.value`,
      bytes: bytesOf("name", "model_type", "status_message", "artifact_uri"),
    },
    ofModels("logged_model_tags"),
    ofModels("logged_model_params"),
    {
      sql: `SELECT j.key AS item, m.model_id, m.run_id, m.key, m.value, m.is_nan, CAST(m.timestamp AS TEXT) AS timestamp,
          CAST(m.step AS TEXT) AS step, m.dataset_name, m.dataset_digest
        ${asked} logged_model_metrics m ON m.model_id = j.value`,
      bytes: bytesOf("key", "dataset_name", "dataset_digest"),
    },
  ];
}

function toLoggedModels([models, tags, params, metrics]: readonly ItemRows[]): StoredLoggedModel[] {
  const tagsOf = Map.groupBy((tags?.results ?? []) as PairRow[], (row) => row.model_id);
  const paramsOf = Map.groupBy((params?.results ?? []) as PairRow[], (row) => row.model_id);
  const metricsOf = Map.groupBy((metrics?.results ?? []) as MetricRow[], (row) => row.model_id);
  return ((models?.results ?? []) as ModelRow[]).map((row) => ({
    ...toInfo(row),
    tags: tagsOf.get(row.model_id)?.map(toPair) ?? [],
    params: paramsOf.get(row.model_id)?.map(toPair) ?? [],
    metrics: metricsOf.get(row.model_id)?.map(toMetric) ?? [],
  }));
}

function toPair({ key, value }: PairRow): KeyValue {
  return { key, value };
}
