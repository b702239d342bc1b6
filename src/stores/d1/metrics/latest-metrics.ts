import type { Database, Statement } from "../connection/database.ts";
import { exactDoubleSql } from "../connection/exact-double.ts";
import { integerList, jsonLists } from "../connection/json-lists.ts";
import type { StoredRow } from "../schema/rows.ts";
import type { runs } from "../schema/runs.ts";

/**
 * One key's news for `latest_metrics`, as a JSON row: run id, key, latest value (0 where NaN), is_nan, step, timestamp,
 * min, max, and of the first point value, is_nan, step, timestamp. Integers are JSON text, so that int64 stays exact, and
 * doubles as `exactDouble` writes them.
 */
export type SummaryRowJson = string;

const IS_LATER =
  "(excluded.step, excluded.timestamp, excluded.value, excluded.is_nan) > (step, timestamp, value, is_nan)";

/** A row that the version before `first_…` wrote has none: what comes is taken. */
const IS_EARLIER = `coalesce((excluded.first_step, excluded.first_timestamp, excluded.first_value, excluded.first_is_nan) <
    (first_step, first_timestamp, first_value, first_is_nan), TRUE)`;

const takeWhere = (condition: string, columns: readonly string[]) =>
  columns.map((column) => `${column} = iif(${condition}, excluded.${column}, ${column})`).join(",\n    ");

/** Without a condition: whoever uses it adds one. */
export const INSERT_LATEST = `INSERT INTO latest_metrics
    (run_id, key, value, is_nan, step, timestamp, min_value, max_value,
     first_value, first_is_nan, first_step, first_timestamp, experiment_id)
  SELECT r.run_id, j.value ->> 1, ${exactDoubleSql(2)}, j.value ->> 3, j.value ->> 4, j.value ->> 5, ${exactDoubleSql(6)},
    ${exactDoubleSql(7)}, ${exactDoubleSql(8)}, j.value ->> 9, j.value ->> 10, j.value ->> 11, r.experiment_id
  FROM json_each(?1) j JOIN runs r ON r.run_id = j.value ->> 0`;

const UPSERT = `${INSERT_LATEST}
  WHERE TRUE
  ON CONFLICT (run_id, key) DO UPDATE SET
    ${takeWhere(IS_LATER, ["value", "is_nan", "step", "timestamp"])},
    min_value = coalesce(min(min_value, excluded.min_value), min_value, excluded.min_value),
    max_value = coalesce(max(max_value, excluded.max_value), max_value, excluded.max_value),
    ${takeWhere(IS_EARLIER, ["first_value", "first_is_nan", "first_step", "first_timestamp"])}
  WHERE ${IS_LATER}
    OR coalesce(excluded.min_value < min_value, excluded.min_value IS NOT NULL)
    OR coalesce(excluded.max_value > max_value, excluded.max_value IS NOT NULL)
    OR ${IS_EARLIER}`;

/**
 * Takes over what runs' objects have seen. Commutative and idempotent: of two latest values the greater
 * (step, timestamp, value) stays, of two first ones the least, min and max only widen, so a repeat, a reordering or a double flush cannot hurt. Rows of
 * runs that are gone are dropped.
 */
export function upsertLatestStatements(db: Database, rows: readonly SummaryRowJson[]): Statement[] {
  return jsonLists(rows).map((list) => db.prepare(UPSERT).bind(list));
}

/** A run's mark: of the runs that have the same one, later ones have greater epochs. */
export interface Mark {
  readonly runId: string;
  readonly epoch: number;
}

/**
 * Marks active runs live: their object may hold points that `latest_metrics` has not. Has a row, its `run_id`, for each run
 * that is there, active, and in that object.
 * @param cell the object's name where it is a cell
 */
export function markLiveStatement(db: Database, marks: readonly Mark[], cell: string): Statement {
  return db
    .prepare(
      `UPDATE runs SET live_epoch = j.value ->> 1 FROM json_each(?) j
       WHERE run_id = j.value ->> 0 AND lifecycle_stage = 'active' AND cell = ? RETURNING run_id`,
    )
    .bind(JSON.stringify(marks.map(({ runId, epoch }) => [runId, epoch])), cell);
}

/** Ends marks, each unless the object has marked again since, with a greater epoch. */
export function clearLiveRunsStatements(db: Database, runs: readonly Mark[]): Statement[] {
  const statement = db.prepare(
    `UPDATE runs SET live_epoch = NULL FROM json_each(?) j
     WHERE run_id = j.value ->> 0 AND live_epoch <= j.value ->> 1`,
  );
  return jsonLists(runs.map(({ runId, epoch }) => JSON.stringify([runId, epoch]))).map((list) => statement.bind(list));
}

/** Has a row where the run is live: its {@link RunPlaceRow}. */
export function isLiveStatement(db: Database, runId: string): Statement {
  return db.prepare("SELECT run_id, cell FROM runs WHERE run_id = ? AND live_epoch IS NOT NULL").bind(runId);
}

/** Which object has a run's history, as D1 says it. */
export type RunPlaceRow = Pick<StoredRow<typeof runs>, "run_id" | "cell">;

export function toPlace({ run_id, cell }: RunPlaceRow): { runId: string; cell: string } {
  return { runId: run_id, cell };
}

/** Reads the {@link RunPlaceRow}s of live runs of the experiments, at most `limit`. */
export function liveRunsStatement(
  db: D1Database,
  experimentIds: readonly string[],
  limit: number,
): D1PreparedStatement {
  return db
    .prepare(
      `SELECT run_id, cell FROM runs INDEXED BY runs_live
       WHERE experiment_id IN (SELECT value FROM json_each(?)) AND live_epoch IS NOT NULL LIMIT ? + 0`,
    )
    .bind(integerList(experimentIds), limit);
}
