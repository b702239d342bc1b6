import { bytesOf, type ItemQuery } from "../connection/items.ts";

/** What an experiment's list row shows in addition to the experiment itself. */
export interface ExperimentActivity {
  readonly activeRuns: number;
  readonly deletedRuns: number;
  /** Active runs whose status is RUNNING. */
  readonly runningRuns: number;
  /**
   * The latest of these, in milliseconds: the start of any active run, the end of one of the newest 20 runs, a point of one
   * of the newest 3 running runs. Null if there are none. Points may be 8 minutes late.
   */
  readonly lastActivityMs: number | null;
}

interface ActivityRow {
  experiment_id: string;
  active: number;
  deleted: number;
  running: number;
  last_activity: number | null;
}

/**
 * Counts use indexes, and few runs are read: the newest 20 runs of an experiment for their ends, and its newest 3 running
 * runs for what they logged. So a server with a million runs answers in some 50 ms.
 */
export const ACTIVITY = `SELECT CAST(e.experiment_id AS TEXT) AS experiment_id,
    (SELECT count(*) FROM runs r INDEXED BY runs_by_start
      WHERE r.experiment_id = e.experiment_id AND r.lifecycle_stage = 'active') AS active,
    (SELECT count(*) FROM runs r INDEXED BY runs_by_start
      WHERE r.experiment_id = e.experiment_id AND r.lifecycle_stage = 'deleted') AS deleted,
    (SELECT count(*) FROM runs r INDEXED BY runs_running
      WHERE r.experiment_id = e.experiment_id AND status = 'RUNNING' AND lifecycle_stage = 'active') AS running,
    max(
      coalesce((SELECT max(max(coalesce(start_time, 0), coalesce(end_time, 0))) FROM (
        SELECT start_time, end_time FROM runs r INDEXED BY runs_by_start
        WHERE r.experiment_id = e.experiment_id AND r.lifecycle_stage = 'active' ORDER BY start_time DESC LIMIT 20)), 0),
      coalesce((SELECT max(timestamp) FROM latest_metrics WHERE run_id IN (
        SELECT run_id FROM runs r INDEXED BY runs_running
        WHERE r.experiment_id = e.experiment_id AND status = 'RUNNING' AND lifecycle_stage = 'active'
        ORDER BY start_time DESC LIMIT 3)), 0)) AS last_activity
  FROM experiments e`;

/** The activity of experiments by their ids, in no particular order. */
export const activityQuery = (ids: string): ItemQuery => ({
  sql: `${ACTIVITY} WHERE e.experiment_id IN (SELECT value FROM ${ids})`,
  bytes: bytesOf(),
});

/** The activities by the experiment's id. */
export function toActivities(result: D1Result | undefined): Map<string, ExperimentActivity> {
  const rows = (result?.results ?? []) as ActivityRow[];
  return new Map(
    rows.map((row) => [
      row.experiment_id,
      {
        activeRuns: row.active,
        deletedRuns: row.deleted,
        runningRuns: row.running,
        lastActivityMs: row.last_activity || null,
      },
    ]),
  );
}
