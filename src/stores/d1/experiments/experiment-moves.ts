import type { LifecycleStage } from "../../../domain/entities.ts";
import type { Database } from "../connection/database.ts";
import { type RunPlaceRow, toPlace } from "../metrics/latest-metrics.ts";
import type { experimentMoves } from "../schema/experiments.ts";
import type { AsText, StoredRow } from "../schema/rows.ts";

type MoveRow = StoredRow<typeof experimentMoves>;

/*
 * An experiment is deleted or restored with all of its runs, as in MLflow, including runs that were deleted before. One
 * statement for all runs would block D1 for seconds. So the experiment moves first, and its runs follow in slices, with
 * other requests in between. The row in `experiment_moves` records what is left to do, so that any caller can continue.
 */

/** Most runs that one statement moves: 50 to 100 ms of D1's time in a database of a million runs. */
export const RUNS_PER_SLICE = 1000;

const other = (stage: LifecycleStage): LifecycleStage => (stage === "active" ? "deleted" : "active");

/**
 * Moves an experiment that is in the other stage, or finds an unfinished move to this stage.
 * @returns whether the move has to be finished.
 */
export async function beginMove(db: Database, id: string, to: LifecycleStage, nowMs: number): Promise<boolean> {
  const [, , unfinished] = await db.batch([
    db
      .prepare(
        `UPDATE experiments SET lifecycle_stage = ?1, last_update_time = ?2
         WHERE experiment_id = ?3 AND lifecycle_stage = ?4`,
      )
      .bind(to, nowMs, id, other(to)),
    // The new update time shows that the previous statement has moved the experiment.
    db
      .prepare(
        `INSERT OR REPLACE INTO experiment_moves (experiment_id, to_stage, moved_time, told_through)
         SELECT experiment_id, ?1, ?2, '' FROM experiments
         WHERE experiment_id = ?3 AND lifecycle_stage = ?1 AND last_update_time = ?2`,
      )
      .bind(to, nowMs, id),
    db.prepare("SELECT 1 FROM experiment_moves WHERE experiment_id = ? AND to_stage = ?").bind(id, to),
  ]);
  return (unfinished?.results.length ?? 0) > 0;
}

/** The stage to which the experiment is moving; undefined if it is not moving. */
export async function findMove(db: D1Database, id: string): Promise<LifecycleStage | undefined> {
  const row = await db
    .prepare("SELECT to_stage FROM experiment_moves WHERE experiment_id = ?")
    .bind(id)
    .first<Pick<MoveRow, "to_stage">>();
  return row?.to_stage;
}

/** The stage to which the run's experiment is moving; undefined if it is not moving, or if there is no such run. */
export async function findMoveOfRun(
  db: D1Database,
  runId: string,
): Promise<{ readonly experimentId: string; readonly to: LifecycleStage } | undefined> {
  const row = await db
    .prepare(
      `SELECT CAST(m.experiment_id AS TEXT) AS experiment_id, m.to_stage FROM runs r
       JOIN experiment_moves m ON m.experiment_id = r.experiment_id WHERE r.run_id = ?`,
    )
    .bind(runId)
    .first<Pick<AsText<MoveRow, "experiment_id">, "experiment_id" | "to_stage">>();
  return row === null ? undefined : { experimentId: row.experiment_id, to: row.to_stage };
}

/** Moves the next runs, unless the experiment is now moving to the other stage. @returns whether there may be more. */
export async function moveSlice(db: Database, id: string, to: LifecycleStage): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `UPDATE runs SET lifecycle_stage = ?1, deleted_time = CASE ?1 WHEN 'deleted' THEN
         (SELECT moved_time FROM experiment_moves WHERE experiment_id = ?2) END
       WHERE run_id IN (SELECT run_id FROM runs INDEXED BY runs_by_start
         WHERE experiment_id = ?2 AND lifecycle_stage = ?3
           AND EXISTS (SELECT 1 FROM experiment_moves WHERE experiment_id = ?2 AND to_stage = ?1)
         LIMIT ${RUNS_PER_SLICE})`,
    )
    .bind(to, id, other(to))
    .run();
  return meta.changes >= RUNS_PER_SLICE;
}

/**
 * Runs of a deleted experiment whose objects may be taking points and do not know of the deletion yet, in the order of
 * their ids.
 */
export async function findUntoldRuns(
  db: D1Database,
  id: string,
  limit: number,
): Promise<{ runId: string; cell: string }[]> {
  const { results } = await db
    .prepare(
      `SELECT r.run_id, r.cell FROM experiment_moves m CROSS JOIN runs r INDEXED BY runs_live ON r.experiment_id = m.experiment_id
       WHERE m.experiment_id = ?1 AND m.to_stage = 'deleted' AND r.live_epoch IS NOT NULL
         AND r.lifecycle_stage = 'deleted' AND r.run_id > m.told_through
       ORDER BY r.run_id LIMIT ?2 + 0`,
    )
    .bind(id, limit)
    .all<RunPlaceRow>();
  return results.map(toPlace);
}

export async function noteTold(db: Database, id: string, throughRunId: string): Promise<void> {
  await db
    .prepare("UPDATE experiment_moves SET told_through = ?2 WHERE experiment_id = ?1 AND to_stage = 'deleted'")
    .bind(id, throughRunId)
    .run();
}

export async function endMove(db: Database, id: string, to: LifecycleStage): Promise<void> {
  await db.prepare("DELETE FROM experiment_moves WHERE experiment_id = ? AND to_stage = ?").bind(id, to).run();
}
