/*
 * The answers of list calls: `{"runs":[…],"next_page_token":"…"}`. An empty list and an absent token are left out, as clients
 * test for their presence.
 */

/** The answer in pieces, one for each slice of the page. */
export async function* pageToPieces<T>(
  name: string,
  slices: AsyncIterable<readonly T[]>,
  toWire: (item: T) => string,
  nextPageToken: string | undefined,
): AsyncGenerator<string, void> {
  let separator = `{"${name}":[`;
  for await (const items of slices) {
    if (items.length === 0) continue;
    yield separator + items.map(toWire).join(",");
    separator = ",";
  }
  yield separator === "," ? `]${tokenToWire(",", nextPageToken)}}` : `{${tokenToWire("", nextPageToken)}}`;
}

/** The answer as one text, from items that are JSON texts. */
export function pageToWire(name: string, items: readonly string[], nextPageToken: string | undefined): string {
  if (items.length === 0) return `{${tokenToWire("", nextPageToken)}}`;
  return `{"${name}":[${items.join(",")}]${tokenToWire(",", nextPageToken)}}`;
}

function tokenToWire(separator: string, nextPageToken: string | undefined): string {
  return nextPageToken === undefined ? "" : `${separator}"next_page_token":${JSON.stringify(nextPageToken)}`;
}
