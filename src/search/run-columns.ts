import { MAX_FINITE_VALUE } from "../domain/limits.ts";
import type { Field } from "./ast.ts";
import { Binder } from "./binder.ts";
import type { SqlStatement } from "./plan.ts";
import { runSource, valueTable } from "./run-source.ts";

/** D1 takes 100 bound parameters and gives 100 columns. */
export const MAX_COLUMNS_PER_STATEMENT = 90;

/**
 * Reads fields of runs: a row for each id in order, also where there is no such run, and a column for each field, NULL
 * where the run has none. A NaN comes as text, and so does an integer of 64 bits; several datasets or models come as one text.
 * One column more has the bytes of the texts up to that row. No row follows one with which they are more than `textBytes`.
 */
export function planRunColumns(runIds: readonly string[], fields: readonly Field[], textBytes: number): SqlStatement {
  const binder = new Binder();
  const ids = binder.list(runIds);
  const select = fields.map((field, index) => `${columnSql(field, binder)} AS c${index}`);
  const lengths = fields.flatMap((field, index) => (isNumeric(field) ? [] : [`coalesce(octet_length(c${index}), 0)`]));
  const names = fields.map((_, index) => `c${index}`).join(", ");
  return {
    sql: `SELECT ${names}, through FROM (
        SELECT *, sum(own) OVER (ORDER BY place ROWS UNBOUNDED PRECEDING) AS through FROM (
          SELECT *, ${lengths.join(" + ") || "0"} AS own FROM (
            SELECT j.key AS place, ${select.join(", ")} FROM ${ids} j LEFT JOIN runs r ON r.run_id = j.value)))
      WHERE through - own <= ${textBytes} ORDER BY place`,
    values: binder.values(),
  };
}

/** Whether its values are short, whatever was logged. */
function isNumeric({ entity, key }: Field): boolean {
  if (entity === "attribute") return !["run_name", "user_id", "models"].includes(key);
  return entity !== "param" && entity !== "tag" && entity !== "dataset";
}

/** Attributes that are not a column as it is: integers beyond 2^53 as text, and when a run that goes on was last heard of. */
const ATTRIBUTES = new Map([
  ["experiment_id", "CAST(r.experiment_id AS TEXT)"],
  ["start_time", "CAST(r.start_time AS TEXT)"],
  ["end_time", "CAST(r.end_time AS TEXT)"],
  [
    "last_metric_time",
    "CASE r.status WHEN 'RUNNING' THEN (SELECT CAST(max(timestamp) AS TEXT) FROM latest_metrics WHERE run_id = j.value) END",
  ],
  // Of logged models that the run made.
  [
    "models",
    "(SELECT group_concat(DISTINCT m.name) FROM model_outputs o JOIN logged_models m ON m.model_id = o.model_id WHERE o.run_id = j.value)",
  ],
]);

function columnSql(field: Field, binder: Binder): string {
  if (field.entity === "attribute") return ATTRIBUTES.get(field.key) ?? `r.${field.key}`;
  const { from, value } = runSource("j.value").rows(field, binder);
  const read = field.entity === "dataset" ? `group_concat(DISTINCT ${value})` : numberSql(field, value);
  return `(SELECT ${read} FROM ${from})`;
}

/** An infinity is stored as the largest finite double, as MLflow stores it, and told as what it was. */
function numberSql(field: Field, value: string): string {
  const kept = valueTable(field);
  if (kept?.table !== "latest_metrics") return value;
  const nan = kept.isNan === undefined ? "" : `WHEN ${kept.isNan} THEN 'NaN' `;
  const infinities = `WHEN ${value} >= ${MAX_FINITE_VALUE} THEN 'Infinity' WHEN ${value} <= -${MAX_FINITE_VALUE} THEN '-Infinity'`;
  return `CASE ${nan}${infinities} ELSE ${value} END`;
}
