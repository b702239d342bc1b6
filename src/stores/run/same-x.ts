import type { Int64 } from "../../domain/int64.ts";
import { MAX_FINITE_VALUE } from "../../domain/limits.ts";
import type { KeySlice } from "./block.ts";
import { type BucketedSeries, type BucketOptions, type LastPoint, withInfinity } from "./buckets.ts";

/** How points with the same x are joined: into their mean, or into the latest of them. */
export type SameX = "mean" | "last";

/** The points of one x. The sums include finite values only. */
interface Place {
  finite: number;
  mean: number;
  /** The sum of the squared distances from the mean. */
  squares: number;
  lastStep: Int64;
  last: number;
}

/**
 * A series with one point for each x. Values that are not finite do not count in a mean; if an x has only such values, the
 * latest of them is given.
 * @param most the most x values that the answer may have
 * @returns undefined if there are more: the other metric is then no counter, and hardly any two points share an x
 */
export function joinSameX(
  slices: Iterable<KeySlice>,
  { xOf, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: BucketOptions,
  how: SameX,
  most: number,
): (BucketedSeries & { readonly spreads: Float64Array }) | undefined {
  const places = new Map<number, Place>();
  let total = 0;
  for (const slice of slices) {
    const xs = xOf(slice);
    for (let index = 0; index < slice.to - slice.from; index++) {
      const x = xs[index]!;
      if (!(x >= from && x <= to)) continue;
      total++;
      add(places, x, slice.series.values[slice.from + index]!, slice.series.steps[slice.from + index]!);
      if (places.size > most) return undefined;
    }
  }
  const ordered = [...places].sort(([a], [b]) => a - b);
  const isMean = how === "mean" && total > places.size;
  const none = new Float64Array();
  return {
    total,
    x: Float64Array.from(ordered, ([x]) => x),
    values: Float64Array.from(ordered, ([, place]) => (isMean && place.finite > 0 ? place.mean : told(place))),
    meanX: none,
    means: none,
    spreads: isMean ? Float64Array.from(ordered, ([, place]) => deviation(place)) : none,
    last: latestOf(places.values()),
  };
}

function add(places: Map<number, Place>, x: number, value: number, step: Int64): void {
  let place = places.get(x);
  if (place === undefined) {
    place = { finite: 0, mean: 0, squares: 0, lastStep: step, last: value };
    places.set(x, place);
  } else if (step >= place.lastStep) {
    place.lastStep = step;
    place.last = value;
  }
  if (!(Math.abs(value) < MAX_FINITE_VALUE)) return;
  place.finite++;
  const distance = value - place.mean;
  place.mean += distance / place.finite;
  place.squares += distance * (value - place.mean);
}

const told = ({ last }: Place): number => withInfinity(last);

/** The standard deviation of a sample; 0 for a single value. */
const deviation = ({ finite, squares }: Place): number => (finite > 1 ? Math.sqrt(squares / (finite - 1)) : 0);

function latestOf(places: Iterable<Place>): LastPoint | undefined {
  let latest: Place | undefined;
  for (const place of places) if (latest === undefined || place.lastStep > latest.lastStep) latest = place;
  return latest && { step: Number(latest.lastStep), value: told(latest) };
}
