import type { Metric } from "../../../domain/entities.ts";
import type { StoredRow } from "../schema/rows.ts";
import type { latestMetrics, runs } from "../schema/runs.ts";
import type { LiveRun } from "./latest-metrics.ts";

/** What D1 has of a run whose metrics a chart shows. */
export interface ChartSource extends LiveRun {
  /** Null if no start time was logged. */
  readonly startTimeMs: number | null;
  /** Whether the run's object may hold metrics that D1 has not seen. */
  readonly isLive: boolean;
  /** If false, `latest` is the run's whole history. */
  readonly hasObject: boolean;
  /** The latest points of the requested metrics. Integers beyond 2^53 are rounded, as on a chart's axes. */
  readonly latest: readonly Metric[];
}

type RunRow = Pick<
  StoredRow<typeof runs>,
  "run_id" | "start_time" | "live_epoch" | "has_object" | "cell" | "flushed_through"
>;

type MetricRow = Pick<StoredRow<typeof latestMetrics>, "run_id" | "key" | "value" | "step" | "timestamp">;

/** The runs of `runIds` that exist, in no particular order. */
export async function findChartSources(
  db: D1Database,
  runIds: readonly string[],
  keys: readonly string[],
): Promise<ChartSource[]> {
  const ids = JSON.stringify(runIds);
  const [runs, metrics] = await db.batch([
    db
      .prepare(
        `SELECT run_id, start_time, live_epoch, has_object, cell, flushed_through FROM runs WHERE run_id IN (SELECT value FROM json_each(?))`,
      )
      .bind(ids),
    db
      .prepare(
        `SELECT run_id, key, iif(is_nan, NULL, value) AS value, step, timestamp FROM latest_metrics
         WHERE run_id IN (SELECT value FROM json_each(?)) AND key IN (SELECT value FROM json_each(?))`,
      )
      .bind(ids, JSON.stringify(keys)),
  ]);
  const byRun = Map.groupBy((metrics?.results ?? []) as MetricRow[], (row) => row.run_id);
  return ((runs?.results ?? []) as RunRow[]).map((row) => ({
    runId: row.run_id,
    startTimeMs: row.start_time,
    isLive: row.live_epoch !== null,
    hasObject: row.has_object === 1,
    cell: row.cell,
    flushedThrough: row.flushed_through ?? 0,
    latest: (byRun.get(row.run_id) ?? []).map(({ value, ...point }) => ({ ...point, value: value ?? Number.NaN })),
  }));
}
