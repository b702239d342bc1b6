import type { Database } from "../connection/database.ts";
import { bytesOf, type ItemQuery, type ItemRows } from "../connection/items.ts";

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
  /** Whether the counts are those that triggers keep; if not, the list has counted. */
  readonly isCounted: boolean;
}

interface ActivityRow {
  experiment_id: string;
  active: number;
  deleted: number;
  running: number;
  is_counted: number;
  last_activity: number | null;
}

const COUNT_ACTIVE = `(SELECT count(*) FROM runs r INDEXED BY runs_by_start
      WHERE r.experiment_id = e.experiment_id AND r.lifecycle_stage = 'active')`;
const COUNT_DELETED = `(SELECT count(*) FROM runs r INDEXED BY runs_by_start
      WHERE r.experiment_id = e.experiment_id AND r.lifecycle_stage = 'deleted')`;
const COUNT_RUNNING = `(SELECT count(*) FROM runs r INDEXED BY runs_running
      WHERE r.experiment_id = e.experiment_id AND r.status = 'RUNNING' AND r.lifecycle_stage = 'active')`;

/**
 * Few runs are read, however many there are: the newest 20 runs of an experiment for their ends, and its newest 3 running
 * runs for what they logged. The runs of an experiment are counted by index if its row does not have the counts yet.
 */
const ACTIVITY = `CAST(e.experiment_id AS TEXT) AS experiment_id,
    coalesce(e.active_runs, ${COUNT_ACTIVE}) AS active,
    coalesce(e.deleted_runs, ${COUNT_DELETED}) AS deleted,
    coalesce(e.running_runs, ${COUNT_RUNNING}) AS running,
    e.active_runs IS NOT NULL AS is_counted,
    max(
      coalesce((SELECT max(max(coalesce(start_time, 0), coalesce(end_time, 0))) FROM (
        SELECT start_time, end_time FROM runs r INDEXED BY runs_by_start
        WHERE r.experiment_id = e.experiment_id AND r.lifecycle_stage = 'active' ORDER BY start_time DESC LIMIT 20)), 0),
      coalesce((SELECT max(timestamp) FROM latest_metrics WHERE run_id IN (
        SELECT run_id FROM runs r INDEXED BY runs_running
        WHERE r.experiment_id = e.experiment_id AND status = 'RUNNING' AND lifecycle_stage = 'active'
        ORDER BY start_time DESC LIMIT 3)), 0)) AS last_activity`;

/** The activity of experiments. @param ids as in `ItemReader.queries` */
export const activityQuery = (ids: string): ItemQuery => ({
  sql: `SELECT j.key AS item, ${ACTIVITY} FROM ${ids} j CROSS JOIN experiments e ON e.experiment_id = j.value`,
  bytes: bytesOf(),
});

/** Experiments whose runs are counted in one statement. Counting a million runs by index takes some 50 ms. */
const COUNTED_AT_ONCE = 50;

/**
 * Counts the runs of some experiments whose rows do not have the counts yet. One statement counts and writes, so no run is
 * created in between.
 * @returns whether there may be more of these experiments
 */
export async function countRunsOfSome(db: Database): Promise<boolean> {
  const { results } = await db
    .prepare(
      `UPDATE experiments AS e SET active_runs = ${COUNT_ACTIVE}, deleted_runs = ${COUNT_DELETED},
         running_runs = ${COUNT_RUNNING}
       WHERE experiment_id IN (SELECT experiment_id FROM experiments WHERE active_runs IS NULL LIMIT ${COUNTED_AT_ONCE})
       RETURNING experiment_id`,
    )
    .all();
  return results.length === COUNTED_AT_ONCE;
}

/** The activities by the experiment's id. */
export function toActivities(result: ItemRows | undefined): Map<string, ExperimentActivity> {
  const rows = (result?.results ?? []) as ActivityRow[];
  return new Map(
    rows.map((row) => [
      row.experiment_id,
      {
        activeRuns: row.active,
        deletedRuns: row.deleted,
        runningRuns: row.running,
        lastActivityMs: row.last_activity || null,
        isCounted: row.is_counted === 1,
      },
    ]),
  );
}
