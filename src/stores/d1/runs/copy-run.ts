import type { Database, Statement } from "../connection/database.ts";
import { uriBelowLocation } from "../experiments/locations.ts";
import type { loggedModels } from "../schema/logged-models.ts";
import type { StoredRow } from "../schema/rows.ts";

/** The tag by which a copied run names the original. */
export const COPIED_FROM_TAG = "trackflare.copiedFrom";

/** A run's copy, and the ids of the copies of its logged models. */
export interface RunCopy {
  readonly fromId: string;
  readonly toId: string;
  readonly experimentId: string;
  /** The cell that will have the copy's history. */
  readonly cell: string;
  readonly models: readonly { readonly fromId: string; readonly toId: string }[];
  /** Runs that are copied together, so that a child finds the copy of its parent. */
  readonly parents: readonly { readonly fromId: string; readonly toId: string }[];
}

const TO_EXPERIMENT = "CAST(?3 AS INTEGER)";
/** ?4 is a JSON list of pairs: the id of a model, and of its copy. */
const MODELS = "json_each(?4) j CROSS JOIN";

/** Each binds the ids of run, copy and experiment, and some the models. Each may be repeated. */
const COPY: readonly string[] = [
  `INSERT INTO params (run_id, key, value, experiment_id)
   SELECT ?2, key, value, ${TO_EXPERIMENT} FROM params WHERE run_id = ?1 ON CONFLICT DO NOTHING`,
  `INSERT INTO tags (run_id, key, value, experiment_id)
   SELECT ?2, key, value, ${TO_EXPERIMENT} FROM tags WHERE run_id = ?1 AND key <> '${COPIED_FROM_TAG}' ON CONFLICT DO NOTHING`,
  `INSERT INTO datasets (experiment_id, name, digest, source_type, source, schema, profile)
   SELECT ${TO_EXPERIMENT}, d.name, d.digest, d.source_type, d.source, d.schema, d.profile
   FROM inputs i CROSS JOIN datasets d ON d.dataset_id = i.dataset_id WHERE i.run_id = ?1 ON CONFLICT DO NOTHING`,
  ...["inputs i", "input_tags i"].map((table) => {
    const more = table === "inputs i" ? ["", ""] : [", key, value", ", i.key, i.value"];
    return `INSERT INTO ${table.slice(0, -2)} (run_id, dataset_id${more[0]}) SELECT ?2, n.dataset_id${more[1]}
     FROM ${table} CROSS JOIN datasets d ON d.dataset_id = i.dataset_id
     CROSS JOIN datasets n ON n.experiment_id = ${TO_EXPERIMENT} AND n.name = d.name AND n.digest = d.digest
     WHERE i.run_id = ?1 ON CONFLICT DO NOTHING`;
  }),
  "INSERT INTO model_inputs (run_id, model_id) SELECT ?2, model_id FROM model_inputs WHERE run_id = ?1 ON CONFLICT DO NOTHING",
];

const COPY_MODELS: readonly string[] = [
  `INSERT INTO logged_models (model_id, experiment_id, name, model_type, source_run_id, status, status_message, artifact_uri,
     lifecycle_stage, creation_time, last_update_time)
   SELECT j.value ->> 1, e.experiment_id, m.name, m.model_type, ?2, m.status, m.status_message,
     ${uriBelowLocation("'models/' || (j.value ->> 1) || '/artifacts'")}, 'active', m.creation_time, m.last_update_time
   FROM ${MODELS} logged_models m ON m.model_id = j.value ->> 0 AND m.source_run_id = ?1
   CROSS JOIN experiments e ON e.experiment_id = ${TO_EXPERIMENT} WHERE TRUE ON CONFLICT DO NOTHING`,
  ...["params", "tags"].map(
    (kind) => `INSERT INTO logged_model_${kind} (model_id, key, value, experiment_id)
   SELECT j.value ->> 1, m.key, m.value, ${TO_EXPERIMENT} FROM ${MODELS} logged_model_${kind} m ON m.model_id = j.value ->> 0
   WHERE ?1 <> ?2 ON CONFLICT DO NOTHING`,
  ),
  `INSERT INTO logged_model_metrics (model_id, key, timestamp, step, run_id, value, is_nan, dataset_name, dataset_digest, experiment_id)
   SELECT j.value ->> 1, m.key, m.timestamp, m.step, iif(m.run_id = ?1, ?2, m.run_id), m.value, m.is_nan, m.dataset_name,
     m.dataset_digest, ${TO_EXPERIMENT}
   FROM ${MODELS} logged_model_metrics m ON m.model_id = j.value ->> 0 WHERE TRUE ON CONFLICT DO NOTHING`,
  `INSERT INTO model_outputs (run_id, model_id, step)
   SELECT ?2, coalesce((SELECT j.value ->> 1 FROM json_each(?4) j WHERE j.value ->> 0 = o.model_id), o.model_id), o.step
   FROM model_outputs o WHERE o.run_id = ?1 AND ${TO_EXPERIMENT} IS NOT NULL ON CONFLICT DO NOTHING`,
];

/**
 * Writes a copy of a run with everything except points and files, and copies of its logged models. The copy is SCHEDULED
 * until {@link endCopy}. It may be repeated.
 */
export async function copyRunRows(db: Database, copy: RunCopy): Promise<void> {
  const { fromId, toId, experimentId, cell } = copy;
  const pairs = (of: RunCopy["models"]) => JSON.stringify(of.map((one) => [one.fromId, one.toId]));
  const models = pairs(copy.models);
  const insert = db
    .prepare(
      `INSERT INTO runs (run_id, experiment_id, run_name, user_id, status, start_time, end_time, artifact_uri, lifecycle_stage,
         has_object, cell)
       SELECT ?2, e.experiment_id, r.run_name, r.user_id, 'SCHEDULED', r.start_time, r.end_time,
         ${uriBelowLocation("?2 || '/artifacts'")}, 'active', FALSE, ?4
       FROM runs r CROSS JOIN experiments e ON e.experiment_id = ${TO_EXPERIMENT} AND e.lifecycle_stage = 'active'
       WHERE r.run_id = ?1 ON CONFLICT DO NOTHING`,
    )
    .bind(fromId, toId, experimentId, cell);
  const origin = db
    .prepare(
      `INSERT INTO tags (run_id, key, value, experiment_id)
       SELECT run_id, '${COPIED_FROM_TAG}', ?1, experiment_id FROM runs WHERE run_id = ?2 ON CONFLICT DO NOTHING`,
    )
    .bind(fromId, toId);
  const parent = db
    .prepare(
      `UPDATE tags SET value = (SELECT j.value ->> 1 FROM json_each(?2) j WHERE j.value ->> 0 = tags.value)
       WHERE run_id = ?1 AND key = 'mlflow.parentRunId' AND value IN (SELECT j.value ->> 0 FROM json_each(?2) j)`,
    )
    .bind(toId, pairs(copy.parents));
  const statements: Statement[] = [
    insert,
    origin,
    ...COPY.map((sql) => db.prepare(sql).bind(fromId, toId, ...(sql.includes("?3") ? [experimentId] : []))),
    parent,
    ...COPY_MODELS.map((sql) => db.prepare(sql).bind(fromId, toId, experimentId, models)),
  ];
  await db.batch(statements);
}

/** Gives a complete copy the status of the original. */
export async function endCopy(db: Database, fromId: string, toId: string): Promise<void> {
  await db
    .prepare(
      `UPDATE runs SET status = coalesce((SELECT status FROM runs WHERE run_id = ?1), 'FINISHED')
       WHERE run_id = ?2 AND status = 'SCHEDULED'`,
    )
    .bind(fromId, toId)
    .run();
}

/** The original of which a run is a copy; undefined for any other run. */
export async function originOf(db: D1Database, runId: string): Promise<string | undefined> {
  const row = await db
    .prepare(`SELECT value FROM tags WHERE run_id = ? AND key = '${COPIED_FROM_TAG}'`)
    .bind(runId)
    .first<{ value: string }>();
  return row?.value;
}

/** Where the files of a thing are, and where its copy's files go. */
export interface CopiedFolder {
  readonly from: string;
  readonly to: string;
}

/** The artifact URIs of a run and its logged models, and of their copies. */
export async function copiedFolders(db: D1Database, { fromId, toId, models }: RunCopy): Promise<CopiedFolder[]> {
  const { results } = await db
    .prepare(
      `SELECT a.artifact_uri AS "from", b.artifact_uri AS "to" FROM runs a JOIN runs b ON a.run_id = ?1 AND b.run_id = ?2
       UNION ALL SELECT a.artifact_uri, b.artifact_uri FROM json_each(?3) j
         CROSS JOIN logged_models a ON a.model_id = j.value ->> 0 CROSS JOIN logged_models b ON b.model_id = j.value ->> 1`,
    )
    .bind(fromId, toId, JSON.stringify(models.map((one) => [one.fromId, one.toId])))
    .all<CopiedFolder>();
  return results;
}

/** The active logged models of a run, by id. */
export async function findModelsOf(db: D1Database, runId: string): Promise<string[]> {
  const { results } = await db
    .prepare(
      "SELECT model_id FROM logged_models WHERE source_run_id = ? AND lifecycle_stage = 'active' ORDER BY model_id",
    )
    .bind(runId)
    .all<Pick<StoredRow<typeof loggedModels>, "model_id">>();
  return results.map(({ model_id }) => model_id);
}
