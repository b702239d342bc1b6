import type { KeyValue } from "../../../domain/entities.ts";

/** In UTF-16 units of up to three bytes each; D1 binds strings of up to 2,000,000 bytes. */
const MAX_LIST_LENGTH = 400_000;

/**
 * Rows as JSON lists for `json_each(?)`, as few lists as D1 allows: one statement takes as many rows as fit a bound string.
 * @param rows JSON texts; a row that is longer than the limit becomes a list of its own
 */
export function jsonLists(rows: readonly string[]): string[] {
  const lists: string[] = [];
  let start = 0;
  let length = 0;
  const cut = (end: number) => {
    if (end > start) lists.push(`[${rows.slice(start, end).join(",")}]`);
    start = end;
    length = 0;
  };
  rows.forEach((row, i) => {
    if (length + row.length >= MAX_LIST_LENGTH) cut(i);
    length += row.length + 1;
  });
  cut(rows.length);
  return lists;
}

/** Pairs as lists of `[key, value]`. */
export function keyValueLists(pairs: readonly KeyValue[]): string[] {
  return jsonLists(pairs.map(({ key, value }) => JSON.stringify([key, value])));
}

/** Integers as one list. They are given as text because they may be beyond 2^53. */
export function integerList(integers: readonly string[]): string {
  return `[${integers.map(BigInt).join(",")}]`;
}
