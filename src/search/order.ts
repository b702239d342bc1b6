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

/** The rows that come after `position`; the first column's bound stands alone too, so that an index can begin there. */
export function rowsAfter(columns: readonly OrderColumn[], position: Position, binder: Binder): string[] {
  const varying = columns.flatMap((column, index) => (column.constant ? [] : [{ column, value: position[index]! }]));
  const condition = varying.reduceRight((rest, { column, value }) => {
    const { after, same } = compare(column, value, binder);
    if (rest === "") return after;
    return after === "0" ? `(${same} AND ${rest})` : `(${after} OR (${same} AND ${rest}))`;
  }, "");
  const [first] = varying;
  if (first === undefined || first.column.nullable) return [condition];
  const { sql, ascending } = first.column;
  return [`${sql} ${ascending ? ">=" : "<="} ${bindValue(first.column, first.value, binder)}`, condition];
}

function compare(
  column: OrderColumn,
  value: string | number | null,
  binder: Binder,
): { readonly after: string; readonly same: string } {
  if (value === null) return { after: "0", same: `${column.sql} IS NULL` };
  const bound = bindValue(column, value, binder);
  const after = `${column.sql} ${column.ascending ? ">" : "<"} ${bound}`;
  return {
    after: column.nullable ? `(${after} OR ${column.sql} IS NULL)` : after,
    same: `${column.sql} = ${bound}`,
  };
}

function bindValue(column: OrderColumn, value: string | number | null, binder: Binder): string {
  if (value === null) return "NULL";
  if (typeof value === "number") return binder.number(value);
  return column.type === "integer" ? `CAST(${binder.bind(value)} AS INTEGER)` : binder.bind(value);
}
