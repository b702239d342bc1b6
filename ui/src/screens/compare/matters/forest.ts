/*
 * Extremely randomised trees (Geurts, Ernst and Wehenkel, 2006), as far as they tell which columns a result depends on. Pure,
 * and by a seed of its own: the same question has the same answer.
 */

/** A column without gaps. */
export interface Column {
  /** Numbers in their order. Each word has a number, and the order of these says nothing. */
  readonly values: Float64Array;
  readonly areWords: boolean;
}

export interface Forest {
  /** Of each column its share of the variance that the trees explain: 1 in all. */
  readonly importance: readonly number[];
  /** How much of the variance of rows that a tree had not seen it explains: 1 all, 0 and less none. */
  readonly explained: number;
}

const TREES = 40;
const MAX_DEPTH = 10;
/** Fewer rows are not divided. */
const LEAST_ROWS = 5;
/** Rows of a tree: more make it slower, not better. */
const MAX_ROWS = 1000;

/** @param seed another seed gives other trees, and nearly the same answer */
export function growForest(columns: readonly Column[], result: Float64Array, seed = 1): Forest {
  const rows = result.length;
  const random = mulberry32(seed);
  const importance = new Float64Array(columns.length);
  const sums = new Float64Array(rows);
  const votes = new Uint32Array(rows);
  const taken = Math.min(MAX_ROWS, Math.max(1, Math.floor(rows * 0.7)));
  for (let tree = 0; tree < TREES; tree++) {
    const order = shuffled(rows, random);
    const root = grow(columns, result, order.subarray(0, taken), 0, random, importance);
    for (const row of order.subarray(taken, taken + MAX_ROWS)) {
      sums[row]! += told(root, columns, row);
      votes[row]! += 1;
    }
  }
  const all = importance.reduce((sum, one) => sum + one, 0);
  return {
    importance: Array.from(importance, (one) => (all > 0 ? one / all : 0)),
    explained: explainedOf(result, sums, votes),
  };
}

/**
 * How a node divides its rows: numbers at a place, and words by chance. Words in the order of their results would make a column
 * of words that are all different look as if it explained everything.
 */
type Split = { readonly at: number } | { readonly seed: number; readonly low: number; readonly high: number };

type Node =
  | { readonly mean: number }
  | { readonly column: number; readonly split: Split; readonly low: Node; readonly high: Node };

function isLow(value: number, split: Split): boolean {
  if ("at" in split) return value <= split.at;
  if (value === split.low) return true;
  return value !== split.high && Math.imul(value + 1, split.seed) >>> 31 === 0;
}

/** A random split of rows by a column; undefined if all have the same value. */
function splitOf({ values, areWords }: Column, rows: Uint32Array, random: () => number): Split | undefined {
  if (areWords) {
    const low = values[rows[0]!]!;
    const other = rows.find((row) => values[row] !== low);
    if (other === undefined) return undefined;
    // An odd factor mixes the words' numbers well enough.
    return { low, high: values[other]!, seed: Math.floor(random() * 2 ** 32) | 1 };
  }
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const row of rows) {
    const value = values[row]!;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return least < greatest ? { at: least + (greatest - least) * random() } : undefined;
}

function grow(
  columns: readonly Column[],
  result: Float64Array,
  rows: Uint32Array,
  depth: number,
  random: () => number,
  importance: Float64Array,
): Node {
  const [mean, squares] = spreadOf(result, rows);
  if (depth === MAX_DEPTH || rows.length < LEAST_ROWS || squares <= 1e-12) return { mean };
  let best: { column: number; split: Split; gain: number } | undefined;
  for (let column = 0; column < columns.length; column++) {
    const split = splitOf(columns[column]!, rows, random);
    if (split === undefined) continue;
    const gain = squares - splitSquares(columns[column]!.values, result, rows, split);
    if (best === undefined || gain > best.gain) best = { column, split, gain };
  }
  if (best === undefined || best.gain <= 0) return { mean };
  const { column, split, gain } = best;
  const { values } = columns[column]!;
  const low = rows.filter((row) => isLow(values[row]!, split));
  const high = rows.filter((row) => !isLow(values[row]!, split));
  if (low.length === 0 || high.length === 0) return { mean };
  importance[column]! += gain;
  return {
    column,
    split,
    low: grow(columns, result, low, depth + 1, random, importance),
    high: grow(columns, result, high, depth + 1, random, importance),
  };
}

/** The mean, and the sum of the squared distances from it. */
function spreadOf(result: Float64Array, rows: Uint32Array): [mean: number, squares: number] {
  let mean = 0;
  for (const row of rows) mean += result[row]!;
  mean /= rows.length;
  let squares = 0;
  for (const row of rows) squares += (result[row]! - mean) ** 2;
  return [mean, squares];
}

/** The sum of squares that remains if a split divides the rows. */
function splitSquares(values: Float64Array, result: Float64Array, rows: Uint32Array, split: Split): number {
  let [low, lowMean, lowSquares, high, highMean, highSquares] = [0, 0, 0, 0, 0, 0];
  for (const row of rows) {
    const value = result[row]!;
    if (isLow(values[row]!, split)) {
      const distance = value - lowMean;
      lowMean += distance / ++low;
      lowSquares += distance * (value - lowMean);
    } else {
      const distance = value - highMean;
      highMean += distance / ++high;
      highSquares += distance * (value - highMean);
    }
  }
  return lowSquares + highSquares;
}

function told(root: Node, columns: readonly Column[], row: number): number {
  let node = root;
  while ("column" in node) node = isLow(columns[node.column]!.values[row]!, node.split) ? node.low : node.high;
  return node.mean;
}

function explainedOf(result: Float64Array, sums: Float64Array, votes: Uint32Array): number {
  const seen = Uint32Array.from(votes.keys()).filter((row) => votes[row]! > 0);
  if (seen.length === 0) return 0;
  const [, squares] = spreadOf(result, seen);
  let left = 0;
  for (const row of seen) left += (result[row]! - sums[row]! / votes[row]!) ** 2;
  return squares > 0 ? 1 - left / squares : 0;
}

function shuffled(count: number, random: () => number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [order[index], order[other]] = [order[other]!, order[index]!];
  }
  return order;
}

/** A small generator of numbers from 0 to below 1, by Tommy Ettinger. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
