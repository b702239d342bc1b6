import type { KeyValue, LifecycleStage, RunInfo, RunStatus } from "../../../domain/entities.ts";
import type { Int64 } from "../../../domain/int64.ts";
import { RUN_NAME_TAG } from "../../../domain/run-names.ts";
import { BIRTH_EPOCH } from "../../run/burst.ts";
import type { Database, Statement } from "../connection/database.ts";
import { keyValueLists } from "../connection/json-lists.ts";
import { uriBelowLocation } from "../experiments/locations.ts";
import type { StoredRow } from "../schema/rows.ts";
import type { runs } from "../schema/runs.ts";
import { INFO_COLUMNS, type RunRow, type StoredRun, toRunInfo } from "./run-row.ts";
import { upsertTagLists } from "./run-tags.ts";

/** D1 cannot bind a bigint, so an int64 is bound as text, for `CAST(? AS INTEGER)`. */
function bindInt64(value: Int64 | null | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

export interface NewRun {
  readonly runId: string;
  readonly experimentId: string;
  readonly runName: string;
  readonly userId: string;
  readonly startTimeMs: Int64;
  readonly tags: readonly KeyValue[];
  /** The cell that will have the run's history; empty if the run has its own object. */
  readonly cell: string;
}

/**
 * Creates a run. A run of a cell is live from the beginning, see {@link BIRTH_EPOCH}.
 * @returns the new run; undefined if there is no active experiment with that id.
 */
export async function insertRun(db: Database, run: NewRun): Promise<RunInfo | undefined> {
  // One statement if possible: each statement costs D1 a good part of the total time.
  const [firstTags = "[]", ...moreTags] = keyValueLists(run.tags);
  const [inserted] = await db.batch<RunRow>([
    db
      .prepare(
        `INSERT INTO new_runs (run_id, experiment_id, run_name, user_id, start_time, artifact_uri, tags, cell, live_epoch)
         SELECT ?1, experiment_id, ?3, ?4, CAST(?5 AS INTEGER), ${uriBelowLocation("?1 || '/artifacts'")}, ?6, ?7,
           iif(?7 = '', NULL, ${BIRTH_EPOCH})
         FROM experiments WHERE experiment_id = ?2 AND lifecycle_stage = 'active'
         RETURNING artifact_uri`,
      )
      .bind(run.runId, run.experimentId, run.runName, run.userId, bindInt64(run.startTimeMs), firstTags, run.cell),
    ...upsertTagLists(db, run.runId, moreTags),
  ]);
  const row = inserted?.results[0];
  if (row === undefined) return undefined;
  const { tags: _tags, cell: _cell, ...info } = run;
  return { ...info, status: "RUNNING", endTimeMs: null, artifactUri: row.artifact_uri, lifecycleStage: "active" };
}

/** @returns undefined when there is no such run. */
export async function findRun(db: D1Database, runId: string): Promise<StoredRun | undefined> {
  const row = await db.prepare(`SELECT ${INFO_COLUMNS} FROM runs r WHERE r.run_id = ?`).bind(runId).first<RunRow>();
  return row === null ? undefined : toRunInfo(row);
}

export interface RunChanges {
  readonly status?: RunStatus | undefined;
  readonly endTimeMs?: Int64 | undefined;
  /** A new name also rewrites the run name tag. */
  readonly runName?: string | undefined;
}

/** @returns the changed run; undefined if there is no active run with that id. */
export async function updateRun(db: Database, runId: string, changes: RunChanges): Promise<StoredRun | undefined> {
  const statements = [
    db
      .prepare(
        `UPDATE runs AS r SET status = coalesce(?2, status), end_time = coalesce(CAST(?3 AS INTEGER), end_time),
           run_name = coalesce(?4, run_name)
         WHERE run_id = ?1 AND lifecycle_stage = 'active' RETURNING ${INFO_COLUMNS.replaceAll("r.", "")}`,
      )
      .bind(runId, changes.status ?? null, bindInt64(changes.endTimeMs), changes.runName ?? null),
  ];
  if (changes.runName !== undefined) {
    statements.push(
      db
        .prepare(
          `INSERT INTO tags (run_id, key, value, experiment_id)
           SELECT run_id, ?2, ?3, experiment_id FROM runs WHERE run_id = ?1 AND lifecycle_stage = 'active'
           ON CONFLICT DO UPDATE SET value = excluded.value`,
        )
        .bind(runId, RUN_NAME_TAG, changes.runName),
    );
  }
  const [updated] = await db.batch<RunRow>(statements);
  const row = updated?.results[0];
  return row === undefined ? undefined : toRunInfo(row);
}

/**
 * Deletes or restores a run. Repeating it changes nothing.
 * @returns whether the run's object may be taking points; undefined if there is no such run, or if its experiment is being
 *   moved with all its runs.
 */
export async function moveRun(
  db: Database,
  runId: string,
  to: LifecycleStage,
  nowMs: number,
): Promise<{ readonly isLive: boolean; readonly cell: string } | undefined> {
  const row = await db
    .prepare(
      `UPDATE runs SET lifecycle_stage = ?, deleted_time = ? WHERE run_id = ?
       AND NOT EXISTS (SELECT 1 FROM experiment_moves m WHERE m.experiment_id = runs.experiment_id) RETURNING live_epoch, cell`,
    )
    .bind(to, to === "deleted" ? nowMs : null, runId)
    .first<Pick<StoredRow<typeof runs>, "live_epoch" | "cell">>();
  return row === null ? undefined : { isLive: row.live_epoch !== null, cell: row.cell };
}

/** The run's name follows its tag. */
export function renameRunStatement(db: Database, runId: string, runName: string): Statement {
  return db.prepare("UPDATE runs SET run_name = ? WHERE run_id = ?").bind(runName, runId);
}

/**
 * Moves a run without history into another cell, unless the run was moved meanwhile. The full cell must have said that it
 * does not have the run.
 */
export async function moveToCell(db: Database, runId: string, from: string, to: string): Promise<void> {
  const hasNothing = `(NOT has_object OR (live_epoch = ${BIRTH_EPOCH} AND flushed_through IS NULL))`;
  const sql = `UPDATE runs SET cell = ?3 WHERE run_id = ?1 AND cell = ?2 AND ${hasNothing}`;
  await db.batch([db.prepare(sql).bind(runId, from, to)]);
}
