import { MAX_FINITE_VALUE } from "../domain/limits.ts";
import type { Field } from "./ast.ts";
import { Binder } from "./binder.ts";
import type { SqlStatement } from "./plan.ts";
import { runSource, valueTable } from "./run-source.ts";

/** D1 allows 100 bound parameters and 100 columns. */
export const MAX_COLUMNS_PER_STATEMENT = 90;

/**
 * Reads fields of runs: a row for each id in order, even if there is no such run, and a column for each field, NULL if the
 * run has no value. NaN and 64-bit integers come as text; several datasets or models come as one text. One more column has
 * the bytes of the texts up to and including that row. The rows end with the first one for which these bytes exceed
 * `textBytes`.
 */
export function planRunColumns(runIds: readonly string[], fields: readonly Field[], textBytes: number): SqlStatement {
  const binder = new Binder();
  const ids = binder.list(runIds);
  const select = fields.map((field, index) => `${columnSql(field, binder, "j.value")} AS c${index}`);
  const names = fields.map((_, index) => `c${index}`);
  return {
    sql: `SELECT ${names.join(", ")}, through FROM (
        SELECT *, sum(own) OVER (ORDER BY place ROWS UNBOUNDED PRECEDING) AS through FROM (
          SELECT *, ${bytesSql(fields, names)} AS own FROM (
            SELECT j.key AS place, ${select.join(", ")} FROM ${ids} j LEFT JOIN runs r ON r.run_id = j.value)))
      WHERE through - own <= ${textBytes} ORDER BY place`,
    values: binder.values(),
  };
}

/** Whether the field's values are always short, whatever was logged. */
function isNumeric({ entity, key }: Field): boolean {
  if (entity === "attribute") return !["run_name", "user_id", "models"].includes(key);
  return entity !== "param" && entity !== "tag" && entity !== "dataset";
}

/** Most columns of a page and its rows' fields together, and most parameters. */
const MAX_FIELDS_OF_PAGE = 60;
const MAX_VALUES_OF_PAGE = 60;

/**
 * The rows of `page` in their order, each with a column for each field, and one more column with the bytes of the texts up
 * to and including that row. The first column `c0` of `page` is a run's id. In rows for which these bytes exceed
 * `textBytes`, the fields are NULL.
 * @param columns the columns of the page, `c0`, `c1`, …
 * @returns undefined if this is too much for one statement
 */
export function planPageColumns(
  page: SqlStatement,
  columns: number,
  fields: readonly Field[],
  textBytes: number,
): SqlStatement | undefined {
  if (columns + fields.length > MAX_COLUMNS_PER_STATEMENT) return undefined;
  if (fields.length > MAX_FIELDS_OF_PAGE || page.values.length > MAX_VALUES_OF_PAGE) return undefined;
  const binder = new Binder(page.values);
  const select = fields.map((field, index) => `${columnSql(field, binder, "r.run_id")} AS f${index}`);
  const names = fields.map((_, index) => `f${index}`);
  const ofPage = Array.from({ length: columns }, (_, index) => `c${index}`);
  const bounded = names.map((name) => `iif(through > ${textBytes}, NULL, ${name}) AS ${name}`);
  return {
    sql: `SELECT ${[...ofPage, ...bounded].join(", ")}, through FROM (
        SELECT *, sum(own) OVER (ROWS UNBOUNDED PRECEDING) AS through FROM (
          SELECT *, ${bytesSql(fields, names)} AS own FROM (
            SELECT page.*, ${select.join(", ")} FROM (${page.sql}) page CROSS JOIN runs r ON r.run_id = page.c0)))`,
    values: binder.values(),
  };
}

/** SQL: the bytes of the columns that may be long texts. */
function bytesSql(fields: readonly Field[], names: readonly string[]): string {
  const lengths = fields.flatMap((field, index) =>
    isNumeric(field) ? [] : [`coalesce(octet_length(${names[index]}), 0)`],
  );
  return lengths.join(" + ") || "0";
}

/**
 * Attributes that differ from their column: integers beyond 2^53 come as text, and a running run has the time of its last
 * sign of life.
 */
const ATTRIBUTES = new Map([
  ["experiment_id", "CAST(r.experiment_id AS TEXT)"],
  ["start_time", "CAST(r.start_time AS TEXT)"],
  ["end_time", "CAST(r.end_time AS TEXT)"],
  [
    "last_metric_time",
    "CASE r.status WHEN 'RUNNING' THEN (SELECT CAST(max(timestamp) AS TEXT) FROM latest_metrics WHERE run_id = r.run_id) END",
  ],
  // The logged models that the run created.
  [
    "models",
    "(SELECT group_concat(DISTINCT m.name) FROM model_outputs o JOIN logged_models m ON m.model_id = o.model_id WHERE o.run_id = r.run_id)",
  ],
]);

function columnSql(field: Field, binder: Binder, runId: string): string {
  if (field.entity === "attribute") return ATTRIBUTES.get(field.key) ?? `r.${field.key}`;
  const { from, value } = runSource(runId).rows(field, binder);
  const read = field.entity === "dataset" ? `group_concat(DISTINCT ${value})` : numberSql(field, value);
  return `(SELECT ${read} FROM ${from})`;
}

/** An infinity is stored as the largest finite double, as in MLflow, and returned as an infinity. */
function numberSql(field: Field, value: string): string {
  const { table, isNan } = valueTable(field)!;
  if (table !== "latest_metrics") return value;
  const nan = isNan === undefined ? "" : `WHEN ${isNan} THEN 'NaN' `;
  const infinities = `WHEN ${value} >= ${MAX_FINITE_VALUE} THEN 'Infinity' WHEN ${value} <= -${MAX_FINITE_VALUE} THEN '-Infinity'`;
  return `CASE ${nan}${infinities} ELSE ${value} END`;
}
