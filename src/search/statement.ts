import type { Condition } from "./ast.ts";
import type { Binder } from "./binder.ts";
import { conditionSql, type FieldSource, residueOf } from "./conditions.ts";
import { type OrderColumn, orderBy, rowsAfter, selectColumn } from "./order.ts";
import type { Position } from "./plan.ts";

export interface SearchQueryParts {
  readonly id: string;
  readonly from: string;
  /** What the way into the tables demands, as SQL. */
  readonly where: readonly string[];
  /** What the filter demands beyond that. */
  readonly conditions: readonly Condition[];
  /** All conditions that have a residue, whether or not `conditions` holds them. */
  readonly residual: readonly Condition[];
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
    ...(where.length === 0 ? [] : [`WHERE ${where.join(" AND ")}`]),
    orderBy(columns),
    `LIMIT ${parts.limit}`,
  ].join("\n");
}
