import type { KeyValue } from "../../../domain/entities.ts";
import type { Database, Statement } from "../connection/database.ts";
import { ifRoom } from "../connection/guard.ts";
import { keyValueLists } from "../connection/json-lists.ts";

/** Adds params to an existing run; a changed value stops the batch with guard `param_unchanged`. */
export function insertParamsStatements(db: Database, runId: string, params: readonly KeyValue[]): Statement[] {
  const statement = db.prepare(
    `INSERT INTO params (run_id, key, value, experiment_id)
     SELECT r.run_id, j.value ->> 0, ${ifRoom("j.value ->> 1", "FROM params WHERE run_id = ?1")}, r.experiment_id
     FROM json_each(?2) j JOIN runs r ON r.run_id = ?1
     WHERE TRUE ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value`,
  );
  return keyValueLists(params).map((list) => statement.bind(runId, list));
}

/** The logged params of the run whose keys are in `keys`. */
export async function findParams(db: D1Database, runId: string, keys: readonly string[]): Promise<KeyValue[]> {
  const { results } = await db
    .prepare("SELECT key, value FROM params WHERE run_id = ? AND key IN (SELECT value FROM json_each(?))")
    .bind(runId, JSON.stringify(keys))
    .all<KeyValue & Record<string, unknown>>();
  return results.map(({ key, value }) => ({ key, value }));
}
