import { comparisonsOf } from "./ast.ts";
import { Binder } from "./binder.ts";
import { type Candidates, candidatesWith } from "./candidates.ts";
import type { FieldSource } from "./conditions.ts";
import type { Position } from "./order.ts";
import { type PageQuery, type ParsedSearch, planPages, type SearchPlan } from "./plan.ts";
import { mostRows, searchQuery, stepStatement } from "./statement.ts";

/** How a search looks at its candidates. */
export interface Slices<Cursor> {
  readonly candidates: Candidates<Cursor>;
  readonly id: string;
  /** What FROM takes. @param candidates a query for candidates */
  readonly from: (candidates: string, binder: Binder) => string;
  /** Conditions beside the filter's, as SQL. */
  readonly where: (binder: Binder) => readonly string[];
  readonly source: FieldSource;
  /** How many look-ups a candidate takes beside those of the filter. */
  readonly lookUps: number;
}

/** Tests set the size of a slice. */
export interface SliceTuning {
  /** Most candidates of one statement. If absent, the look-ups of a candidate decide. */
  readonly candidates?: number;
}

/**
 * The plan of a search that looks at all of its candidates, one slice after the other.
 * @throws MlflowError as {@link planPages}.
 */
export function planSearch<Cursor>(
  search: ParsedSearch,
  page: PageQuery,
  slicesFrom: (start: Position | undefined) => Slices<Cursor>,
  tuning: SliceTuning = {},
): SearchPlan<Cursor> {
  const { conditions, columns } = search;
  const { residual, ...pages } = planPages(search, page);
  const { candidates, id, from, where, source, lookUps } = slicesFrom(pages.start);
  return {
    ...pages,
    columns,
    from: candidates.from,
    candidates: tuning.candidates ?? candidatesWith(lookUps + conditions.flatMap(comparisonsOf).length),
    step: ({ cursor, candidates: count }) => {
      const binder = new Binder();
      const isSorted = candidates.isSorted(cursor);
      const query = searchQuery(
        {
          id,
          from: from(candidates.query(cursor, binder.limit(count), binder), binder),
          where: where(binder),
          conditions,
          residual,
          source,
          columns,
          isSorted,
          after: isSorted ? undefined : pages.start,
          limit: binder.limit(mostRows(pages, count)),
        },
        binder,
      );
      const last = new Binder();
      return {
        rows: stepStatement(`SELECT *, 0 FROM (${query})`, pages, columns, id, binder),
        last: { sql: candidates.last(cursor, count, last), values: last.values() },
      };
    },
    next: (cursor, last, isFullBefore) => candidates.next(cursor, last, isFullBefore),
  };
}
