import foundation from "../../../../migrations/0000_foundation.sql";
import models from "../../../../migrations/0001_models.sql";
import firstValues from "../../../../migrations/0002_first_values.sql";
import firstPoints from "../../../../migrations/0003_first_points.sql";
import longValues from "../../../../migrations/0004_long_values.sql";
import documentStamps from "../../../../migrations/0005_document_stamps.sql";
import newRuns from "../../../../migrations/0006_new_runs.sql";
import imports from "../../../../migrations/0007_imports.sql";
import experimentMoves from "../../../../migrations/0008_experiment_moves.sql";
import runsRunning from "../../../../migrations/0009_runs_running.sql";
import locations from "../../../../migrations/0010_locations.sql";
import runCells from "../../../../migrations/0011_run_cells.sql";
import users from "../../../../migrations/0012_users.sql";
import purges from "../../../../migrations/0015_purges.sql";
import apiTokens from "../../../../migrations/0016_api_tokens.sql";
import rolesAndAudit from "../../../../migrations/0017_roles_and_audit.sql";
import signIns from "../../../../migrations/0018_sign_ins.sql";
import signOn from "../../../../migrations/0019_sign_on.sql";
import flushedThrough from "../../../../migrations/0020_flushed_through.sql";
import auditEntries from "../../../../migrations/0021_audit_entries.sql";
import links from "../../../../migrations/0023_links.sql";
import artifactDigests from "../../../../migrations/0025_artifact_digests.sql";
import movedThings from "../../../../migrations/0027_moved_things.sql";
import liveFromBirth from "../../../../migrations/0035_live_from_birth.sql";
import runCounts from "../../../../migrations/0039_run_counts.sql";
import { MlflowError } from "../../../domain/errors.ts";
import { appliedMigrations } from "./applied-migrations.ts";

/**
 * Every migration in order, under the file name that wrangler records for it. The files have no comments, because the bundle
 * contains them: schema/triggers.sql says what views and triggers are for.
 */
export const MIGRATIONS: readonly { readonly name: string; readonly sql: string }[] = [
  { name: "0000_foundation.sql", sql: foundation },
  { name: "0001_models.sql", sql: models },
  { name: "0002_first_values.sql", sql: firstValues },
  { name: "0003_first_points.sql", sql: firstPoints },
  { name: "0004_long_values.sql", sql: longValues },
  { name: "0005_document_stamps.sql", sql: documentStamps },
  { name: "0006_new_runs.sql", sql: newRuns },
  { name: "0007_imports.sql", sql: imports },
  { name: "0008_experiment_moves.sql", sql: experimentMoves },
  { name: "0009_runs_running.sql", sql: runsRunning },
  // Served locations have one spelling. Older ones may have slashes to spare.
  { name: "0010_locations.sql", sql: locations },
  { name: "0011_run_cells.sql", sql: runCells },
  { name: "0012_users.sql", sql: users },
  { name: "0015_purges.sql", sql: purges },
  { name: "0016_api_tokens.sql", sql: apiTokens },
  // Grants and assignments get ids. Triggers go first: SQLite renames no table while a trigger names a dropped table.
  { name: "0017_roles_and_audit.sql", sql: rolesAndAudit },
  { name: "0018_sign_ins.sql", sql: signIns },
  { name: "0019_sign_on.sql", sql: signOn },
  { name: "0020_flushed_through.sql", sql: flushedThrough },
  // Nothing wrote to the log before, so the table is made anew, and its triggers with it.
  { name: "0021_audit_entries.sql", sql: auditEntries },
  { name: "0023_links.sql", sql: links },
  { name: "0025_artifact_digests.sql", sql: artifactDigests },
  { name: "0027_moved_things.sql", sql: movedThings },
  { name: "0035_live_from_birth.sql", sql: liveFromBirth },
  { name: "0039_run_counts.sql", sql: runCounts },
];

/** SQL: whether all migrations were applied; binds {@link MIGRATION_NAMES}. */
export const ALL_APPLIED = `(SELECT count(*) FROM d1_migrations WHERE name IN (SELECT value FROM json_each(?)))
  = ${MIGRATIONS.length}`;

export const MIGRATION_NAMES = JSON.stringify(MIGRATIONS.map(({ name }) => name));

/** The pause after a failed migration, in milliseconds; it doubles after each further failure. */
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 600_000;

const BACKDATE_DEFAULT = "UPDATE experiments SET creation_time = ?1, last_update_time = ?1 WHERE experiment_id = 0";

/** The last failure of this isolate. */
let failure: { readonly error: MlflowError; readonly pauseMs: number; readonly untilMs: number } | undefined;

/**
 * Brings the database up to this Worker's schema. Uses the table that `wrangler d1 migrations apply` uses, so that the
 * two may take turns. Each migration is one transaction that also records its name: of two Workers that start together,
 * one fails on the name, sees the other's work and goes on. One read decides whether there is anything to do.
 * @throws MlflowError TEMPORARILY_UNAVAILABLE when a migration fails; for a while after that, immediately and without
 *   another try
 * @param sinceMs when the request that met the old schema arrived, Unix time in milliseconds. The default experiment of a
 *   new database gets an earlier creation time: what that request creates is newer, and lists begin with the newest.
 */
export async function migrate(db: D1Database, sinceMs = Date.now()): Promise<void> {
  const applied = (await appliedMigrations(db)) ?? (await prepareDatabase(db));
  const missing = MIGRATIONS.filter(({ name }) => !applied.has(name));
  if (missing.length > 0 && failure !== undefined && Date.now() < failure.untilMs) throw failure.error;
  for (const migration of missing) {
    const statements = migration.sql.split("--> statement-breakpoint").map((statement) => db.prepare(statement));
    const record = db.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(migration.name);
    if (migration.sql === foundation) statements.push(db.prepare(BACKDATE_DEFAULT).bind(sinceMs - 1));
    try {
      await db.batch([record, ...statements]);
    } catch (error) {
      if (!(await appliedMigrations(db))?.has(migration.name)) throw noteFailure(migration.name, error);
    }
  }
  failure = undefined;
}

/** Prepares a database to which no migration was ever applied. */
async function prepareDatabase(db: D1Database): Promise<Set<string>> {
  await db
    .prepare(
      `CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE,
        applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`,
    )
    .run();
  return new Set();
}

function noteFailure(name: string, cause: unknown): MlflowError {
  console.error("migration", name, cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  const pauseMs = Math.min(failure === undefined ? FIRST_PAUSE_MS : failure.pauseMs * 2, LONGEST_PAUSE_MS);
  const error = new MlflowError(
    "TEMPORARILY_UNAVAILABLE",
    `The database lacks ${name}, and applying it failed: ${reason}. Apply it by hand: ` +
      `npx wrangler d1 migrations apply DB --remote. It is tried again in ${pauseMs / 1000} s.`,
  );
  failure = { error, pauseMs, untilMs: Date.now() + pauseMs };
  return error;
}
