import type { Metric } from "../../../domain/entities.ts";
import { parseInt64 } from "../../../domain/int64.ts";
import type { RunPlace } from "../../run/stub.ts";

/** Where the history of one metric of a run is. */
export type PointSource = RunPlace & {
  readonly key: string;
  /** The metric's one point, if D1 has the run's whole history; undefined if an object has it. */
  readonly point: Metric | undefined;
};

/** The metrics of these runs, by run and key. */
export async function findPointSources(db: D1Database, runIds: readonly string[]): Promise<PointSource[]> {
  const { results } = await db
    .prepare(
      `SELECT r.run_id, r.cell, r.has_object, m.key, iif(m.is_nan, NULL, m.value) AS value,
         CAST(m.step AS TEXT) AS step, CAST(m.timestamp AS TEXT) AS timestamp
       FROM json_each(?) j CROSS JOIN runs r ON r.run_id = j.value JOIN latest_metrics m ON m.run_id = r.run_id
       ORDER BY r.run_id, m.key`,
    )
    .bind(JSON.stringify([...new Set(runIds)]))
    .all<{
      run_id: string;
      cell: string;
      has_object: number;
      key: string;
      value: number | null;
      step: string;
      timestamp: string;
    }>();
  return results.map(({ run_id: runId, cell, has_object: hasObject, key, value, step, timestamp }) => ({
    runId,
    cell,
    key,
    point:
      hasObject === 1
        ? undefined
        : { key, value: value ?? Number.NaN, step: parseInt64(step) ?? 0, timestamp: parseInt64(timestamp) ?? 0 },
  }));
}
