import type { Condition } from "./ast.ts";
import type { Binder } from "./binder.ts";
import { conditionSql, type FieldSource, residueOf } from "./conditions.ts";
import { all } from "./connect.ts";
import { type OrderColumn, orderBy, type Position, rowsAfter, selectColumn } from "./order.ts";
import { MAX_POSITION_BYTES, type PagePlan, type SqlStatement } from "./plan.ts";

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
    ...parts.residual.flatMap((condition) => residueOf(condition)!.columns(source, binder)),
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

/** Most rows of a statement that looks at this many candidates. One row more than a page has tells that there is a next page. */
export function mostRows({ residues, sliceSize, maxResults }: PagePlan, candidates: number): number {
  return residues.length > 0 ? sliceSize : Math.min(maxResults + 1, candidates);
}

/**
 * The statement of a step. Names the columns of the rows, and adds the bytes of the positions' texts.
 * @param id the id's SQL, which is short wherever it occurs in a position
 */
export function stepStatement(
  sql: string,
  { positionLength, residues }: PagePlan,
  columns: readonly OrderColumn[],
  id: string,
  binder: Binder,
): SqlStatement {
  const width = positionLength + residues.reduce((sum, residue) => sum + residue.width, 1);
  const names = Array.from({ length: width + 1 }, (_, index) => `c${index}`);
  const texts = columns.flatMap(({ type, sql: column }, index) =>
    type === "text" && column !== id ? [`coalesce(octet_length(c${index + 1}), 0)`] : [],
  );
  const named = `WITH found (${names.join(", ")}) AS (${sql})`;
  if (texts.length === 0) return { sql: `${named} SELECT *, 0 AS c${width + 1} FROM found`, values: binder.values() };
  const own = texts.join(" + ");
  return {
    sql: `${named} SELECT * FROM (SELECT *, sum(${own}) OVER (ROWS UNBOUNDED PRECEDING) AS c${width + 1} FROM found)
      WHERE c${width + 1} - (${own}) <= ${MAX_POSITION_BYTES}`,
    values: binder.values(),
  };
}
