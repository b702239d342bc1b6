import { invalidParameter } from "../domain/errors.ts";
import type { Binder } from "./binder.ts";
import type { Position } from "./plan.ts";

/**
 * One column of an order, an SQL expression over the statement's tables. NULLs are last both ways. `integer` is an
 * int64, which leaves and enters SQL as text.
 */
export interface OrderColumn {
  readonly sql: string;
  readonly type: "integer" | "number" | "text";
  readonly ascending: boolean;
  readonly nullable: boolean;
  /** The statement's rows all have the same value here. */
  readonly constant?: boolean;
}

const MAX_ORDER_TERMS = 10;

/** @throws MlflowError INVALID_PARAMETER_VALUE where an order has too many terms. */
export function checkOrderTerms(count: number): void {
  if (count > MAX_ORDER_TERMS) {
    throw invalidParameter(`order_by has ${count} items; at most ${MAX_ORDER_TERMS} are allowed.`);
  }
}

/** What a statement selects of a column, so that the value survives a page token exactly. */
export function selectColumn(column: OrderColumn): string {
  return column.type === "integer" ? `CAST(${column.sql} AS TEXT)` : column.sql;
}

export function orderBy(columns: readonly OrderColumn[]): string {
  // In SQLite NULL is the smallest value: last by itself where the order descends.
  const terms = columns
    .filter((column) => !column.constant)
    .map(({ sql, ascending, nullable }) => `${sql}${ascending ? (nullable ? " NULLS LAST" : "") : " DESC"}`);
  return `ORDER BY ${terms.join(", ")}`;
}

/**
 * The rows that come after `position`: in the first column that differs from it, they are greater where it ascends. The
 * first column's bound stands alone too, so that an index can begin there.
 */
export function rowsAfter(columns: readonly OrderColumn[], position: Position, binder: Binder): string[] {
  const varying = columns.flatMap((column, index) => (column.constant ? [] : [{ column, value: position[index]! }]));
  const cases = varying.map(({ column, value }) => {
    const bound = bindValue(column, value, binder);
    return `WHEN ${column.sql} IS NOT ${bound} THEN ${comesAfter(column, value, bound)}`;
  });
  // One CASE has two levels whatever the columns, where AND and OR would have two a column.
  const condition = `CASE ${cases.join(" ")} ELSE 0 END`;
  const [first] = varying;
  if (first === undefined) return ["0"];
  if (first.column.nullable) return [condition];
  const { sql, ascending } = first.column;
  return [`${sql} ${ascending ? ">=" : "<="} ${bindValue(first.column, first.value, binder)}`, condition];
}

/** SQL for whether a column's value, which is not `value`, comes after it. */
function comesAfter({ sql, ascending, nullable }: OrderColumn, value: string | number | null, bound: string): string {
  if (value === null) return "0";
  const after = `${sql} ${ascending ? ">" : "<"} ${bound}`;
  return nullable ? `(${after} OR ${sql} IS NULL)` : after;
}

function bindValue(column: OrderColumn, value: string | number | null, binder: Binder): string {
  if (value === null) return "NULL";
  if (typeof value === "number") return binder.number(value);
  return column.type === "integer" ? `CAST(${binder.bind(value)} AS INTEGER)` : binder.bind(value);
}
