/*
 * The answers of list calls: `{"runs":[…],"next_page_token":"…"}`. An empty list and an absent token are left out, because
 * clients test for their presence.
 */

/** `{"<name>":[…]}` in pieces, one for each slice. An empty list is written too. */
export async function* listToPieces<T>(
  name: string,
  slices: AsyncIterable<readonly T[]>,
  toWire: (item: T) => string,
): AsyncGenerator<string, void> {
  const hasItems = yield* itemsToPieces(name, slices, toWire);
  yield hasItems ? "]}" : `{"${name}":[]}`;
}

/**
 * The answer in pieces, one for each slice of the page.
 * @param nextPageToken a function where the token is known only once all slices are read.
 */
export async function* pageToPieces<T>(
  name: string,
  slices: AsyncIterable<readonly T[]>,
  toWire: (item: T) => string,
  nextPageToken: string | undefined | (() => string | undefined),
): AsyncGenerator<string, void> {
  const hasItems = yield* itemsToPieces(name, slices, toWire);
  const token = typeof nextPageToken === "function" ? nextPageToken() : nextPageToken;
  yield hasItems ? `]${tokenToWire(",", token)}}` : `{${tokenToWire("", token)}}`;
}

/** `{"<name>":[` and the items, or nothing without items. @returns whether there were items */
async function* itemsToPieces<T>(
  name: string,
  slices: AsyncIterable<readonly T[]>,
  toWire: (item: T) => string,
): AsyncGenerator<string, boolean> {
  let separator = `{"${name}":[`;
  for await (const items of slices) {
    if (items.length === 0) continue;
    yield separator + items.map(toWire).join(",");
    separator = ",";
  }
  return separator === ",";
}

function tokenToWire(separator: string, nextPageToken: string | undefined): string {
  return nextPageToken === undefined ? "" : `${separator}"next_page_token":${JSON.stringify(nextPageToken)}`;
}
