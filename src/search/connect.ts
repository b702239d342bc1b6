/*
 * SQLite joins `a AND b AND c` as a tree of as many levels, and refuses an expression of more than 100. These trees have
 * log2(n) levels, whatever the filter.
 */

/** SQL that holds where all of `conditions` do: everywhere where there are none. */
export function all(conditions: readonly string[]): string {
  return conditions.length === 0 ? "1" : connect("AND", conditions);
}

/** SQL that holds where any of `conditions` does: nowhere where there are none. */
export function any(conditions: readonly string[]): string {
  return conditions.length === 0 ? "0" : connect("OR", conditions);
}

function connect(word: "AND" | "OR", conditions: readonly string[]): string {
  if (conditions.length <= 2) return conditions.join(` ${word} `);
  const half = Math.ceil(conditions.length / 2);
  return `(${connect(word, conditions.slice(0, half))}) ${word} (${connect(word, conditions.slice(half))})`;
}
