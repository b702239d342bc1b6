/** The items in slices of `size`, in order. The last slice may be shorter. */
export function* slices<Item>(items: readonly Item[], size: number): Generator<Item[], void> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}
