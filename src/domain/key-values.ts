import type { KeyValue } from "./entities.ts";

/** As they are stored and read: of several with one key the last, in the order of the keys. */
export function asStored(pairs: readonly KeyValue[]): KeyValue[] {
  const values = new Map(pairs.map(({ key, value }) => [key, value]));
  return [...values].map(([key, value]) => ({ key, value })).sort((a, b) => (a.key < b.key ? -1 : 1));
}
