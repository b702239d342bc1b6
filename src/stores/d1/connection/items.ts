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

/** The least that {@link bytesOf} counts for a row. */
const ROW_BYTES = 100;

/** A query for data that belongs to items. */
export interface ItemQuery {
  /**
   * Rows in the order of the listed items. The column `item` is the item's `key` in the list. No ORDER BY: the order of the
   * loops of a CROSS JOIN is the order of the rows, and SQLite would sort the texts of all items to make it certain.
   */
  readonly sql: string;
  /** SQL over the query's columns: about how many bytes a row has. See {@link bytesOf}. */
  readonly bytes: string;
}

/** How to read listed items by id, in the order of the ids. Ids without an item are left out. */
export interface ItemReader<Item> {
  /** Most items of one read, however small they are. */
  readonly itemsPerRead: number;
  /** @param ids ids in their order, in SQL: rows of `key`, which counts from 0, and `value`. */
  readonly queries: (ids: string) => readonly ItemQuery[];
  /** @param results of the queries */
  readonly toItems: (results: readonly ItemRows[]) => Item[];
}

/** Rows of an {@link ItemQuery}. */
export interface ItemRows {
  readonly results: readonly unknown[];
}

export interface ItemPage<Item> {
  /** Slices of the page; what the first round trip did not bring is read as it is asked for. */
  readonly slices: AsyncGenerator<readonly Item[]>;
  readonly count: number;
  readonly nextPageToken: string | undefined;
}

/** SQL: the bytes of a row's `columns`, plus the overhead of a row. */
export function bytesOf(...columns: readonly string[]): string {
  return [String(ROW_BYTES), ...columns.map((column) => `coalesce(octet_length(${column}), 0)`)].join(" + ");
}

/** Rows of `key` and `value` from a JSON list that is bound as `?1`. */
const LIST = "json_each(?1)";

/** The item with this id. */
export async function readItem<Item>(
  db: D1Database,
  reader: ItemReader<Item>,
  id: string | number,
): Promise<Item | undefined> {
  return (await readItems(db, reader, { sql: LIST, values: [JSON.stringify([id])] }))[0];
}

/**
 * Reads all of some items, however large they are: there must be few.
 * @param ids as in {@link ItemReader.queries}
 */
export async function readItems<Item>(
  db: D1Database,
  { queries, toItems }: ItemReader<Item>,
  ids: SqlStatement,
): Promise<Item[]> {
  return toItems(await db.batch(queries(ids.sql).map(({ sql }) => prepare(db, { sql, values: ids.values }))));
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
  const first = isPlain && steps === 1 ? wholeItems(told, Math.min(most, ids.length)) : undefined;
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
  yield* slicesOf(db, reader, ids, wholeItems(told, Math.min(most, ids.length)));
}

/** Reads the items of the first `most` rows of a statement. */
function itemStatements<Item>(
  db: D1Database,
  { sql, values }: SqlStatement,
  most: number,
  { queries }: ItemReader<Item>,
): D1PreparedStatement[] {
  const listed = `(SELECT row_number() OVER () - 1 AS key, c0 AS value FROM (${sql}) LIMIT ${most})`;
  return queries(listed).map((query) => prepare(db, { sql: cut(query), values }));
}

/**
 * The items of `ids`. A read brings as many of them as fit one answer, and the next read asks for twice as many: so a large
 * item among small ones does not slow the rest down, and D1 does not read much that does not fit.
 * @param first the items of the beginning, if they were read along with the ids
 */
async function* slicesOf<Item>(
  db: D1Database,
  reader: ItemReader<Item>,
  ids: readonly string[],
  first: WholeItems | undefined,
): AsyncGenerator<readonly Item[]> {
  const queries = reader.queries(LIST).map(cut);
  let found = first;
  for (let start = 0, size = reader.itemsPerRead; start < ids.length; ) {
    if (found === undefined) {
      await yieldTurn();
      const some = ids.slice(start, start + size);
      const list = JSON.stringify(some);
      found = wholeItems(await db.batch(queries.map((sql) => db.prepare(sql).bind(list))), some.length);
    }
    const { count, results } = found;
    found = undefined;
    if (count > 0) {
      yield reader.toItems(results);
    } else {
      const item = await readItem(db, reader, ids[start]!);
      if (item !== undefined) yield [item];
    }
    const read = Math.max(count, 1);
    start += read;
    size = Math.min(reader.itemsPerRead, 2 * read);
  }
}

interface Cut {
  /** The place of the row's item in the list. */
  readonly item: number;
  /** Bytes of the rows up to and including this one. */
  readonly through: number;
}

/**
 * The query's rows up to the limit of bytes, and one row more. The window reads all rows of the inner query, even those that
 * are not answered, so their number is limited too.
 */
function cut({ sql, bytes }: ItemQuery): string {
  return `SELECT * FROM (SELECT *, sum(${bytes}) OVER (ROWS UNBOUNDED PRECEDING) AS through
      FROM (${sql} LIMIT ${MAX_QUERY_BYTES / ROW_BYTES + 1}))
    WHERE through - (${bytes}) <= ${MAX_QUERY_BYTES}`;
}

/** The first items of a list, of which an answer has all rows. */
interface WholeItems {
  readonly count: number;
  readonly results: readonly ItemRows[];
}

/** @param count the number of items in the list */
function wholeItems(results: readonly D1Result[], count: number): WholeItems {
  const lasts = results.flatMap((result) => (result.results.at(-1) as Cut | undefined) ?? []);
  // Rows of the last item may be missing.
  const ends = lasts.filter(({ through }) => through > MAX_QUERY_BYTES).map(({ item }) => item);
  if (ends.length === 0) return { count, results };
  const end = Math.min(...ends);
  const isWhole = (row: unknown) => (row as Cut).item < end;
  return { count: end, results: results.map((result) => ({ results: result.results.filter(isWhole) })) };
}
