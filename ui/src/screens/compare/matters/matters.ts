import { type Column, growForest, mulberry32 } from "./forest.ts";

export type MatterValue = number | string | undefined;

/** A column's values. If all are numbers, they are an array of doubles, in which NaN is a missing value: a worker gets it fastest. */
export type MatterValues = readonly MatterValue[] | Float64Array;

/** The question about a sweep: columns by name, and a result, with a value for each run. A missing result is NaN. */
export interface Question {
  readonly columns: readonly { readonly name: string; readonly values: MatterValues }[];
  readonly result: Float64Array;
}

/** The values in the form that a worker gets fastest. */
export function compact(values: readonly MatterValue[]): MatterValues {
  if (values.some((value) => typeof value === "string" || Number.isNaN(value))) return values;
  return Float64Array.from(values as readonly (number | undefined)[], (value) => value ?? Number.NaN);
}

function spread(values: MatterValues): readonly MatterValue[] {
  if (!(values instanceof Float64Array)) return values;
  return Array.from(values, (value) => (Number.isNaN(value) ? undefined : value));
}

export interface Matter {
  readonly name: string;
  /** The column's share of the variance that the trees explain. All columns together have 1. */
  readonly importance: number;
  /** Spearman's rank correlation, −1 to 1; undefined of columns that are no numbers. */
  readonly correlation: number | undefined;
  /** Runs that have it. */
  readonly runs: number;
}

export interface Answer {
  /** The most important first. */
  readonly matters: readonly Matter[];
  /** Runs with a finite result. */
  readonly runs: number;
  /** Of the variance of runs that the trees had not seen. */
  readonly explained: number;
  /** The share of a random column. A column with no more importance says nothing. */
  readonly chance: number;
}

/** Fewer runs say nothing. */
export const FEWEST_RUNS = 10;

/** Importance by trees and correlation by ranks, over all runs with a finite result; undefined for too few of them. */
export function whatMatters({ columns: given, result }: Question): Answer | undefined {
  const rows = Array.from(result.keys()).filter((row) => Number.isFinite(result[row]));
  const columns = given.map(({ name, values }) => ({ name, values: spread(values) }));
  if (rows.length < FEWEST_RUNS || columns.length === 0) return undefined;
  const outcome = Float64Array.from(rows, (row) => result[row]!);
  const outcomeRanks = ranksOf([...outcome]);
  const random = mulberry32(7);
  const noise = Float64Array.from(rows, random);
  const encoded = columns.map(({ values }) => encode(rows.map((row) => values[row])));
  const { importance, explained } = growForest([...encoded, { values: noise, areWords: false }], outcome);
  const matters = columns.map(({ name, values }, index): Matter => {
    const own = rows.map((row) => values[row]);
    return {
      name,
      importance: importance[index]!,
      correlation: rankCorrelation(own, outcome, outcomeRanks, encoded[index]!.values),
      runs: own.filter((value) => value !== undefined).length,
    };
  });
  return {
    matters: matters.sort((a, b) => b.importance - a.importance),
    runs: rows.length,
    explained,
    chance: importance.at(-1)!,
  };
}

/**
 * Numbers by their ranks, so that 1e-5 and 1e-4 are as far apart as 0.1 and 1. Missing values rank below all numbers, and
 * so does each of a few words among the numbers, such as None. Where most values are words, each value is a word.
 */
function encode(values: readonly MatterValue[]): Column {
  const numbers = values.filter((value) => typeof value === "number" && !Number.isNaN(value)).length;
  const words = [...new Set(values.filter((value) => typeof value === "string" || Number.isNaN(value)))];
  if (2 * numbers >= values.length || words.length === 0) {
    const below = new Map<MatterValue, number>([undefined, ...words].map((word, place) => [word, place]));
    const least = values.reduce<number>((a, b) => (typeof b === "number" && b < a ? b : a), 0);
    const placed = values.map((value) => {
      const place = below.get(value);
      return place === undefined ? Number(value) : least - 1 - below.size + place;
    });
    return { values: Float64Array.from(ranksOf(placed)), areWords: false };
  }
  const places = new Map([...new Set(values)].map((value, place) => [value, place]));
  return { values: Float64Array.from(values, (value) => places.get(value)!), areWords: true };
}

/** Equal values share the mean of their ranks. */
export function ranksOf(values: readonly number[]): number[] {
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]! || 0);
  const ranks = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let place = from; place < to; place++) ranks[order[place]!] = (from + to - 1) / 2;
    from = to;
  }
  return ranks;
}

/** @param ranks of `values`, where all are finite numbers; of others they are reckoned here. */
function rankCorrelation(
  values: readonly MatterValue[],
  outcome: Float64Array,
  outcomeRanks: ArrayLike<number>,
  ranks: ArrayLike<number>,
): number | undefined {
  const rows = Array.from(values.keys()).filter(
    (row) => typeof values[row] === "number" && Number.isFinite(values[row]),
  );
  const words = values.filter((value) => typeof value === "string").length;
  if (rows.length < 3 || words > rows.length) return undefined;
  if (rows.length === values.length) return correlationOf(ranks, outcomeRanks);
  return correlationOf(ranksOf(rows.map((row) => Number(values[row]))), ranksOf(rows.map((row) => outcome[row]!)));
}

function correlationOf(a: ArrayLike<number>, b: ArrayLike<number>): number | undefined {
  const middle = (a.length - 1) / 2;
  let [both, one, other] = [0, 0, 0];
  for (let index = 0; index < a.length; index++) {
    const [x, y] = [a[index]! - middle, b[index]! - middle];
    both += x * y;
    one += x * x;
    other += y * y;
  }
  return one > 0 && other > 0 ? both / Math.sqrt(one * other) : undefined;
}
