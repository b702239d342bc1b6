import type { Comparison } from "./ast.ts";
import type { Binder } from "./binder.ts";
import { comparisonSql, type FieldSource, residueOf } from "./conditions.ts";
import { type OrderColumn, orderBy, rowsAfter, selectColumn } from "./order.ts";
import type { Position } from "./plan.ts";

export interface SearchQueryParts {
  readonly id: string;
  readonly from: string;
  /** What the way into the tables demands, as SQL. */
  readonly where: readonly string[];
  /** What the filter demands beyond that. */
  readonly comparisons: readonly Comparison[];
  /** All comparisons that have a residue, whether or not `comparisons` holds them. */
  readonly residual: readonly Comparison[];
  readonly source: FieldSource;
  readonly columns: readonly OrderColumn[];
  readonly after: Position | undefined;
  /** An SQL expression: an integer, or one that is 0 where another query is to answer. */
  readonly limit: string;
  /** Whether its rows are all there are, without a next stage. */
  readonly isLast: boolean;
}

/** The one shape that all queries of a search have. */
export function searchQuery(parts: SearchQueryParts, binder: Binder): string {
  const { source, columns } = parts;
  const select = [
    parts.id,
    parts.isLast ? "1" : "0",
    ...columns.map(selectColumn),
    ...parts.residual.flatMap((comparison) => residueOf(comparison)?.sql(source, binder) ?? []),
  ];
  const where = [
    ...parts.where,
    ...(parts.after === undefined ? [] : rowsAfter(columns, parts.after, binder)),
    ...parts.comparisons.map((comparison) => comparisonSql(comparison, source, binder)),
  ];
  return [
    `SELECT ${select.map((expression, index) => `${expression} AS c${index}`).join(", ")}`,
    `FROM ${parts.from}`,
    ...(where.length === 0 ? [] : [`WHERE ${where.join(" AND ")}`]),
    orderBy(columns),
    `LIMIT ${parts.limit}`,
  ].join("\n");
}
