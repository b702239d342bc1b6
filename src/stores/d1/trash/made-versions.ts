import type { TrashKind } from "../../../domain/trash.ts";
import { integerList } from "../connection/json-lists.ts";

const COUNTS: Readonly<Record<TrashKind, string>> = {
  run: `SELECT v.run_id AS id, count(*) AS versions FROM json_each(?) j
    CROSS JOIN model_versions v INDEXED BY model_versions_by_run ON v.run_id = j.value
    WHERE v.current_stage <> 'Deleted_Internal' GROUP BY v.run_id`,
  logged_model: `SELECT v.model_id AS id, count(*) AS versions FROM json_each(?) j
    CROSS JOIN model_versions v INDEXED BY model_versions_by_model ON v.model_id = j.value
    WHERE v.current_stage <> 'Deleted_Internal' GROUP BY v.model_id`,
  experiment: `SELECT CAST(coalesce(r.experiment_id, m.experiment_id) AS TEXT) AS id, count(*) AS versions FROM model_versions v
    LEFT JOIN runs r ON r.run_id = v.run_id LEFT JOIN logged_models m ON m.model_id = v.model_id
    WHERE v.current_stage <> 'Deleted_Internal'
      AND coalesce(r.experiment_id, m.experiment_id) IN (SELECT value FROM json_each(?)) GROUP BY id`,
};

/**
 * How many versions of registered models were created from each of these things. These versions stay, and may lose their
 * files.
 */
export async function countVersionsOf(
  db: D1Database,
  kind: TrashKind,
  ids: readonly string[],
): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map();
  const { results } = await db
    .prepare(COUNTS[kind])
    .bind(kind === "experiment" ? integerList(ids) : JSON.stringify(ids))
    .all<{ id: string; versions: number }>();
  return new Map(results.map(({ id, versions }) => [id, versions]));
}
