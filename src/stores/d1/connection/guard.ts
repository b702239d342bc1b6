import { MAX_TEXTS_BYTES } from "../../../domain/limits.ts";
import type { Database, Statement } from "./database.ts";
import { integerList } from "./json-lists.ts";

/** What a batch may require (the `guard` view of migrations/). */
export type GuardName = "run_active" | "param_unchanged" | "first_points" | "location_free" | "not_purged";

/** Rolls its batch back, as `run_active`, unless the run exists and is active. */
export function guardRunActive(db: Database, runId: string): Statement {
  return db
    .prepare(
      "INSERT INTO guard (name, holds) VALUES ('run_active', (SELECT lifecycle_stage = 'active' FROM runs WHERE run_id = ?))",
    )
    .bind(runId);
}

/** Rolls its batch back, as `not_purged`, unless all of these experiments exist. */
export function guardExperiments(db: Database, experimentIds: readonly string[]): Statement {
  return db
    .prepare(
      `INSERT INTO guard (name, holds) VALUES ('not_purged', NOT EXISTS (SELECT 1 FROM json_each(?) j
         WHERE NOT EXISTS (SELECT 1 FROM experiments e WHERE e.experiment_id = j.value)))`,
    )
    .bind(integerList([...new Set(experimentIds)]));
}

const NO_ROOM = "guard:room";

/**
 * SQL: `value`, or an error that rolls the batch back if a thing's tags, params or datasets have too many bytes already.
 * @param rows `FROM … WHERE …` of the tags, params or datasets
 * @param ofRow SQL: how many bytes a row has
 * @see hadNoRoom
 */
export function ifRoom(value: string, rows: string, ofRow = "octet_length(key) + octet_length(value)"): string {
  const bytes = `(SELECT coalesce(sum(${ofRow}), 0) ${rows})`;
  // RAISE() is for triggers only; a path that is none is an error, and its text contains the path.
  return `iif(${bytes} < ${MAX_TEXTS_BYTES}, ${value}, json_extract('{}', '${NO_ROOM}'))`;
}

/** Whether {@link ifRoom} stopped a batch. */
export function hadNoRoom(error: unknown): boolean {
  return error instanceof Error && error.message.includes(NO_ROOM);
}

/** The name of the guard that stopped a batch; undefined for any other error. */
export function failedGuard(error: unknown): GuardName | undefined {
  const match = /guard:(run_active|param_unchanged|first_points|location_free|not_purged)/.exec(
    error instanceof Error ? error.message : "",
  );
  return match?.[1] as GuardName | undefined;
}

/** SQLite's errors for a statement or a value that exceeds its limits. Nothing was changed then. */
const BEYOND_LIMITS =
  /SQLITE_TOOBIG|string or blob too big|statement too long|expression tree is too large|too many (SQL variables|terms in compound SELECT|columns|arguments)|pattern too complex|parser stack overflow|tables in a join/i;

/**
 * Whether the error says that a request is larger, deeper or has more parts than the database ever accepts, so retries fail
 * too.
 */
export function isBeyondLimits(error: unknown): boolean {
  return error instanceof Error && BEYOND_LIMITS.test(error.message);
}

/** Whether the error comes from a UNIQUE constraint on `column`, written `table.column`. */
export function isDuplicate(error: unknown, column: string): boolean {
  return error instanceof Error && error.message.includes(`UNIQUE constraint failed: ${column}`);
}
