/*
 * SQLite parses `a AND b AND c` as a tree with a level for each term, and refuses expressions of more than 100 levels. The
 * trees built here have log2(n) levels, whatever the filter.
 */

/** SQL that is true if all of `conditions` are; true if there are none. */
export function all(conditions: readonly string[]): string {
  return conditions.length === 0 ? "1" : connect("AND", conditions);
}

/** SQL that is true if any of `conditions` is; false if there are none. */
export function any(conditions: readonly string[]): string {
  return conditions.length === 0 ? "0" : connect("OR", conditions);
}

function connect(word: "AND" | "OR", conditions: readonly string[]): string {
  if (conditions.length <= 2) return conditions.join(` ${word} `);
  const half = Math.ceil(conditions.length / 2);
  return `(${connect(word, conditions.slice(0, half))}) ${word} (${connect(word, conditions.slice(half))})`;
}
