import { type Int64, toInt64 } from "../../domain/int64.ts";

/** int64 values: doubles while every value is exact as a double, a BigInt64Array only if a value is beyond ±(2^53 − 1). */
export type Int64Column = Float64Array | BigInt64Array;

/**
 * Points of one metric as columns of equal length; `timestamps` in milliseconds. A value is any double: NaN is one
 * value, −0 is kept.
 */
export interface Series {
  readonly timestamps: Int64Column;
  readonly steps: Int64Column;
  readonly values: Float64Array;
}

/** A point without its key. It identifies the point within its series, and gives the point's place in the order. */
export interface Position {
  readonly timestamp: Int64;
  readonly step: Int64;
  readonly value: number;
}

/** The integer at `index` in its canonical form. */
export function int64At(column: Int64Column, index: number): Int64 {
  const value = column[index]!;
  return typeof value === "bigint" ? toInt64(value)! : value;
}

/** The point at `index`. */
export function positionAt(series: Series, index: number): Position {
  return {
    timestamp: int64At(series.timestamps, index),
    step: int64At(series.steps, index),
    value: series.values[index]!,
  };
}

/** A series of one point. */
export function seriesOf(position: Position): Series {
  return {
    timestamps: putInt64(new Float64Array(1), 0, position.timestamp),
    steps: putInt64(new Float64Array(1), 0, position.step),
    values: Float64Array.of(position.value),
  };
}

/** Points `from` to `to` (exclusive) without copying them. */
export function slice(series: Series, from: number, to: number): Series {
  return {
    timestamps: series.timestamps.subarray(from, to),
    steps: series.steps.subarray(from, to),
    values: series.values.subarray(from, to),
  };
}

/**
 * Order of get-history: timestamp, step, value. NaN counts as 0 and comes after 0, as MLflow stores it (0 with `is_nan`). 0
 * and −0 are one value; 0 comes first, so 0 is kept if both were logged.
 */
export function comparePoints(a: Series, i: number, b: Series, j: number): number {
  const aTimestamp = a.timestamps[i]!;
  const bTimestamp = b.timestamps[j]!;
  if (aTimestamp < bTimestamp) return -1;
  if (aTimestamp > bTimestamp) return 1;
  const aStep = a.steps[i]!;
  const bStep = b.steps[j]!;
  if (aStep < bStep) return -1;
  if (aStep > bStep) return 1;
  return compareValues(a.values[i]!, b.values[j]!);
}

/** Order of values, see {@link comparePoints}. */
export function compareValues(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return a === 0 ? Number(Object.is(a, -0)) - Number(Object.is(b, -0)) : 0;
  if (!Number.isNaN(a)) return a > 0 ? 1 : -1;
  if (!Number.isNaN(b)) return b > 0 ? -1 : 1;
  return 0;
}

/** Whether two points of one key are the same point, logged twice. */
export function isSamePoint(a: Series, i: number, b: Series, j: number): boolean {
  const aValue = a.values[i]!;
  const bValue = b.values[j]!;
  return (
    (aValue === bValue || (Number.isNaN(aValue) && Number.isNaN(bValue))) &&
    isSameInt64(a.timestamps[i]!, b.timestamps[j]!) &&
    isSameInt64(a.steps[i]!, b.steps[j]!)
  );
}

/** `===` that also holds between a number and a bigint. */
function isSameInt64(a: Int64, b: Int64): boolean {
  return !(a < b) && !(a > b);
}

/** The points in order, each once. Returns `series` itself if it is already in order without duplicates. */
export function sortedDistinct(series: Series): Series {
  if (isSortedDistinct(series, 0, series.values.length)) return series;
  const order = sortedOrder(series.values.length, (a, b) => comparePoints(series, a, series, b) <= 0);
  const sorted = new SeriesBuilder(order.length);
  let previous = -1;
  for (const index of order) {
    if (previous >= 0 && isSamePoint(series, previous, series, index)) continue;
    sorted.append(series, index, index + 1);
    previous = index;
  }
  return sorted.view();
}

/** Whether points `from` to `to` are in order, without duplicates. */
export function isSortedDistinct(series: Series, from: number, to: number): boolean {
  const { timestamps } = series;
  for (let index = from + 1; index < to; index++) {
    if (timestamps[index - 1]! < timestamps[index]!) continue;
    if (comparePoints(series, index - 1, series, index) > 0 || isSamePoint(series, index - 1, series, index)) {
      return false;
    }
  }
  return true;
}

/**
 * Stable natural merge sort: input that is already in order costs one pass, a few ordered stretches cost a few passes.
 * @param inOrder whether item `a` may stand before item `b`
 * @returns the items' numbers, 0 to `length` − 1, in order
 */
export function sortedOrder(length: number, inOrder: (a: number, b: number) => boolean): Uint32Array {
  let order = new Uint32Array(length);
  let spare = new Uint32Array(length);
  let bounds = [0];
  for (let item = 1; item < length; item++) {
    order[item] = item;
    if (!inOrder(item - 1, item)) bounds.push(item);
  }
  bounds.push(length);
  while (bounds.length > 2) {
    const merged = [0];
    for (let run = 0; run + 1 < bounds.length; run += 2) {
      const middle = bounds[run + 1]!;
      const end = bounds[run + 2] ?? middle;
      let left = bounds[run]!;
      let right = middle;
      for (let at = left; at < end; at++) {
        const takeLeft = left < middle && (right === end || inOrder(order[left]!, order[right]!));
        spare[at] = takeLeft ? order[left++]! : order[right++]!;
      }
      merged.push(end);
    }
    [order, spare] = [spare, order];
    bounds = merged;
  }
  return order;
}

/** Writes an integer. Returns the column, or a copy with wider elements if the integer needs them. */
export function putInt64(column: Int64Column, index: number, value: Int64): Int64Column {
  if (column instanceof BigInt64Array) {
    column[index] = BigInt(value);
    return column;
  }
  const narrow = typeof value === "bigint" ? toInt64(value)! : value + 0;
  if (typeof narrow === "bigint") return putInt64(BigInt64Array.from(column, BigInt), index, narrow);
  column[index] = narrow;
  return column;
}

/** Shorter copies are quicker without a view. */
const MIN_VIEW_LENGTH = 24;

/** A series that grows at its end. */
export class SeriesBuilder {
  length = 0;
  #timestamps: Int64Column;
  #steps: Int64Column;
  #values: Float64Array;

  constructor(capacity = 256) {
    this.#timestamps = new Float64Array(capacity);
    this.#steps = new Float64Array(capacity);
    this.#values = new Float64Array(capacity);
  }

  /** Copies points `from` to `to` (exclusive) of `source` to the end. */
  append(source: Series, from: number, to: number): void {
    const length = this.length + to - from;
    if (length > this.#values.length) this.#grow(length);
    this.#timestamps = copyInt64(source.timestamps, from, to, this.#timestamps, this.length);
    this.#steps = copyInt64(source.steps, from, to, this.#steps, this.length);
    copyDoubles(source.values, from, to, this.#values, this.length);
    this.length = length;
  }

  /** A view of the points so far, valid until the next change. */
  view(): Series {
    return slice({ timestamps: this.#timestamps, steps: this.#steps, values: this.#values }, 0, this.length);
  }

  /** A copy of the points, in buffers of exactly their size, so that an RPC answer carries no spare bytes. */
  toSeries(): Series {
    return {
      timestamps: this.#timestamps.slice(0, this.length),
      steps: this.#steps.slice(0, this.length),
      values: this.#values.slice(0, this.length),
    };
  }

  /** Empties the builder for reuse. */
  clear(): void {
    const capacity = this.#values.length;
    this.length = 0;
    if (this.#timestamps instanceof BigInt64Array) this.#timestamps = new Float64Array(capacity);
    if (this.#steps instanceof BigInt64Array) this.#steps = new Float64Array(capacity);
  }

  #grow(length: number): void {
    const capacity = Math.max(length, 2 * this.#values.length);
    const old = this.view();
    this.#timestamps = copyInt64(old.timestamps, 0, this.length, new Float64Array(capacity), 0);
    this.#steps = copyInt64(old.steps, 0, this.length, new Float64Array(capacity), 0);
    this.#values = new Float64Array(capacity);
    this.#values.set(old.values);
  }
}

function copyInt64(source: Int64Column, from: number, to: number, target: Int64Column, at: number): Int64Column {
  if (source instanceof Float64Array && target instanceof Float64Array) {
    copyDoubles(source, from, to, target, at);
    return target;
  }
  let column = target;
  for (let index = from; index < to; index++) column = putInt64(column, at + index - from, source[index]!);
  return column;
}

function copyDoubles(source: Float64Array, from: number, to: number, target: Float64Array, at: number): void {
  if (to - from >= MIN_VIEW_LENGTH) target.set(source.subarray(from, to), at);
  else for (let index = from; index < to; index++) target[at + index - from] = source[index]!;
}
