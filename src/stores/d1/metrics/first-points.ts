import type { Metric } from "../../../domain/entities.ts";
import { parseInt64 } from "../../../domain/int64.ts";
import type { Database, Statement } from "../connection/database.ts";
import { INSERT_LATEST, type SummaryRowJson } from "./latest-metrics.ts";

/*
 * A run starts without an object: while each of its metrics has one point, `latest_metrics` is its whole history. The first
 * point that does not fit there creates the object. The object takes over the points in `latest_metrics`, and from then on
 * it alone holds the history.
 */

/**
 * Points of more metrics than this are not stored as first points, because an object takes first points over in one piece.
 */
export const MAX_FIRST_POINTS = 1000;

/** Columns of `latest_metrics m`. Times and steps are read as text, because D1 rounds integers beyond 2^53. */
const POINT_COLUMNS = `m.key, iif(m.is_nan, NULL, m.value) AS value, CAST(m.step AS TEXT) AS step,
  CAST(m.timestamp AS TEXT) AS timestamp`;

interface PointRow {
  key: string | null;
  value: number | null;
  step: string;
  timestamp: string;
}

export interface PointOfRunRow extends PointRow {
  run_id: string;
}

/**
 * Writes points of one run as its first points. It writes all of them if the run is active, has no object and has none of
 * the metrics yet; otherwise none, as `meta.changes` tells. It does not fail if they are not first points: a failure would
 * force a second try of all requests in the same transaction.
 * @param rows made by `summaryRows`, each of a different metric, at most {@link MAX_FIRST_POINTS}
 */
export function insertFirstPointsStatement(db: Database, runId: string, rows: readonly SummaryRowJson[]): Statement {
  return db
    .prepare(
      `${INSERT_LATEST} WHERE (SELECT lifecycle_stage = 'active' AND NOT has_object FROM runs WHERE run_id = ?2)
         AND (SELECT count(*) FROM latest_metrics WHERE run_id = ?2) <= ?3
         AND NOT EXISTS (SELECT 1 FROM json_each(?1) n CROSS JOIN latest_metrics m ON m.run_id = ?2 AND m.key = n.value ->> 1)`,
    )
    .bind(`[${rows.join(",")}]`, runId, MAX_FIRST_POINTS - rows.length);
}

/** Reads the points that new objects of these runs take over; {@link toPointsByRun} parses the result. */
export function firstPointsStatement(db: Database, runIds: readonly string[]): Statement {
  return db
    .prepare(`SELECT m.run_id, ${POINT_COLUMNS} FROM json_each(?) j CROSS JOIN latest_metrics m ON m.run_id = j.value`)
    .bind(JSON.stringify(runIds));
}

export function toPointsByRun(rows: readonly PointOfRunRow[]): Map<string, Metric[]> {
  const points = new Map<string, Metric[]>();
  for (const row of rows) {
    const ofRun = points.get(row.run_id);
    if (ofRun === undefined) points.set(row.run_id, [toMetric(row)]);
    else ofRun.push(toMetric(row));
  }
  return points;
}

/** Whether a run has an object, and which one; if it has none, its points of the requested metrics. */
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
    .all<PointOfRunRow & { has_object: number; cell: string }>();
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
