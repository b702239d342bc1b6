/** What an experiment's list row tells beside the experiment itself. */
export interface ExperimentActivity {
  readonly experimentId: string;
  readonly activeRuns: number;
  readonly deletedRuns: number;
  /** Active runs whose status is RUNNING. */
  readonly runningRuns: number;
  /** The latest start, end or logged point of an active run, in milliseconds; null without any. Points may be 60 s late. */
  readonly lastActivityMs: number | null;
}

interface ActivityRow {
  experiment_id: string;
  active: number;
  deleted: number;
  running: number;
  last_activity: number | null;
}

/** A run that has ended logged before it did, so only the others' metrics are looked at. */
const ACTIVITY = `SELECT CAST(experiment_id AS TEXT) AS experiment_id, total(lifecycle_stage = 'active') AS active,
    total(lifecycle_stage = 'deleted') AS deleted, total(lifecycle_stage = 'active' AND status = 'RUNNING') AS running,
    max(CASE WHEN lifecycle_stage = 'active' THEN max(coalesce(start_time, 0), coalesce(end_time,
      (SELECT max(timestamp) FROM latest_metrics m WHERE m.run_id = r.run_id), 0)) END) AS last_activity
  FROM runs r GROUP BY r.experiment_id`;

/** Of every experiment that has runs. */
export async function findExperimentActivity(db: D1Database): Promise<ExperimentActivity[]> {
  const { results } = await db.prepare(ACTIVITY).all<ActivityRow>();
  return results.map((row) => ({
    experimentId: row.experiment_id,
    activeRuns: row.active,
    deletedRuns: row.deleted,
    runningRuns: row.running,
    lastActivityMs: row.last_activity || null,
  }));
}
