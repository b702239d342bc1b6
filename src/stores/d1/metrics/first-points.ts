import type { Metric } from "../../../domain/entities.ts";
import { parseInt64 } from "../../../domain/int64.ts";
import type { Database, Statement } from "../connection/database.ts";

/*
 * A run starts without an object: while each of its metrics has one point, `latest_metrics` is its whole history. A point
 * that does not fit there makes the object, which takes over what is here, and from then on holds the history alone.
 */

/** More metrics than this are no first points: an object takes them over in one piece. */
export const MAX_FIRST_POINTS = 1000;

/** Times and steps as text: D1 rounds integers beyond 2^53. */
const POINT_COLUMNS = `key, iif(is_nan, NULL, value) AS value, CAST(step AS TEXT) AS step,
  CAST(timestamp AS TEXT) AS timestamp`;

interface PointRow {
  key: string | null;
  value: number | null;
  step: string;
  timestamp: string;
}

/**
 * Rolls its batch back unless the run is active and has no object and none of the metrics yet: as `first_points` where it
 * is active, else as `run_active`.
 */
export function guardFirstPoints(db: Database, runId: string, keys: readonly string[]): Statement {
  return db
    .prepare(
      `INSERT INTO guard (name, holds)
       SELECT iif(r.lifecycle_stage = 'active', 'first_points', 'run_active'), NOT has_object AND lifecycle_stage = 'active'
         AND (SELECT count(*) FROM latest_metrics m WHERE m.run_id = r.run_id) <= ?3
         AND NOT EXISTS (SELECT 1 FROM json_each(?2) j JOIN latest_metrics m ON m.run_id = r.run_id AND m.key = j.value)
       FROM (SELECT ?1 AS id) asked LEFT JOIN runs r ON r.run_id = asked.id`,
    )
    .bind(runId, JSON.stringify(keys), MAX_FIRST_POINTS - keys.length);
}

/** The points that a new object takes over. */
export async function readFirstPoints(db: D1Database, runId: string): Promise<Metric[]> {
  const { results } = await db
    .prepare(`SELECT ${POINT_COLUMNS} FROM latest_metrics WHERE run_id = ?`)
    .bind(runId)
    .all<PointRow>();
  return results.map(toMetric);
}

/** Whether a run has an object and which, and where it has none, its points of the metrics asked for. */
export interface FirstPointsOfRun {
  readonly hasObject: boolean;
  readonly cell: string;
  readonly points: readonly Metric[];
}

/** The runs of `runIds` that exist, by their id. */
export async function findFirstPoints(
  db: D1Database,
  runIds: readonly string[],
  metricKey: string,
): Promise<Map<string, FirstPointsOfRun>> {
  const { results } = await db
    .prepare(
      `SELECT r.run_id, r.has_object, r.cell, ${POINT_COLUMNS} FROM runs r
       LEFT JOIN latest_metrics m ON m.run_id = r.run_id AND m.key = ? AND NOT r.has_object
       WHERE r.run_id IN (SELECT value FROM json_each(?))`,
    )
    .bind(metricKey, JSON.stringify(runIds))
    .all<PointRow & { run_id: string; has_object: number; cell: string }>();
  return new Map(
    results.map((row) => [
      row.run_id,
      { hasObject: row.has_object === 1, cell: row.cell, points: row.key === null ? [] : [toMetric(row)] },
    ]),
  );
}

function toMetric({ key, value, step, timestamp }: PointRow): Metric {
  return {
    key: key ?? "",
    value: value ?? Number.NaN,
    step: parseInt64(step) ?? 0,
    timestamp: parseInt64(timestamp) ?? 0,
  };
}
