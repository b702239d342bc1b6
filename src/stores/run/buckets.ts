import { MAX_FINITE_VALUE } from "../../domain/limits.ts";
import type { KeySlice } from "./block.ts";
import { sortedOrder } from "./series.ts";

/** The x of the points of a slice, from its `from` on; NaN for a point that has none. */
export type XOfSlice = (slice: KeySlice) => ArrayLike<number>;

export interface BucketOptions {
  readonly xOf: XOfSlice;
  /** The range of x, both ends included; open where absent. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** At least 1. */
  readonly buckets: number;
}

/** Points by x, and where two have the same by (timestamp, step, value); an infinity is told as such. */
export interface BucketedSeries {
  /** How many points the range has. */
  readonly total: number;
  readonly x: Float64Array;
  readonly values: Float64Array;
  /** Of each bucket that has finite values, their mean and the mean of their x; empty where all points are told. */
  readonly meanX: Float64Array;
  readonly means: Float64Array;
}

/** First, last, least and greatest: a line through them covers the very pixels that a line through all points does. */
const POINTS_PER_BUCKET = 4;

/** Points that are kept from the first pass for the second, in 24 bytes each; longer series are read twice. */
const MAX_KEPT_POINTS = 262_144;

/**
 * A series for a chart: all points where they are few, else of each of `buckets` equal parts of the range of x the first,
 * the last, the least and the greatest, and where a part has them, the first NaN, Infinity and −Infinity. So one outlier
 * among a million points is told, whatever the width.
 * @param read reads the series from its start, in its own order
 */
export function bucketSeries(read: () => Iterable<KeySlice>, options: BucketOptions): BucketedSeries {
  const { total, least, greatest, kept } = survey(read(), options);
  const slices = kept ?? read();
  if (total <= POINTS_PER_BUCKET * options.buckets) return whole(slices, options, total);
  const buckets = new Buckets(options.buckets, least, greatest);
  for (const slice of slices) buckets.add(options.xOf(slice), slice);
  return buckets.result(total);
}

interface Survey {
  readonly total: number;
  /** The ends of the points' own range. */
  readonly least: number;
  readonly greatest: number;
  /** All slices, unless they are too many to hold. */
  readonly kept: readonly KeySlice[] | undefined;
}

function survey(slices: Iterable<KeySlice>, options: BucketOptions): Survey {
  const { xOf, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = options;
  let total = 0;
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  let kept: KeySlice[] | undefined = [];
  let passed = 0;
  for (const slice of slices) {
    const xs = xOf(slice);
    const count = slice.to - slice.from;
    for (let index = 0; index < count; index++) {
      const x = xs[index]!;
      if (!(x >= from && x <= to)) continue;
      total++;
      if (x < least) least = x;
      if (x > greatest) greatest = x;
    }
    passed += count;
    if (passed > MAX_KEPT_POINTS) kept = undefined;
    kept?.push(slice);
  }
  return { total, least, greatest, kept };
}

function whole(slices: Iterable<KeySlice>, options: BucketOptions, total: number): BucketedSeries {
  const { xOf, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = options;
  const allX = new Float64Array(total);
  const allValues = new Float64Array(total);
  let length = 0;
  for (const slice of slices) {
    const xs = xOf(slice);
    for (let index = 0; index < slice.to - slice.from; index++) {
      const x = xs[index]!;
      if (!(x >= from && x <= to)) continue;
      allX[length] = x;
      allValues[length++] = withInfinity(slice.series.values[slice.from + index]!);
    }
  }
  const order = sortedOrder(total, (a, b) => allX[a]! <= allX[b]!);
  const inOrder = (column: Float64Array) => Float64Array.from(order, (index) => column[index]!);
  const none = new Float64Array();
  return { total, x: inOrder(allX), values: inOrder(allValues), meanX: none, means: none };
}

/** What MLflow stores for an infinity is told as one. */
export function withInfinity(value: number): number {
  return Math.abs(value) === MAX_FINITE_VALUE ? Math.sign(value) * Number.POSITIVE_INFINITY : value;
}

/** One point of each bucket, kept by its number among all points; −1 while the bucket has none. */
class Picks {
  readonly numbers: Float64Array;
  readonly x: Float64Array;
  readonly values: Float64Array;

  constructor(count: number) {
    this.numbers = new Float64Array(count).fill(-1);
    this.x = new Float64Array(count);
    this.values = new Float64Array(count);
  }

  set(bucket: number, number: number, x: number, value: number): void {
    this.numbers[bucket] = number;
    this.x[bucket] = x;
    this.values[bucket] = value;
  }

  isEmpty(bucket: number): boolean {
    return this.numbers[bucket] === -1;
  }
}

interface Pick {
  readonly number: number;
  readonly x: number;
  readonly value: number;
}

class Buckets {
  readonly #count: number;
  readonly #start: number;
  readonly #end: number;
  readonly #first: Picks;
  readonly #last: Picks;
  readonly #least: Picks;
  readonly #greatest: Picks;
  readonly #nan: Picks;
  readonly #infinity: Picks;
  readonly #negativeInfinity: Picks;
  readonly #finite: Float64Array;
  readonly #sumX: Float64Array;
  readonly #sum: Float64Array;
  #passed = 0;

  /** @param start and `end` are the least and the greatest x. */
  constructor(count: number, start: number, end: number) {
    this.#count = count;
    this.#start = start;
    this.#end = end;
    this.#first = new Picks(count);
    this.#last = new Picks(count);
    this.#least = new Picks(count);
    this.#greatest = new Picks(count);
    this.#nan = new Picks(count);
    this.#infinity = new Picks(count);
    this.#negativeInfinity = new Picks(count);
    this.#finite = new Float64Array(count);
    this.#sumX = new Float64Array(count);
    this.#sum = new Float64Array(count);
  }

  add(xs: ArrayLike<number>, { series, from, to }: KeySlice): void {
    const start = this.#start;
    const end = this.#end;
    const perX = end > start ? this.#count / (end - start) : 0;
    const last = this.#count - 1;
    for (let index = from; index < to; index++) {
      const number = this.#passed++;
      const x = xs[index - from]!;
      if (!(x >= start && x <= end)) continue;
      const value = series.values[index]!;
      const bucket = Math.min(last, Math.floor((x - start) * perX));
      if (this.#first.isEmpty(bucket) || x < this.#first.x[bucket]!) this.#first.set(bucket, number, x, value);
      if (this.#last.isEmpty(bucket) || x >= this.#last.x[bucket]!) this.#last.set(bucket, number, x, value);
      if (Math.abs(value) < MAX_FINITE_VALUE) this.#addFinite(bucket, number, x, value);
      else this.#addOther(bucket, number, x, value);
    }
  }

  result(total: number): BucketedSeries {
    const picks: Pick[] = [];
    for (let bucket = 0; bucket < this.#count; bucket++) {
      const ofBucket = this.#picksOf(bucket);
      // A point may be the first and the least at once.
      for (const [place, pick] of ofBucket.entries()) {
        if (pick.number !== ofBucket[place - 1]?.number) picks.push(pick);
      }
    }
    const filled = Array.from(this.#finite.keys()).filter((bucket) => this.#finite[bucket]! > 0);
    return {
      total,
      x: Float64Array.from(picks, ({ x }) => x),
      values: Float64Array.from(picks, ({ value }) => withInfinity(value)),
      meanX: Float64Array.from(filled, (bucket) => this.#sumX[bucket]! / this.#finite[bucket]!),
      means: Float64Array.from(filled, (bucket) => this.#sum[bucket]! / this.#finite[bucket]!),
    };
  }

  #addFinite(bucket: number, number: number, x: number, value: number): void {
    this.#finite[bucket]!++;
    this.#sumX[bucket]! += x;
    this.#sum[bucket]! += value;
    const least = this.#least;
    const isLeast = least.isEmpty(bucket) || value < least.values[bucket]!;
    if (isLeast || (value === least.values[bucket] && x < least.x[bucket]!)) least.set(bucket, number, x, value);
    const greatest = this.#greatest;
    const isGreatest = greatest.isEmpty(bucket) || value > greatest.values[bucket]!;
    if (isGreatest || (value === greatest.values[bucket] && x < greatest.x[bucket]!)) {
      greatest.set(bucket, number, x, value);
    }
  }

  #addOther(bucket: number, number: number, x: number, value: number): void {
    const picks = Number.isNaN(value) ? this.#nan : value > 0 ? this.#infinity : this.#negativeInfinity;
    if (picks.isEmpty(bucket) || x < picks.x[bucket]!) picks.set(bucket, number, x, value);
  }

  /** In the order of x; a point that is picked twice comes twice in a row. */
  #picksOf(bucket: number): Pick[] {
    const all = [
      this.#first,
      this.#least,
      this.#greatest,
      this.#last,
      this.#nan,
      this.#infinity,
      this.#negativeInfinity,
    ];
    return all
      .filter((picks) => !picks.isEmpty(bucket))
      .map(({ numbers, x, values }) => ({ number: numbers[bucket]!, x: x[bucket]!, value: values[bucket]! }))
      .sort((a, b) => a.x - b.x || a.number - b.number);
  }
}
