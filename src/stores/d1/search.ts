import type { ExperimentSearchPlan } from "../../search/experiment-plan.ts";
import type { LoggedModelSearchPlan } from "../../search/logged-model-plan.ts";
import type { Position, SearchPlan } from "../../search/plan.ts";
import type { RegistrySearchPlan } from "../../search/registry-plan.ts";
import type { RunSearchPlan } from "../../search/run-plan.ts";

/** The ids of one page in order; a token only if there are more. */
export async function searchRunIds(
  db: D1Database,
  plan: RunSearchPlan,
): Promise<{ runIds: string[]; nextPageToken?: string }> {
  const { ids, ...page } = await searchIds(db, plan);
  return { runIds: ids, ...page };
}

/**
 * The same, and the rows of `statement`, which is executed in the transaction of the search's first statement: none where
 * the search needs no statement.
 */
export async function searchRunIdsWith<T>(
  db: D1Database,
  plan: RunSearchPlan,
  statement: D1PreparedStatement,
): Promise<{ runIds: string[]; nextPageToken?: string; rows: readonly T[] }> {
  let rows: readonly T[] | undefined;
  const { ids, ...page } = await searchIds(db, plan, async (search) => {
    if (rows !== undefined) return search.raw<Row>();
    const [first, found] = await db.batch([statement, search]);
    rows = (first?.results ?? []) as T[];
    // The plan's columns are c0, c1, …, so their order is kept.
    return (found?.results ?? []).map((row) => Object.values(row as object) as unknown as Row);
  });
  return { runIds: ids, ...page, rows: rows ?? [] };
}

/** How many runs match in all, whatever the page. */
export async function countRuns(db: D1Database, plan: RunSearchPlan): Promise<number> {
  if (plan.count === undefined) {
    const all = await searchIds(db, { ...plan, start: undefined, maxResults: Number.MAX_SAFE_INTEGER - 1 });
    return all.ids.length;
  }
  const { sql, values } = plan.count;
  const row = await db
    .prepare(sql)
    .bind(...values)
    .first<{ runs: number }>();
  return row?.runs ?? 0;
}

/** The ids of one page in order; a token only if there are more. */
export async function searchExperimentIds(
  db: D1Database,
  plan: ExperimentSearchPlan,
): Promise<{ experimentIds: string[]; nextPageToken?: string }> {
  const { ids, ...page } = await searchIds(db, plan);
  return { experimentIds: ids, ...page };
}

/** The ids of one page in order; a token only if there are more. */
export async function searchLoggedModelIds(
  db: D1Database,
  plan: LoggedModelSearchPlan,
): Promise<{ modelIds: string[]; nextPageToken?: string }> {
  const { ids, ...page } = await searchIds(db, plan);
  return { modelIds: ids, ...page };
}

/** The row ids of the registered models of one page in order; a token only if there are more. */
export async function searchRegisteredModelIds(
  db: D1Database,
  plan: RegistrySearchPlan,
): Promise<{ ids: string[]; nextPageToken?: string }> {
  return await searchIds(db, plan);
}

/** The keys (`versionKey`) of the model versions of one page in order; a token only if there are more. */
export async function searchModelVersionKeys(
  db: D1Database,
  plan: RegistrySearchPlan,
): Promise<{ keys: string[]; nextPageToken?: string }> {
  const { ids, ...page } = await searchIds(db, plan);
  return { keys: ids, ...page };
}

/** `[id, isLast, ...position, ...values of the residues]`, as the plan's statements select them. */
type Row = readonly [id: string, isLast: number, ...rest: (string | number | null)[]];

/** Where a row's position begins. */
const POSITION = 2;

/** Executes one statement of a search. */
type Run = (statement: D1PreparedStatement) => Promise<Row[]>;

async function searchIds(
  db: D1Database,
  plan: SearchPlan,
  run: Run = (statement) => statement.raw<Row>(),
): Promise<{ ids: string[]; nextPageToken?: string }> {
  const ids: string[] = [];
  let pageEnd: Row | undefined;
  let position = plan.start;
  for (;;) {
    // One more than asked for tells whether there is a next page.
    const missing = plan.maxResults + 1 - ids.length;
    const limit = plan.residues.length === 0 ? Math.min(plan.sliceSize, missing) : plan.sliceSize;
    const rows = await readSlice(plan, position, limit, db, run);
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
    position = positionOf(last, plan);
  }
}

function positionOf(row: Row, plan: SearchPlan): Position {
  return row.slice(POSITION, POSITION + plan.positionLength);
}

function holdsResidues(row: Row, plan: SearchPlan): boolean {
  let from = POSITION + plan.positionLength;
  return plan.residues.every(({ width, matches }) => {
    const values = row.slice(from, from + width);
    from += width;
    return matches(values);
  });
}

/** The next `limit` rows, or fewer where there are no more. */
async function readSlice(
  plan: SearchPlan,
  after: Position | undefined,
  limit: number,
  db: D1Database,
  run: Run,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { sql, values } of plan.stages(after, limit)) {
    const answer = await run(db.prepare(sql).bind(...values));
    for (const row of answer) rows.push(row);
    if (answer[0]?.[1] === 1 || rows.length >= limit) break;
  }
  return rows.slice(0, limit);
}
