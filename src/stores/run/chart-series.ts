import type { Int64 } from "../../domain/int64.ts";
import { MAX_FINITE_VALUE } from "../../domain/limits.ts";
import type { KeySlice } from "./block.ts";
import { type BucketedSeries, bucketSeries, POINTS_PER_BUCKET, type XOfSlice } from "./buckets.ts";
import { joinSameX, type SameX } from "./same-x.ts";
import { type Int64Column, SeriesBuilder, sortedOrder } from "./series.ts";

/** What the x axis of a chart shows. */
export type ChartX =
  | { readonly kind: "step" }
  /** Milliseconds since `originMs`, or since the first point if `originMs` is absent. */
  | { readonly kind: "time"; readonly originMs?: number | undefined }
  /** The latest value of another metric at the same step. */
  | { readonly kind: "metric"; readonly key: string };

export interface ChartOptions {
  readonly x: ChartX;
  /** The range of x, both ends included; an absent end is open. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Parts to divide the range into, at least 1. */
  readonly buckets: number;
  /**
   * How to join points for which the other metric has the same value, such as all steps of an epoch. Absent: not joined.
   */
  readonly sameX?: SameX | undefined;
}

export interface ChartSeries extends BucketedSeries {
  /** The origin of x in milliseconds; 0 unless x is a time. */
  readonly originMs: number;
  /** The standard deviation of each value if points were joined by their mean; otherwise empty. */
  readonly spreads: Float64Array;
}

const NO_SPREADS = new Float64Array();

/** @param slicesOf reads a metric's series from its start, in its own order */
export function chartSeries(
  slicesOf: (key: string) => Iterable<KeySlice>,
  key: string,
  { x, sameX, ...range }: ChartOptions,
): ChartSeries {
  const originMs = x.kind === "time" ? (x.originMs ?? firstTimestamp(slicesOf(key))) : 0;
  const xOf = x.kind === "metric" ? valuesByStep(slicesOf(x.key)) : x.kind === "step" ? stepsOf : timesSince(originMs);
  const options = { ...range, xOf };
  const joined =
    x.kind === "metric" && sameX !== undefined
      ? joinSameX(slicesOf(key), options, sameX, POINTS_PER_BUCKET * range.buckets)
      : undefined;
  return { originMs, ...(joined ?? { ...bucketSeries(() => slicesOf(key), options), spreads: NO_SPREADS }) };
}

const stepsOf: XOfSlice = ({ series, from, to }) => doubles(series.steps, from, to);

function timesSince(originMs: number): XOfSlice {
  return ({ series, from, to }) => {
    const times = doubles(series.timestamps, from, to);
    return originMs === 0 ? times : times.map((time) => time - originMs);
  };
}

function firstTimestamp(slices: Iterable<KeySlice>): number {
  for (const { series, from } of slices) return Number(series.timestamps[from]);
  return 0;
}

/** A metric as a function of the step. Values that are not finite are ignored. */
function valuesByStep(slices: Iterable<KeySlice>): XOfSlice {
  const all = new SeriesBuilder();
  for (const { series, from, to } of slices) all.append(series, from, to);
  const { steps, values } = all.view();
  const order = sortedOrder(values.length, (a, b) => steps[a]! <= steps[b]!);
  const isAfter = (place: number, step: Int64) => place === order.length || steps[order[place]!]! > step;
  /** The number of points up to `step`: mostly one more than for the previous step. */
  let upTo = 0;
  const valueAt = (step: Int64): number => {
    if (!isAfter(upTo, step)) upTo++;
    const isFound = isAfter(upTo, step) && (upTo === 0 || !isAfter(upTo - 1, step));
    if (!isFound) upTo = countUpTo(order.length, (place) => !isAfter(place, step));
    const index = order[upTo - 1];
    if (index === undefined || steps[index]! < step) return Number.NaN;
    return Math.abs(values[index]!) < MAX_FINITE_VALUE ? values[index]! : Number.NaN;
  };
  return ({ series, from, to }) => {
    const x = new Float64Array(to - from);
    for (let index = from; index < to; index++) x[index - from] = valueAt(series.steps[index]!);
    return x;
  };
}

/**
 * The number of places, from 0 on, for which `holds` is true. It must be false for all places after the first false one.
 */
function countUpTo(length: number, holds: (place: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Integers beyond 2^53 are rounded, as on a chart's axis. */
function doubles(column: Int64Column, from: number, to: number): Float64Array {
  return column instanceof Float64Array
    ? column.subarray(from, to)
    : Float64Array.from(column.subarray(from, to), Number);
}
