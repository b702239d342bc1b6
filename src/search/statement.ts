import type { Condition } from "./ast.ts";
import type { Binder } from "./binder.ts";
import { conditionSql, type FieldSource, residueOf } from "./conditions.ts";
import { all } from "./connect.ts";
import { type OrderColumn, orderBy, rowsAfter, selectColumn } from "./order.ts";
import type { Position, SqlStatement } from "./plan.ts";

export interface SearchQueryParts {
  readonly id: string;
  readonly from: string;
  /** The conditions that come with `from`, as SQL. */
  readonly where: readonly string[];
  /** The filter's other conditions. */
  readonly conditions: readonly Condition[];
  /** All conditions that have a residue, whether or not they are in `conditions`. */
  readonly residual: readonly Condition[];
  readonly source: FieldSource;
  readonly columns: readonly OrderColumn[];
  /** Whether `from` is a sorted subquery, so that the query may end as soon as it has `limit` rows. */
  readonly isSorted?: boolean;
  readonly after: Position | undefined;
  /** An SQL expression: an integer, or an expression that is 0 if another query is to answer. */
  readonly limit: string;
}

/** A query of a search. All of them have this form. */
export function searchQuery(parts: SearchQueryParts, binder: Binder): string {
  const { source, columns } = parts;
  const select = [
    parts.id,
    ...columns.map(selectColumn),
    ...parts.residual.flatMap((condition) => residueOf(condition)?.columns(source, binder) ?? []),
  ];
  const where = [
    ...parts.where,
    ...(parts.after === undefined ? [] : rowsAfter(columns, parts.after, binder)),
    ...parts.conditions.map((condition) => conditionSql(condition, source, binder)),
  ];
  return [
    `SELECT ${select.map((expression, index) => `${expression} AS c${index}`).join(", ")}`,
    `FROM ${parts.from}`,
    ...(where.length === 0 ? [] : [`WHERE ${all(where)}`]),
    ...(parts.isSorted ? [] : [orderBy(columns)]),
    `LIMIT ${parts.limit}`,
  ].join("\n");
}

/** Up to this limit all rows carry their position, which may have texts of 8,000 characters. */
const MAX_POSITIONED_ROWS = 1001;

/**
 * The statement of a page. If there are many rows and no residues, only the last two of `limit` rows have their position,
 * because the next page or slice begins after one of them.
 */
export function pageStatement(
  sql: string,
  { columns, residual }: Pick<SearchQueryParts, "columns" | "residual">,
  limit: number,
  binder: Binder,
): SqlStatement {
  if (residual.length > 0 || limit <= MAX_POSITIONED_ROWS) return { sql, values: binder.values() };
  const position = columns.map((_, index) => `iif(place >= ${binder.limit(limit - 1)}, c${index + 1}, NULL)`);
  const select = ["c0", ...position].map((expression, index) => `${expression} AS c${index}`).join(", ");
  return {
    sql: `SELECT ${select} FROM (SELECT *, row_number() OVER () AS place FROM (${sql}))`,
    values: binder.values(),
  };
}
