import { invalidParameter } from "../domain/errors.ts";
import type { OrderTerm } from "./ast.ts";
import type { Binder } from "./binder.ts";
import type { OrderColumn } from "./order.ts";
import { numberOfText, valueTable } from "./run-source.ts";

/** How a metric sorts, ascending and descending: numbers, then NaN, then runs without the metric. */
export const METRIC_RANKS = { number: 0, nan: 1, missing: 2 } as const;

const INTEGER_COLUMNS = new Set(["start_time", "end_time", "experiment_id"]);
const REQUIRED_COLUMNS = new Set(["run_id", "run_name", "user_id", "status", "artifact_uri", "experiment_id"]);

/** In ms; NULL for a running run. Computed in doubles, since the difference of two int64s may not be an int64. */
const DURATION = "(CAST(r.end_time AS REAL) - r.start_time)";

/** `order_by` as columns of a statement. The statement joins the value rows of term n under `joinAlias(n)`. */
export interface RunOrder {
  readonly terms: readonly OrderTerm[];
  readonly columns: readonly OrderColumn[];
}

/** @throws MlflowError INVALID_PARAMETER_VALUE for a field that occurs twice. */
export function planRunOrder(terms: readonly OrderTerm[]): RunOrder {
  const names = terms.map(({ field }) => `${field.entity}.${field.key}`);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw invalidParameter(`order_by names ${repeated} more than once.`);
  return {
    terms,
    columns: [
      ...terms.flatMap(termColumns),
      ...(names.includes("attribute.start_time") ? [] : [attributeColumn("start_time", false)]),
      ...(names.includes("attribute.run_id") ? [] : [attributeColumn("run_id", true)]),
    ],
  };
}

function termColumns({ field, ascending }: OrderTerm, index: number): OrderColumn[] {
  if (field.entity === "attribute") return [attributeColumn(field.key, ascending)];
  const alias = joinAlias(index);
  const { table, column, isNan, isNumber } = valueTable(field)!;
  const type = table === "latest_metrics" ? "number" : "text";
  const value: OrderColumn = { sql: `${alias}.${column}`, type, ascending, nullable: true };
  // Numbers come first, ascending and descending; then the other texts.
  if (isNumber) return [{ ...value, sql: `(${numberOfText(value.sql)})`, type: "number" }, value];
  if (isNan === undefined) return [value];
  const rank = `coalesce(${alias}.${isNan}, ${METRIC_RANKS.missing})`;
  return [{ sql: rank, type: "number", ascending: true, nullable: false }, value];
}

function attributeColumn(key: string, ascending: boolean): OrderColumn {
  if (key === "duration") return { sql: DURATION, type: "number", ascending, nullable: true };
  const type = INTEGER_COLUMNS.has(key) ? "integer" : "text";
  return { sql: `r.${key}`, type, ascending, nullable: !REQUIRED_COLUMNS.has(key) };
}

export function joinAlias(term: number): string {
  return `o${term}`;
}

/** The joins that the order's columns need, except for terms before `first`. */
export function orderJoins(order: RunOrder, first: number, binder: Binder): string {
  return order.terms
    .map(({ field }, index) => {
      const kept = field.entity === "attribute" ? undefined : valueTable(field);
      if (kept === undefined || index < first) return "";
      const alias = joinAlias(index);
      return ` LEFT JOIN ${kept.table} ${alias} ON ${alias}.run_id = r.run_id AND ${alias}.key = ${binder.bind(kept.key)}`;
    })
    .join("");
}
