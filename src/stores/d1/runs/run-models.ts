import type { ModelOutput } from "../../../domain/logged-model.ts";
import type { Database, Statement } from "../connection/database.ts";
import { jsonLists } from "../connection/json-lists.ts";

/** Records logged models that a run used. */
export function insertModelInputStatements(db: Database, runId: string, modelIds: readonly string[]): Statement[] {
  const statement = db.prepare(
    "INSERT INTO model_inputs (run_id, model_id) SELECT ?1, value FROM json_each(?2) WHERE TRUE ON CONFLICT DO NOTHING",
  );
  return jsonLists(modelIds.map((modelId) => JSON.stringify(modelId))).map((list) => statement.bind(runId, list));
}

/** Records logged models that a run created. For each model, the step logged last is kept. */
export function upsertModelOutputStatements(db: Database, runId: string, models: readonly ModelOutput[]): Statement[] {
  const statement = db.prepare(
    `INSERT INTO model_outputs (run_id, model_id, step) SELECT ?1, value ->> 0, value ->> 1 FROM json_each(?2)
     WHERE TRUE ON CONFLICT DO UPDATE SET step = excluded.step`,
  );
  const rows = models.map(({ modelId, step }) => `[${JSON.stringify(modelId)},${step}]`);
  return jsonLists(rows).map((list) => statement.bind(runId, list));
}
