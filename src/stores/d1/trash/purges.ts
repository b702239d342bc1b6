import type { TrashKind } from "../../../domain/trash.ts";
import { type AuditedCaller, auditStatement, IF_CHANGED } from "../access/audit.ts";
import type { Database, Statement } from "../connection/database.ts";
import type { purges } from "../schema/purges.ts";
import type { AsText, StoredRow } from "../schema/rows.ts";

/*
 * Deletion for good. One transaction deletes a thing's row and inserts a row in `purges`; from then on nobody can see or
 * restore the thing. Then files, history and all other rows are deleted, in any number of calls, and the row in `purges`
 * last. The caller that does this holds a claim. Without claims, a delayed caller could delete something that was imported
 * under the same id meanwhile.
 */

/** A thing that is being purged. */
export interface Purge {
  readonly kind: TrashKind;
  readonly id: string;
  readonly experimentId: string;
  /** The folder that only this thing has; empty if there is none. */
  readonly artifactUri: string;
  readonly hasObject: boolean;
  readonly cell: string;
}

/** The caller that works on some purges, and until when, in milliseconds. */
export interface Claim {
  readonly name: string;
  readonly untilMs: number;
}

type PurgeRow = AsText<Omit<StoredRow<typeof purges>, "claim" | "claimed_until">, "experiment_id">;

const COLUMNS = "kind, id, CAST(experiment_id AS TEXT) AS experiment_id, artifact_uri, has_object, cell";

const toPurge = (row: PurgeRow): Purge => ({
  kind: row.kind,
  id: row.id,
  experimentId: String(row.experiment_id),
  artifactUri: row.artifact_uri,
  hasObject: row.has_object === 1,
  cell: row.cell,
});

/** Purging an experiment also purges its runs and models, whatever their stage, and finally their files. */
const OF_PURGED = "LEFT JOIN purges x ON x.kind = 'experiment' AND x.id = CAST(t.experiment_id AS TEXT)";

const OWN_FILES = `iif(x.artifact_uri <> '' AND t.artifact_uri > x.artifact_uri || '/' AND t.artifact_uri < x.artifact_uri || '0',
  '', t.artifact_uri)`;

const IS_RESTORED = `EXISTS (SELECT 1 FROM experiment_moves v WHERE v.experiment_id = t.experiment_id AND v.to_stage = 'active')`;

/** The entry of the audit log about the purges that the transaction has begun. The statement before deletes their rows. */
function recordPurges(
  db: Database,
  caller: AuditedCaller,
  kind: TrashKind,
  ids: readonly string[],
  claim: Claim,
): Statement {
  const targetId = ids.length === 1 ? ids[0]! : "";
  return auditStatement(
    db,
    caller,
    { action: "trash.purge", targetType: kind, targetId },
    {
      condition: IF_CHANGED,
      detail: `json_object('ids', json((SELECT json_group_array(p.id) FROM json_each(?11) j
        CROSS JOIN purges p ON p.kind = ?8 AND p.id = j.value AND p.claim = ?12)))`,
      values: [JSON.stringify(ids), claim.name],
    },
  );
}

/**
 * Begins to purge runs or logged models that were deleted by `throughMs` and still are, or whose experiment is being
 * purged.
 * @param caller who asked for it; undefined where the things go with their experiment, which is recorded
 * @returns the things whose purge began; the others were restored meanwhile, or are gone.
 */
export async function beginPurges(
  db: D1Database,
  kind: "run" | "logged_model",
  ids: readonly string[],
  throughMs: number,
  claim: Claim,
  caller: AuditedCaller | undefined,
): Promise<Purge[]> {
  const asked = JSON.stringify(ids);
  const isRun = kind === "run";
  const [table, key, time] = isRun
    ? ["runs", "run_id", "coalesce(t.deleted_time, 0)"]
    : ["logged_models", "model_id", "t.last_update_time"];
  const writes: Database = db;
  const [begun] = await writes.batch<PurgeRow>([
    db
      .prepare(
        `INSERT INTO purges (kind, id, experiment_id, artifact_uri, has_object, cell, claim, claimed_until)
         SELECT '${kind}', t.${key}, t.experiment_id, ${OWN_FILES}, ${isRun ? "t.has_object, t.cell" : "FALSE, ''"}, ?3, ?4
         FROM json_each(?1) j CROSS JOIN ${table} t ON t.${key} = j.value ${OF_PURGED}
         WHERE x.id IS NOT NULL OR (t.lifecycle_stage = 'deleted' AND ${time} <= ?2 AND NOT ${IS_RESTORED})
         RETURNING ${COLUMNS}`,
      )
      .bind(asked, throughMs, claim.name, claim.untilMs),
    db
      .prepare(
        `DELETE FROM ${table} WHERE ${key} IN (
           SELECT p.id FROM json_each(?) j CROSS JOIN purges p ON p.kind = '${kind}' AND p.id = j.value)`,
      )
      .bind(asked),
    ...(caller === undefined ? [] : [recordPurges(db, caller, kind, ids, claim)]),
  ]);
  return (begun?.results ?? []).map(toPurge);
}

/**
 * Begins to purge an experiment that was deleted by `throughMs` with all its runs and still is. Not while the experiment is
 * moving, not if one of its runs was restored, and never the first experiment.
 * @param artifactUri the experiment's location if it may be deleted; otherwise empty
 */
export async function beginExperimentPurge(
  db: D1Database,
  experimentId: string,
  artifactUri: string,
  throughMs: number,
  claim: Claim,
  caller: AuditedCaller,
): Promise<Purge | undefined> {
  const writes: Database = db;
  const [begun] = await writes.batch<PurgeRow>([
    db
      .prepare(
        `INSERT INTO purges (kind, id, experiment_id, artifact_uri, has_object, cell, claim, claimed_until)
         SELECT 'experiment', CAST(experiment_id AS TEXT), experiment_id, ?2, FALSE, '', ?4, ?5 FROM experiments e
         WHERE experiment_id = CAST(?1 AS INTEGER) AND experiment_id <> 0 AND lifecycle_stage = 'deleted' AND last_update_time <= ?3
           AND NOT EXISTS (SELECT 1 FROM experiment_moves v WHERE v.experiment_id = e.experiment_id)
           AND NOT EXISTS (SELECT 1 FROM runs r INDEXED BY runs_by_start
             WHERE r.experiment_id = e.experiment_id AND r.lifecycle_stage = 'active')
         RETURNING ${COLUMNS}`,
      )
      .bind(experimentId, artifactUri, throughMs, claim.name, claim.untilMs),
    db
      .prepare(
        `DELETE FROM experiments WHERE experiment_id = CAST(?1 AS INTEGER)
         AND EXISTS (SELECT 1 FROM purges WHERE kind = 'experiment' AND id = ?1)`,
      )
      .bind(experimentId),
    recordPurges(db, caller, "experiment", [experimentId], claim),
  ]);
  const [row] = begun?.results ?? [];
  return row === undefined ? undefined : toPurge(row);
}

/** Claims purges of this kind that no caller holds, at most `limit`. */
export async function claimPurges(
  db: D1Database,
  kind: TrashKind,
  limit: number,
  nowMs: number,
  claim: Claim,
): Promise<Purge[]> {
  const { results } = await db
    .prepare(
      `UPDATE purges SET claim = ?1, claimed_until = ?2 WHERE kind = ?3 AND id IN (
         SELECT id FROM purges WHERE kind = ?3 AND claimed_until < ?4 LIMIT ?5 + 0) RETURNING ${COLUMNS}`,
    )
    .bind(claim.name, claim.untilMs, kind, nowMs, limit)
    .all<PurgeRow>();
  return results.map(toPurge);
}

/** Extends a claim. @returns the ids that the caller still holds */
export async function renewClaim(
  db: D1Database,
  kind: TrashKind,
  ids: readonly string[],
  claim: Claim,
): Promise<Set<string>> {
  const { results } = await db
    .prepare(
      `UPDATE purges SET claimed_until = ?1 WHERE kind = ?2 AND id IN (SELECT value FROM json_each(?3)) AND claim = ?4
       RETURNING id`,
    )
    .bind(claim.untilMs, kind, JSON.stringify(ids), claim.name)
    .all<{ id: string }>();
  return new Set(results.map(({ id }) => id));
}

/** Releases the caller's claim, for the next caller. */
export async function releaseClaim(db: D1Database, claim: Claim): Promise<void> {
  await db.prepare("UPDATE purges SET claimed_until = 0 WHERE claim = ?").bind(claim.name).run();
}

/** Ends purges: nothing of the things is left but these rows. */
export async function endPurges(db: D1Database, kind: TrashKind, ids: readonly string[], claim: Claim): Promise<void> {
  await db
    .prepare("DELETE FROM purges WHERE kind = ? AND id IN (SELECT value FROM json_each(?)) AND claim = ?")
    .bind(kind, JSON.stringify(ids), claim.name)
    .run();
}

/** Runs or models of an experiment that is being purged, at most `limit`. */
export async function nextOfPurged(
  db: D1Database,
  kind: "run" | "logged_model",
  experimentId: string,
  limit: number,
): Promise<string[]> {
  const [table, key] = kind === "run" ? ["runs", "run_id"] : ["logged_models", "model_id"];
  const { results } = await db
    .prepare(`SELECT ${key} AS id FROM ${table} WHERE experiment_id = CAST(? AS INTEGER) LIMIT ? + 0`)
    .bind(experimentId, limit)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

/** Whether anything is being purged. */
export async function hasPurges(db: D1Database): Promise<boolean> {
  return (await db.prepare("SELECT 1 FROM purges LIMIT 1").first()) !== null;
}

/** Whether a run or model of the experiment is being purged. */
export async function hasPurgesOf(db: D1Database, experimentId: string): Promise<boolean> {
  const row = await db
    .prepare(
      "SELECT 1 FROM purges WHERE kind IN ('run', 'logged_model') AND experiment_id = CAST(? AS INTEGER) LIMIT 1",
    )
    .bind(experimentId)
    .first();
  return row !== null;
}

/** How many things are being purged, including runs and models of purged experiments. */
export type Unfinished = Readonly<Record<TrashKind, number>>;

export async function countUnfinished(db: D1Database): Promise<Unfinished> {
  const { results } = await db
    .prepare(
      `SELECT kind, count(*) AS things FROM purges GROUP BY kind
       UNION ALL SELECT 'run', count(*) FROM purges p CROSS JOIN runs r INDEXED BY runs_by_start ON r.experiment_id = p.experiment_id
         WHERE p.kind = 'experiment'
       UNION ALL SELECT 'logged_model', count(*) FROM purges p CROSS JOIN logged_models m INDEXED BY logged_models_by_creation
         ON m.experiment_id = p.experiment_id WHERE p.kind = 'experiment'`,
    )
    .all<{ kind: TrashKind; things: number }>();
  const sum = (kind: TrashKind) => results.reduce((all, row) => all + (row.kind === kind ? row.things : 0), 0);
  return { experiment: sum("experiment"), run: sum("run"), logged_model: sum("logged_model") };
}
