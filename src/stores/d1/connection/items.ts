import type { SearchPlan, SqlStatement } from "../../../search/plan.ts";
import { prepare, readPage, toPageRows } from "./page.ts";
import { yieldTurn } from "./turn.ts";

/*
 * The items of a list are read by id, in slices of bounded memory whatever the size of the items: a tag may have a few
 * bytes, or a hundred thousand.
 */

/** Most bytes of one answer of D1: an isolate of 128 MB holds several copies of each answer. */
export const ANSWER_BYTES = 4_000_000;

/** Most bytes of the rows of one query of a reader. */
const MAX_QUERY_BYTES = ANSWER_BYTES / 2;

/** A query for data that belongs to items. */
export interface ItemQuery {
  readonly sql: string;
  /** SQL over the query's columns: about how many bytes a row has. */
  readonly bytes: string;
}

/** How to read listed items by id, in the order of the ids. Ids without an item are left out. */
export interface ItemReader<Item> {
  /** Most items of one read, however small they are. */
  readonly itemsPerRead: number;
  /** @param ids ids in their order, in SQL: rows of `key` and `value`. */
  readonly queries: (ids: string) => readonly ItemQuery[];
  /** @param results of the queries */
  readonly toItems: (results: readonly D1Result[]) => Item[];
}

export interface ItemPage<Item> {
  /** Slices of the page; what the first round trip did not bring is read as it is asked for. */
  readonly slices: AsyncGenerator<readonly Item[]>;
  readonly count: number;
  readonly nextPageToken: string | undefined;
}

/** SQL: the bytes of a row's `columns`, plus the overhead of a row. */
export function bytesOf(...columns: readonly string[]): string {
  return ["100", ...columns.map((column) => `coalesce(octet_length(${column}), 0)`)].join(" + ");
}

/** Reads all of these items, however large they are: pass few. */
export async function readItems<Item>(
  db: D1Database,
  { queries, toItems }: ItemReader<Item>,
  ids: readonly string[],
): Promise<Item[]> {
  const list = JSON.stringify(ids);
  return toItems(await db.batch(queries("json_each(?1)").map(({ sql }) => db.prepare(sql).bind(list))));
}

/**
 * A page of a search with its items: in one round trip, unless the page exceeds one read, has residues, or has much text, or
 * the search takes several transactions.
 */
export async function readItemPage<Item, Cursor>(
  db: D1Database,
  plan: SearchPlan<Cursor>,
  reader: ItemReader<Item>,
): Promise<ItemPage<Item>> {
  const most = Math.min(reader.itemsPerRead, plan.maxResults);
  // The test of residues drops some of the rows that SQL finds.
  const isPlain = plan.residues.length === 0;
  const alongside = (rows: SqlStatement) => itemStatements(db, rows, most, reader);
  const { ids, nextPageToken, told, steps } = await readPage(db, plan, isPlain ? { alongside } : {});
  const first = isPlain && steps === 1 ? { most, items: itemsOf(told, reader) } : undefined;
  return { slices: slicesOf(db, reader, ids, first), count: ids.length, nextPageToken };
}

/** All items that a statement lists by the ids in its column `c0`, in slices. Each slice is read when it is asked for. */
export async function* readItemList<Item>(
  db: D1Database,
  statement: SqlStatement,
  reader: ItemReader<Item>,
): AsyncGenerator<readonly Item[]> {
  const most = reader.itemsPerRead;
  const [listed, ...told] = await db.batch([prepare(db, statement), ...itemStatements(db, statement, most, reader)]);
  const ids = toPageRows(listed!).map(([id]) => id);
  yield* slicesOf(db, reader, ids, { most, items: itemsOf(told, reader) });
}

/** The items of a page's beginning, which were read along with its ids. */
interface FirstItems<Item> {
  /** How many of the ids they are the items of. */
  readonly most: number;
  /** Undefined if they were too large. */
  readonly items: readonly Item[] | undefined;
}

/** Reads the items of the first `most` rows of a statement. */
function itemStatements<Item>(
  db: D1Database,
  { sql, values }: SqlStatement,
  most: number,
  { queries }: ItemReader<Item>,
): D1PreparedStatement[] {
  const listed = `(SELECT row_number() OVER () AS key, c0 AS value FROM (${sql}) LIMIT ${most})`;
  return queries(listed).map((query) => prepare(db, { sql: cut(query), values }));
}

/** The items, undefined if they were too large. */
function itemsOf<Item>(results: readonly D1Result[], { toItems }: ItemReader<Item>): readonly Item[] | undefined {
  return isCut(results) ? undefined : toItems(results);
}

/** The items of `ids`, in smaller slices if some were too large. */
async function* slicesOf<Item>(
  db: D1Database,
  reader: ItemReader<Item>,
  ids: readonly string[],
  first: FirstItems<Item> | undefined,
): AsyncGenerator<readonly Item[]> {
  if (first?.items !== undefined) yield first.items;
  let start = first?.items === undefined ? 0 : first.most;
  let size = reader.itemsPerRead;
  while (start < ids.length) {
    await yieldTurn();
    const some = ids.slice(start, start + size);
    const list = JSON.stringify(some);
    const queries = reader.queries("json_each(?1)");
    const results = await db.batch<Cut>(queries.map((query) => db.prepare(cut(query)).bind(list)));
    if (!isCut(results)) {
      yield reader.toItems(results);
      start += some.length;
    } else if (some.length > 1) {
      size = Math.ceil(some.length / 4);
    } else {
      yield await readItems(db, reader, some);
      start += 1;
    }
  }
}

interface Cut {
  /** Bytes of the rows up to and including this one. */
  readonly through: number;
}

/** The query's rows up to the limit of bytes, and one row more. LIMIT keeps their order. */
function cut({ sql, bytes }: ItemQuery): string {
  return `SELECT * FROM (SELECT *, sum(${bytes}) OVER (ROWS UNBOUNDED PRECEDING) AS through FROM (${sql} LIMIT -1))
    WHERE through - (${bytes}) <= ${MAX_QUERY_BYTES}`;
}

function isCut(results: readonly D1Result[]): boolean {
  return results.some((result) => ((result.results.at(-1) as Cut | undefined)?.through ?? 0) > MAX_QUERY_BYTES);
}
