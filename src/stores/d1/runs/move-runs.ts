import { type AuditedCaller, auditStatement } from "../access/audit.ts";
import type { Database } from "../connection/database.ts";

/*
 * A run moves to another experiment in one transaction, with its logged models. The columns `experiment_id` of other tables
 * are copies of the one in `runs`, for indexes. Every statement that writes such a copy reads it from `runs`, so a run that
 * logs meanwhile is moved correctly. The history stays where it is: its object knows no experiment.
 */

/** SQL: the experiment that the runs move to. ?1 is a JSON list of run ids. An id may be beyond 2^53, so it is bound as text. */
const TO = "CAST(?2 AS INTEGER)";

const MOVED_RUNS = `SELECT r.run_id FROM json_each(?1) j CROSS JOIN runs r ON r.run_id = j.value AND r.experiment_id = ${TO}`;
const MOVED_MODELS = `SELECT l.model_id FROM json_each(?1) j CROSS JOIN runs r ON r.run_id = j.value AND r.experiment_id = ${TO}
  CROSS JOIN logged_models l ON l.source_run_id = r.run_id`;

/** A run or model `t` whose files lie below the location of its present experiment leaves them there. */
const leavesFiles = (kind: string, id: string, from: string) =>
  `INSERT INTO moved_things (kind, id, experiment_id) SELECT '${kind}', t.${id}, t.experiment_id ${from}
   CROSS JOIN experiments o ON o.experiment_id = t.experiment_id
     AND t.artifact_uri > o.artifact_location || '/' AND t.artifact_uri < o.artifact_location || '0'
   WHERE TRUE ON CONFLICT DO NOTHING`;

/** The runs `r` that may move: not while either experiment is being deleted or restored. */
const movable = (
  runIds: string,
  to: string,
) => `json_each(${runIds}) j CROSS JOIN runs r ON r.run_id = j.value AND r.experiment_id <> ${to} AND r.lifecycle_stage = 'active'
    AND EXISTS (SELECT 1 FROM experiments e WHERE e.experiment_id = ${to} AND e.lifecycle_stage = 'active')
    AND NOT EXISTS (SELECT 1 FROM experiment_moves v WHERE v.experiment_id IN (${to}, r.experiment_id))`;

const MOVABLE = movable("?1", TO);

const copies = (table: string, key: string, moved: string) =>
  `UPDATE ${table} SET experiment_id = ${TO} WHERE ${key} IN (${moved}) AND experiment_id <> ${TO}`;

/** The dataset of the new experiment that equals the dataset `o` of another one. */
const SAME_DATASET = `SELECT n.dataset_id FROM datasets o JOIN datasets n
  ON n.experiment_id = ${TO} AND n.name = o.name AND n.digest = o.digest`;
const withNewDataset = (table: string) =>
  `UPDATE ${table} SET dataset_id = (${SAME_DATASET} WHERE o.dataset_id = ${table}.dataset_id)
   WHERE run_id IN (${MOVED_RUNS}) AND dataset_id IN (SELECT dataset_id FROM datasets WHERE experiment_id <> ${TO})`;

/** In this order: each statement sees what the statements before it have moved. */
const MOVE: readonly string[] = [
  leavesFiles("run", "run_id", `FROM ${MOVABLE} CROSS JOIN runs t ON t.run_id = r.run_id`),
  leavesFiles("logged_model", "model_id", `FROM ${MOVABLE} CROSS JOIN logged_models t ON t.source_run_id = r.run_id`),
  `UPDATE runs SET experiment_id = ${TO} WHERE run_id IN (SELECT r.run_id FROM ${MOVABLE})`,
  copies("params", "run_id", MOVED_RUNS),
  copies("tags", "run_id", MOVED_RUNS),
  copies("latest_metrics", "run_id", MOVED_RUNS),
  `INSERT INTO datasets (experiment_id, name, digest, source_type, source, schema, profile)
   SELECT ${TO}, d.name, d.digest, d.source_type, d.source, d.schema, d.profile FROM (${MOVED_RUNS}) m
   CROSS JOIN inputs i ON i.run_id = m.run_id CROSS JOIN datasets d ON d.dataset_id = i.dataset_id AND d.experiment_id <> ${TO}
   WHERE TRUE ON CONFLICT DO NOTHING`,
  withNewDataset("input_tags"),
  withNewDataset("inputs"),
  copies("logged_model_params", "model_id", MOVED_MODELS),
  copies("logged_model_tags", "model_id", MOVED_MODELS),
  copies("logged_model_metrics", "model_id", MOVED_MODELS),
  copies("logged_models", "model_id", MOVED_MODELS),
  // Moved back: the files lie in the right folder again.
  `DELETE FROM moved_things WHERE experiment_id = ${TO}
     AND (kind = 'run' AND id IN (${MOVED_RUNS}) OR kind = 'logged_model' AND id IN (${MOVED_MODELS}))`,
];

/** Moves the active ones of the runs, with their logged models, to an active experiment. Each moved run has an audit entry. */
export async function moveRunsTo(
  db: Database,
  runIds: readonly string[],
  experimentId: string,
  caller: AuditedCaller,
): Promise<void> {
  const asked = JSON.stringify(runIds);
  const entries = runIds.map((runId) => {
    const change = { action: "run.move", targetType: "run", targetId: runId } as const;
    const detail = `(SELECT json_object('from_experiment_id', CAST(r.experiment_id AS TEXT), 'experiment_id', ?12)
      FROM runs r WHERE r.run_id = ?9)`;
    const condition = `EXISTS (SELECT 1 FROM ${movable("?11", "CAST(?12 AS INTEGER)")})`;
    return auditStatement(db, caller, change, { condition, detail, values: [JSON.stringify([runId]), experimentId] });
  });
  await db.batch([...entries, ...MOVE.map((sql) => db.prepare(sql).bind(asked, experimentId))]);
}

/** Whether a run or model of another experiment has its files below this experiment's location. */
export async function hasMovedThings(db: D1Database, experimentId: string): Promise<boolean> {
  const row = await db
    .prepare("SELECT 1 FROM moved_things WHERE experiment_id = CAST(? AS INTEGER) LIMIT 1")
    .bind(experimentId)
    .first();
  return row !== null;
}

/** The experiments of these runs' logged models. */
export async function experimentsOfModels(db: D1Database, runIds: readonly string[]): Promise<string[]> {
  const { results } = await db
    .prepare(
      `SELECT DISTINCT CAST(l.experiment_id AS TEXT) AS id FROM json_each(?) j
       CROSS JOIN logged_models l ON l.source_run_id = j.value`,
    )
    .bind(JSON.stringify(runIds))
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}
