import type { KeyValue } from "./entities.ts";

/** Key-value pairs as they are stored and read: in the order of the keys. Of several pairs with one key, the last counts. */
export function asStored(pairs: readonly KeyValue[]): KeyValue[] {
  const values = new Map(pairs.map(({ key, value }) => [key, value]));
  return [...values].map(([key, value]) => ({ key, value })).sort((a, b) => (a.key < b.key ? -1 : 1));
}
