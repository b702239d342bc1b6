import type { Position, SearchPlan, SqlStatement } from "../../../search/plan.ts";

/** One page of a search: ids in order, and a token only if there are more. */
export interface Page {
  readonly ids: readonly string[];
  readonly nextPageToken?: string;
}

/** Ids in their order, in SQL: rows of `key` and `value`. */
export type IdSource = SqlStatement;

/** How what is listed is read by its ids, in their order; ids of nothing are left out. */
export interface ItemReader<Item> {
  /** Read at once at most, so that a large page stays in flat memory. */
  readonly itemsPerRead: number;
  readonly statements: (db: D1Database, ids: IdSource) => D1PreparedStatement[];
  /** @param results of the statements */
  readonly toItems: (results: readonly D1Result[]) => Item[];
}

export interface ItemPage<Item> {
  /** Slices of the page; what the first round trip did not bring is read as it is asked for. */
  readonly slices: AsyncGenerator<readonly Item[]>;
  readonly count: number;
  readonly nextPageToken: string | undefined;
}

export async function readItems<Item>(
  db: D1Database,
  { statements, toItems }: ItemReader<Item>,
  ids: readonly string[],
): Promise<Item[]> {
  return toItems(await db.batch(statements(db, { sql: "json_each(?1)", values: [JSON.stringify(ids)] })));
}

/** A page of a search with what it lists: in one round trip, unless there is more than one read takes, or residues. */
export async function readItemPage<Item>(
  db: D1Database,
  plan: SearchPlan,
  reader: ItemReader<Item>,
): Promise<ItemPage<Item>> {
  const most = Math.min(reader.itemsPerRead, plan.maxResults);
  const first: D1Result[][] = [];
  const { ids, nextPageToken } = await readPage(db, plan, async ({ sql, values }) => {
    const listed = `(SELECT row_number() OVER () AS key, c0 AS value FROM (${sql}) LIMIT ${most})`;
    // Of what SQL finds, residues leave some; and what follows a first slice is read by its ids.
    const isWhole = plan.residues.length === 0 && first.length === 0;
    const along = isWhole ? reader.statements(db, { sql: listed, values }) : [];
    const [page, ...items] = await db.batch<Record<string, string | number | null>>([
      db.prepare(sql).bind(...values),
      ...along,
    ]);
    if (isWhole) first.push(items);
    // The plan's columns are c0, c1, … and the first, so their order is kept.
    return (page?.results ?? []).map((row) => Object.values(row) as unknown as PageRow);
  });
  const firstItems = first.map(reader.toItems);
  const rest = firstItems.length === 0 ? ids : ids.slice(most);
  return { slices: slicesOf(db, reader, firstItems, rest), count: ids.length, nextPageToken };
}

async function* slicesOf<Item>(
  db: D1Database,
  reader: ItemReader<Item>,
  first: readonly (readonly Item[])[],
  rest: readonly string[],
): AsyncGenerator<readonly Item[]> {
  yield* first;
  yield* inSlices(rest, reader.itemsPerRead, (ids) => readItems(db, reader, ids));
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
    // One more than asked for tells whether there is a next page.
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
    position = positionOf(last, plan);
  }
}

function positionOf(row: PageRow, plan: SearchPlan): Position {
  return row.slice(POSITION, POSITION + plan.positionLength);
}

function holdsResidues(row: PageRow, plan: SearchPlan): boolean {
  let from = POSITION + plan.positionLength;
  return plan.residues.every(({ width, matches }) => {
    const values = row.slice(from, from + width);
    from += width;
    return matches(values);
  });
}

/** What `read` makes of `ids`, `size` of them at a time as they are asked for, so that a large page stays in flat memory. */
export async function* inSlices<T>(
  ids: readonly string[],
  size: number,
  read: (slice: readonly string[]) => Promise<readonly T[]>,
): AsyncGenerator<readonly T[]> {
  for (let start = 0; start < ids.length; start += size) yield await read(ids.slice(start, start + size));
}
