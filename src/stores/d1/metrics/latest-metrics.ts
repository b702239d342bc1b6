import { MetricSummaries, type MetricSummary } from "../../run/summaries.ts";
import type { Database, Statement } from "../connection/database.ts";
import { exactDoubleSql } from "../connection/exact-double.ts";
import { integerList, jsonLists } from "../connection/json-lists.ts";
import type { StoredRow } from "../schema/rows.ts";
import type { latestMetrics, runs } from "../schema/runs.ts";

/**
 * One key's news for `latest_metrics`, as a JSON row: run id, key; the latest point's value (0 for NaN), is_nan, step,
 * timestamp; min, max; the first point's value, is_nan, step, timestamp. Integers are JSON text, so that int64 stays exact;
 * `exactDouble` writes the doubles.
 */
export type SummaryRowJson = string;

const IS_LATER =
  "(excluded.step, excluded.timestamp, excluded.value, excluded.is_nan) > (step, timestamp, value, is_nan)";

/** A row from before the columns `first_…` has no first point, so the new first point is taken. */
const IS_EARLIER = `coalesce((excluded.first_step, excluded.first_timestamp, excluded.first_value, excluded.first_is_nan) <
    (first_step, first_timestamp, first_value, first_is_nan), TRUE)`;

const takeWhere = (condition: string, columns: readonly string[]) =>
  columns.map((column) => `${column} = iif(${condition}, excluded.${column}, ${column})`).join(",\n    ");

/** This has no condition: its users add one. */
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
 * Writes the summaries that runs' objects send. The upsert is commutative and idempotent, so a repeat, a reordering or a
 * double flush does no harm: of two latest points the one with the greater (step, timestamp, value) is kept, of two first
 * points the lesser, and min and max only widen. Rows of runs that no longer exist are dropped.
 */
export function upsertLatestStatements(db: Database, rows: readonly SummaryRowJson[]): Statement[] {
  return jsonLists(rows).map((list) => db.prepare(UPSERT).bind(list));
}

/** A live mark of a run. Later marks of the same run have greater epochs. */
export interface Mark {
  readonly runId: string;
  readonly epoch: number;
}

/**
 * Marks active runs live: their object may hold points that are not in `latest_metrics`. Returns the `run_id` of each run
 * that exists, is active, and is in that object.
 * @param cell the object's name if it is a cell
 */
export function markLiveStatement(db: Database, marks: readonly Mark[], cell: string): Statement {
  return db
    .prepare(
      `UPDATE runs SET live_epoch = j.value ->> 1 FROM json_each(?) j
       WHERE run_id = j.value ->> 0 AND lifecycle_stage = 'active' AND cell = ? RETURNING run_id`,
    )
    .bind(JSON.stringify(marks.map(({ runId, epoch }) => [runId, epoch])), cell);
}

/** Clears each mark, unless the object has marked the run again since then, with a greater epoch. */
export function clearLiveRunsStatements(db: Database, runs: readonly Mark[]): Statement[] {
  const statement = db.prepare(
    `UPDATE runs SET live_epoch = NULL FROM json_each(?) j
     WHERE run_id = j.value ->> 0 AND live_epoch <= j.value ->> 1`,
  );
  return jsonLists(runs.map(({ runId, epoch }) => JSON.stringify([runId, epoch]))).map((list) => statement.bind(list));
}

/** Stores for each run the row of its object's journal up to which D1 has everything. */
export function noteFlushedStatements(
  db: Database,
  runs: readonly { readonly runId: string; readonly through: number }[],
): Statement[] {
  const statement = db.prepare(
    `UPDATE runs SET flushed_through = j.value ->> 1 FROM json_each(?) j
     WHERE run_id = j.value ->> 0 AND coalesce(flushed_through, 0) < j.value ->> 1`,
  );
  return jsonLists(runs.map(({ runId, through }) => JSON.stringify([runId, through]))).map((list) =>
    statement.bind(list),
  );
}

/** `noteFlushedStatements` and `clearLiveRunsStatements` in one write of each run's row, for runs whose burst ends. */
export function endBurstsStatements(db: Database, runs: readonly (Mark & { readonly through: number })[]): Statement[] {
  const statement = db.prepare(
    `UPDATE runs SET flushed_through = max(coalesce(flushed_through, 0), j.value ->> 1),
       live_epoch = iif(live_epoch <= j.value ->> 2, NULL, live_epoch) FROM json_each(?) j
     WHERE run_id = j.value ->> 0 AND (coalesce(flushed_through, 0) < j.value ->> 1 OR live_epoch <= j.value ->> 2)`,
  );
  return jsonLists(runs.map(({ runId, through, epoch }) => JSON.stringify([runId, through, epoch]))).map((list) =>
    statement.bind(list),
  );
}

/** Returns the run's {@link RunPlaceRow} if the run is live. */
export function isLiveStatement(db: Database, runId: string): Statement {
  return db.prepare("SELECT run_id, cell FROM runs WHERE run_id = ? AND live_epoch IS NOT NULL").bind(runId);
}

/** Which object has a run's history, as stored in D1. */
export type RunPlaceRow = Pick<StoredRow<typeof runs>, "run_id" | "cell">;

export function toPlace({ run_id, cell }: RunPlaceRow): { runId: string; cell: string } {
  return { runId: run_id, cell };
}

/** A live run as D1 has it, consistent with what else is read from D1 in the same transaction. */
export interface LiveRun {
  readonly runId: string;
  readonly cell: string;
  /** The row of the object's journal up to which D1 has everything; 0 if D1 was told nothing. */
  readonly flushedThrough: number;
}

export type LiveRunRow = RunPlaceRow & Pick<StoredRow<typeof runs>, "flushed_through" | "lifecycle_stage">;

export function toLiveRun({ run_id, cell, flushed_through }: LiveRunRow): LiveRun {
  return { runId: run_id, cell, flushedThrough: flushed_through ?? 0 };
}

/**
 * Reads the {@link LiveRunRow}s of the experiments' live runs, at most `limit`.
 * @param runIds only these runs, if given
 */
export function liveRunsStatement(
  db: D1Database,
  experimentIds: readonly string[],
  limit: number,
  runIds?: readonly string[],
): D1PreparedStatement {
  const columns = "SELECT run_id, cell, flushed_through, lifecycle_stage FROM";
  if (runIds !== undefined) {
    const sql = `${columns} json_each(?) j CROSS JOIN runs r ON r.run_id = j.value WHERE live_epoch IS NOT NULL LIMIT ? + 0`;
    return db.prepare(sql).bind(JSON.stringify(runIds), limit);
  }
  return db
    .prepare(
      `${columns} runs INDEXED BY runs_live
       WHERE experiment_id IN (SELECT value FROM json_each(?)) AND live_epoch IS NOT NULL LIMIT ? + 0`,
    )
    .bind(integerList(experimentIds), limit);
}

/** The metrics that D1 has of runs: run id → keys. */
export async function findMetricKeys(db: D1Database, runIds: readonly string[]): Promise<Map<string, Set<string>>> {
  const { results } = await db
    .prepare("SELECT run_id, key FROM latest_metrics WHERE run_id IN (SELECT value FROM json_each(?))")
    .bind(JSON.stringify(runIds))
    .all<Pick<StoredRow<typeof latestMetrics>, "run_id" | "key">>();
  const byRun = Map.groupBy(results, ({ run_id }) => run_id);
  return new Map([...byRun].map(([runId, rows]) => [runId, new Set(rows.map(({ key }) => key))]));
}

type SummaryRow = StoredRow<typeof latestMetrics>;

/** Reads D1's summaries of some metrics of runs: see {@link toSummaries}. */
export function summariesStatement(
  db: D1Database,
  runIds: readonly string[],
  keys: readonly string[],
): D1PreparedStatement {
  return db
    .prepare(
      `SELECT m.* FROM json_each(?1) j CROSS JOIN json_each(?2) k
       CROSS JOIN latest_metrics m ON m.run_id = j.value AND m.key = k.value`,
    )
    .bind(JSON.stringify(runIds), JSON.stringify(keys));
}

/** Run id → key → summary. Integers beyond 2^53 are rounded. */
export function toSummaries(result: D1Result<unknown> | undefined): Map<string, MetricSummaries> {
  const byRun = new Map<string, MetricSummaries>();
  for (const row of (result?.results ?? []) as SummaryRow[]) {
    const summaries = byRun.get(row.run_id) ?? new MetricSummaries();
    summaries.set(row.key, toSummary(row));
    byRun.set(row.run_id, summaries);
  }
  return byRun;
}

function toSummary(row: SummaryRow): MetricSummary {
  const { step, timestamp } = row;
  const value = row.is_nan === 1 ? Number.NaN : row.value;
  // A row from before the columns `first_…` has no first point.
  const first =
    row.first_step === null
      ? { step, timestamp, value }
      : {
          step: row.first_step,
          timestamp: row.first_timestamp ?? 0,
          value: row.first_is_nan === 1 ? Number.NaN : (row.first_value ?? 0),
        };
  return { step, timestamp, value, minValue: row.min_value, maxValue: row.max_value, first };
}
