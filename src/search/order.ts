import { invalidParameter } from "../domain/errors.ts";
import type { Binder } from "./binder.ts";

/**
 * One column of an order, an SQL expression over the statement's tables. NULLs come last, ascending and descending.
 * `integer` is an int64, which leaves and enters SQL as text.
 */
export interface OrderColumn {
  readonly sql: string;
  readonly type: "integer" | "number" | "text";
  readonly ascending: boolean;
  readonly nullable: boolean;
  /** All rows of the statement have the same value in this column. */
  readonly constant?: boolean;
}

/** Where a page ended: the last row's value for each column of the order. An int64 is text; a missing value is null. */
export type Position = readonly (string | number | null)[];

const MAX_ORDER_TERMS = 10;

/** @throws MlflowError INVALID_PARAMETER_VALUE when an order has too many terms. */
export function checkOrderTerms(count: number): void {
  if (count > MAX_ORDER_TERMS) {
    throw invalidParameter(`order_by has ${count} items; at most ${MAX_ORDER_TERMS} are allowed.`);
  }
}

/** The expression that a statement selects for a column, so that the value survives a page token exactly. */
export function selectColumn(column: OrderColumn): string {
  return column.type === "integer" ? `CAST(${column.sql} AS TEXT)` : column.sql;
}

export function orderBy(columns: readonly OrderColumn[]): string {
  // In SQLite NULL is the smallest value, so in a descending order it already comes last.
  const terms = columns
    .filter((column) => !column.constant)
    .map(({ sql, ascending, nullable }) => `${sql}${ascending ? (nullable ? " NULLS LAST" : "") : " DESC"}`);
  return `ORDER BY ${terms.join(", ")}`;
}

/**
 * Conditions for the rows after `position`: in the first column that differs from `position`, the row's value comes later
 * in the column's direction. The first column's bound is also a separate condition, so that an index scan can begin there.
 */
export function rowsAfter(columns: readonly OrderColumn[], position: Position, binder: Binder): string[] {
  const varying = columns.flatMap((column, index) => (column.constant ? [] : [{ column, value: position[index]! }]));
  const cases = varying.map(({ column, value }) => {
    const bound = bindValue(column, value, binder);
    return `WHEN ${column.sql} IS NOT ${bound} THEN ${comesAfter(column, bound)}`;
  });
  // One CASE has two levels of depth for any number of columns; AND and OR would have two for each column.
  const condition = `CASE ${cases.join(" ")} ELSE 0 END`;
  const [first] = varying;
  if (first === undefined) return ["0"];
  if (first.column.nullable) return [condition];
  const { sql, ascending } = first.column;
  return [`${sql} ${ascending ? ">=" : "<="} ${bindValue(first.column, first.value, binder)}`, condition];
}

/** SQL: whether a column's value, which differs from `bound`, comes after `bound`. Nothing comes after NULL. */
function comesAfter({ sql, ascending, nullable }: OrderColumn, bound: string): string {
  const after = `${sql} ${ascending ? ">" : "<"} ${bound}`;
  return nullable ? `(${after} OR ${sql} IS NULL)` : after;
}

function bindValue(column: OrderColumn, value: string | number | null, binder: Binder): string {
  if (value === null) return "NULL";
  if (typeof value === "number") return binder.number(value);
  return column.type === "integer" ? `CAST(${binder.bind(value)} AS INTEGER)` : binder.bind(value);
}
