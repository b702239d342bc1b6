import type { RunPlace } from "../../run/stub.ts";
import type { TrashPosition } from "./trash.ts";

/** Where the points of a run are. */
export interface RunPoints extends RunPlace {
  readonly hasObject: boolean;
  /** How many points D1 has; 0 where the run's object has all of them. */
  readonly inDatabase: number;
}

const COLUMNS = `r.run_id, r.cell, r.has_object,
  iif(r.has_object, 0, (SELECT count(*) FROM latest_metrics m WHERE m.run_id = r.run_id)) AS in_database`;

interface Row {
  run_id: string;
  cell: string;
  has_object: number;
  in_database: number;
}

const toRunPoints = ({ run_id, cell, has_object, in_database }: Row): RunPoints => ({
  runId: run_id,
  cell,
  hasObject: has_object === 1,
  inDatabase: in_database,
});

/** Of these runs. */
export async function findRunPoints(db: D1Database, runIds: readonly string[]): Promise<RunPoints[]> {
  const { results } = await db
    .prepare(`SELECT ${COLUMNS} FROM json_each(?) j CROSS JOIN runs r ON r.run_id = j.value`)
    .bind(JSON.stringify(runIds))
    .all<Row>();
  return results.map(toRunPoints);
}

/** Of an experiment's deleted runs, by time of deletion and id. `after` is the position of the last run of the page before. */
export async function listRunPoints(
  db: D1Database,
  experimentId: string,
  after: TrashPosition,
  limit: number,
): Promise<(RunPoints & TrashPosition)[]> {
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS}, coalesce(r.deleted_time, 0) AS deleted_time FROM runs r INDEXED BY runs_deleted
       WHERE r.experiment_id = CAST(?1 AS INTEGER) AND r.lifecycle_stage = 'deleted'
         AND (coalesce(r.deleted_time, 0), r.run_id) > (?2, ?3)
       ORDER BY coalesce(r.deleted_time, 0), r.run_id LIMIT ?4`,
    )
    .bind(experimentId, after.deletedTimeMs, after.id, limit)
    .all<Row & { deleted_time: number }>();
  return results.map((row) => ({ ...toRunPoints(row), deletedTimeMs: row.deleted_time, id: row.run_id }));
}
