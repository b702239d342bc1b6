import type { Int64 } from "../../domain/int64.ts";
import { MAX_FINITE_VALUE } from "../../domain/limits.ts";
import type { KeySlice } from "./block.ts";
import { sortedOrder } from "./series.ts";

/** The x values of a slice's points, starting at its `from`; NaN for a point without an x. */
export type XOfSlice = (slice: KeySlice) => ArrayLike<number>;

export interface BucketOptions {
  readonly xOf: XOfSlice;
  /** The range of x, both ends included; an absent end is open. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** At least 1. */
  readonly buckets: number;
}

/** Points ordered by x, and for equal x by (timestamp, step, value). Infinities are given as infinities. */
export interface BucketedSeries {
  /** How many points the range has. */
  readonly total: number;
  readonly x: Float64Array;
  readonly values: Float64Array;
  /** For each bucket with finite values, the mean of the values and the mean of their x; empty if all points are given. */
  readonly meanX: Float64Array;
  readonly means: Float64Array;
  /**
   * The latest point of the range as MLflow defines it: of the points with the greatest step, the last logged. Undefined
   * without points.
   */
  readonly last: LastPoint | undefined;
}

export interface LastPoint {
  readonly step: number;
  /** May be an infinity. */
  readonly value: number;
}

/** First, last, least and greatest: a line through these points covers the same pixels as a line through all points. */
export const POINTS_PER_BUCKET = 4;

/**
 * Most points kept from the first pass for the second: at most 25 MB, for one series at a time. Longer series are read
 * twice.
 */
const MAX_KEPT_POINTS = 1_048_576;

/**
 * A series for a chart. A short series is given whole. Otherwise the range of x is divided into `buckets` equal parts, and
 * each part gives its first, last, least and greatest point, and its first NaN, Infinity and −Infinity if it has any. So a
 * single outlier among a million points is shown at any width.
 * @param read reads the series from its start, in its own order
 */
export function bucketSeries(read: () => Iterable<KeySlice>, options: BucketOptions): BucketedSeries {
  const { total, least, greatest, kept, last } = survey(read(), options);
  const slices = kept ?? read();
  if (total <= POINTS_PER_BUCKET * options.buckets) return whole(slices, options, total, last);
  const buckets = new Buckets(options.buckets, least, greatest);
  for (const slice of slices) buckets.add(options.xOf(slice), slice);
  return { ...buckets.result(), total, last };
}

interface Survey {
  readonly total: number;
  /** The least and greatest x of the points. */
  readonly least: number;
  readonly greatest: number;
  /** All slices, unless they are too large to hold in memory. */
  readonly kept: readonly KeySlice[] | undefined;
  readonly last: LastPoint | undefined;
}

function survey(slices: Iterable<KeySlice>, options: BucketOptions): Survey {
  const { xOf, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = options;
  let total = 0;
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  let kept: KeySlice[] | undefined = [];
  let passed = 0;
  let last: { step: Int64; value: number } | undefined;
  for (const slice of slices) {
    const xs = xOf(slice);
    const count = slice.to - slice.from;
    const { steps, values } = slice.series;
    for (let index = 0; index < count; index++) {
      const x = xs[index]!;
      if (!(x >= from && x <= to)) continue;
      total++;
      if (x < least) least = x;
      if (x > greatest) greatest = x;
      // Points come in timestamp order, so for equal steps the later point counts.
      const step = steps[slice.from + index]!;
      if (last === undefined || step >= last.step) last = { step, value: values[slice.from + index]! };
    }
    passed += count;
    if (passed > MAX_KEPT_POINTS) kept = undefined;
    kept?.push(slice);
  }
  const told = last && { step: Number(last.step), value: withInfinity(last.value) };
  return { total, least, greatest, kept, last: told };
}

function whole(
  slices: Iterable<KeySlice>,
  options: BucketOptions,
  total: number,
  last: LastPoint | undefined,
): BucketedSeries {
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
  return { total, x: inOrder(allX), values: inOrder(allValues), meanX: none, means: none, last };
}

/** Turns the value that MLflow stores for an infinity back into an infinity. */
export function withInfinity(value: number): number {
  return Math.abs(value) === MAX_FINITE_VALUE ? Math.sign(value) * Number.POSITIVE_INFINITY : value;
}

/** One point of each bucket, with its number among all points; −1 while the bucket has no point. */
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

  isBefore(other: Picks, bucket: number): boolean {
    const x = this.x[bucket]!;
    const otherX = other.x[bucket]!;
    return x < otherX || (x === otherX && this.numbers[bucket]! < other.numbers[bucket]!);
  }
}

const NO_BUCKET = -1;

class Buckets {
  readonly #count: number;
  readonly #start: number;
  readonly #end: number;
  readonly #perX: number;
  readonly #first: Picks;
  readonly #last: Picks;
  readonly #least: Picks;
  readonly #greatest: Picks;
  /** NaN, Infinity, −Infinity: created when the first such value comes, since most series have none. */
  #others: readonly [Picks, Picks, Picks] | undefined;
  readonly #finite: Float64Array;
  readonly #sumX: Float64Array;
  readonly #sum: Float64Array;
  #passed = 0;

  /** @param start and `end` are the least and the greatest x. */
  constructor(count: number, start: number, end: number) {
    this.#count = count;
    this.#start = start;
    this.#end = end;
    this.#perX = end > start ? count / (end - start) : 0;
    this.#first = new Picks(count);
    this.#last = new Picks(count);
    this.#least = new Picks(count);
    this.#greatest = new Picks(count);
    this.#finite = new Float64Array(count);
    this.#sumX = new Float64Array(count);
    this.#sum = new Float64Array(count);
  }

  add(xs: ArrayLike<number>, { series, from, to }: KeySlice): void {
    const values = series.values.subarray(from, to);
    for (let at = 0; at < values.length; ) {
      const bucket = this.#bucketOf(xs[at]!);
      let end = at + 1;
      while (end < values.length && this.#bucketOf(xs[end]!) === bucket) end++;
      if (bucket !== NO_BUCKET) this.#addStretch(bucket, xs, values, at, end);
      at = end;
    }
    this.#passed += values.length;
  }

  #bucketOf(x: number): number {
    if (!(x >= this.#start && x <= this.#end)) return NO_BUCKET;
    const bucket = Math.floor((x - this.#start) * this.#perX);
    return bucket < this.#count ? bucket : this.#count - 1;
  }

  /**
   * Adds points `from` to `to` (exclusive), all of one bucket. Since x mostly ascends, these are mostly all points of the
   * bucket.
   */
  #addStretch(bucket: number, xs: ArrayLike<number>, values: Float64Array, from: number, to: number): void {
    let first = from;
    let last = from;
    let least = -1;
    let greatest = -1;
    let finite = 0;
    let sumX = this.#sumX[bucket]!;
    let sum = this.#sum[bucket]!;
    for (let at = from; at < to; at++) {
      const x = xs[at]!;
      const value = values[at]!;
      if (x < xs[first]!) first = at;
      if (x >= xs[last]!) last = at;
      if (!(Math.abs(value) < MAX_FINITE_VALUE)) {
        this.#addOther(bucket, this.#passed + at, x, value);
        continue;
      }
      finite++;
      sumX += x;
      sum += value;
      if (least < 0 || value < values[least]! || (value === values[least]! && x < xs[least]!)) least = at;
      if (greatest < 0 || value > values[greatest]! || (value === values[greatest]! && x < xs[greatest]!))
        greatest = at;
    }
    const pick = (picks: Picks, at: number): void => picks.set(bucket, this.#passed + at, xs[at]!, values[at]!);
    if (this.#first.isEmpty(bucket) || xs[first]! < this.#first.x[bucket]!) pick(this.#first, first);
    if (this.#last.isEmpty(bucket) || xs[last]! >= this.#last.x[bucket]!) pick(this.#last, last);
    if (finite === 0) return;
    this.#finite[bucket]! += finite;
    this.#sumX[bucket] = sumX;
    this.#sum[bucket] = sum;
    const lowest = this.#least.values[bucket]!;
    const isLeast = values[least]! < lowest || (values[least] === lowest && xs[least]! < this.#least.x[bucket]!);
    if (this.#least.isEmpty(bucket) || isLeast) pick(this.#least, least);
    const highest = this.#greatest.values[bucket]!;
    const isGreatest =
      values[greatest]! > highest || (values[greatest] === highest && xs[greatest]! < this.#greatest.x[bucket]!);
    if (this.#greatest.isEmpty(bucket) || isGreatest) pick(this.#greatest, greatest);
  }

  result(): Omit<BucketedSeries, "total" | "last"> {
    const line = new Line(this.#count * (POINTS_PER_BUCKET + (this.#others?.length ?? 0)));
    const means = new Line(this.#count);
    for (let bucket = 0; bucket < this.#count; bucket++) {
      this.#drawBucket(line, bucket);
      const finite = this.#finite[bucket]!;
      if (finite > 0) means.add(this.#sumX[bucket]! / finite, this.#sum[bucket]! / finite);
    }
    return { x: line.x(), values: line.values(), meanX: means.x(), means: means.values() };
  }

  /** The bucket's picks in the order of x. A point that is picked twice comes once. */
  #drawBucket(line: Line, bucket: number): void {
    const extremes = this.#finite[bucket] === 0 ? [] : [this.#least, this.#greatest];
    const others = this.#others?.filter((picks) => !picks.isEmpty(bucket)) ?? [];
    const between = [...extremes, ...others].sort((a, b) => (a.isBefore(b, bucket) ? -1 : 1));
    let previous = this.#draw(line, this.#first, bucket, -1);
    for (const picks of between) previous = this.#draw(line, picks, bucket, previous);
    this.#draw(line, this.#last, bucket, previous);
  }

  #draw(line: Line, picks: Picks, bucket: number, previous: number): number {
    const number = picks.numbers[bucket]!;
    if (number !== previous) line.add(picks.x[bucket]!, withInfinity(picks.values[bucket]!));
    return number;
  }

  #addOther(bucket: number, number: number, x: number, value: number): void {
    this.#others ??= [new Picks(this.#count), new Picks(this.#count), new Picks(this.#count)];
    const picks = this.#others[Number.isNaN(value) ? 0 : value > 0 ? 1 : 2];
    if (picks.isEmpty(bucket) || x < picks.x[bucket]!) picks.set(bucket, number, x, value);
  }
}

/** Collects the points of an answer. The final arrays have exactly the needed size. */
class Line {
  readonly #x: Float64Array;
  readonly #values: Float64Array;
  #length = 0;

  constructor(capacity: number) {
    this.#x = new Float64Array(capacity);
    this.#values = new Float64Array(capacity);
  }

  add(x: number, value: number): void {
    this.#x[this.#length] = x;
    this.#values[this.#length++] = value;
  }

  x(): Float64Array {
    return this.#x.slice(0, this.#length);
  }

  values(): Float64Array {
    return this.#values.slice(0, this.#length);
  }
}
