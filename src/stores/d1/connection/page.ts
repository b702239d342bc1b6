import { slices } from "../../../domain/slices.ts";
import type { PagePlan, Position, SearchPlan, SqlStatement } from "../../../search/plan.ts";
import { yieldTurn } from "./turn.ts";

/** One page of a search: ids in order, and a token only if there are more. */
export interface Page {
  readonly ids: readonly string[];
  readonly nextPageToken?: string;
}

/** `[id, ...position, ...values of the residues]`, as a plan's statements select them. */
export type PageRow = readonly [id: string, ...rest: (string | number | null)[]];

/** Where a row's position begins. */
const POSITION = 1;

/** @param run executes one statement of the plan. */
export async function readPage(
  db: D1Database,
  plan: SearchPlan,
  run: (statement: SqlStatement) => Promise<PageRow[]> = ({ sql, values }) =>
    db
      .prepare(sql)
      .bind(...values)
      .raw<PageRow>(),
): Promise<Page> {
  const ids: string[] = [];
  let pageEnd: PageRow | undefined;
  let position = plan.start;
  for (;;) {
    // One row more than asked for tells whether there is a next page.
    const missing = plan.maxResults + 1 - ids.length;
    const limit = plan.residues.length === 0 ? Math.min(plan.sliceSize, missing) : plan.sliceSize;
    const statement = plan.statement(position, limit);
    const rows = statement === undefined ? [] : await run(statement);
    for (const row of rows) {
      if (!holdsResidues(row, plan)) continue;
      if (ids.length === plan.maxResults) {
        return { ids, ...(pageEnd !== undefined && { nextPageToken: plan.pageToken(positionOf(pageEnd, plan)) }) };
      }
      ids.push(row[0]);
      pageEnd = row;
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < limit) return { ids };
    await yieldTurn();
    position = positionOf(last, plan);
  }
}

function positionOf(row: PageRow, plan: SearchPlan): Position {
  return row.slice(POSITION, POSITION + plan.positionLength);
}

/** Whether a row satisfies the conditions that SQL only narrows down. */
export function holdsResidues(row: PageRow, plan: Pick<PagePlan, "positionLength" | "residues">): boolean {
  let from = POSITION + plan.positionLength;
  return plan.residues.every(({ width, matches }) => {
    const values = row.slice(from, from + width);
    from += width;
    return matches(values);
  });
}

/**
 * Calls `read` with `size` ids at a time, each time the next result is asked for, so that a large page takes bounded
 * memory.
 */
export async function* inSlices<T>(
  ids: readonly string[],
  size: number,
  read: (slice: readonly string[]) => Promise<readonly T[]>,
): AsyncGenerator<readonly T[]> {
  let isFirst = true;
  for (const slice of slices(ids, size)) {
    if (!isFirst) await yieldTurn();
    isFirst = false;
    yield await read(slice);
  }
}
