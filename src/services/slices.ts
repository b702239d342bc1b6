/** What `read` makes of `ids`, `size` of them at a time as they are asked for, so that a large page stays in flat memory. */
export async function* inSlices<T>(
  ids: readonly string[],
  size: number,
  read: (slice: readonly string[]) => Promise<readonly T[]>,
): AsyncGenerator<readonly T[]> {
  for (let start = 0; start < ids.length; start += size) yield await read(ids.slice(start, start + size));
}
