import type { Database, Statement } from "../connection/database.ts";
import { exactDoubleSql } from "../connection/exact-double.ts";
import { jsonLists } from "../connection/json-lists.ts";
import { type SummaryRowJson, upsertLatestStatements } from "../metrics/latest-metrics.ts";

/**
 * Writes points of runs whose metrics have one point each, so that `latest_metrics` has their whole history. Rolls its
 * batch back, with guard `first_points`, if a run has an object, or has another point of one of the metrics.
 */
export function importFirstPointsStatements(db: Database, rows: readonly SummaryRowJson[]): Statement[] {
  const guard = db.prepare(
    `INSERT INTO guard (name, holds) SELECT 'first_points', NOT EXISTS (
       SELECT 1 FROM json_each(?) j CROSS JOIN runs r ON r.run_id = j.value ->> 0
         LEFT JOIN latest_metrics m ON m.run_id = r.run_id AND m.key = j.value ->> 1
       WHERE r.has_object OR (m.key IS NOT NULL AND (m.value, m.is_nan, m.step, m.timestamp)
         IS NOT (${exactDoubleSql(2)}, j.value ->> 3, j.value ->> 4, j.value ->> 5)))`,
  );
  return [...jsonLists(rows).map((list) => guard.bind(list)), ...upsertLatestStatements(db, rows)];
}
