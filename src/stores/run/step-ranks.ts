import type { Int64 } from "../../domain/int64.ts";
import type { KeySlice } from "./block.ts";
import { type Int64Column, putInt64 } from "./series.ts";

/** The most counters of one pass over the points, 20 bytes each, and the fewest counters of each range. */
const MAX_PARTS = 262_144;
const MIN_PARTS_OF_RANGE = 100;

/** A step with wanted ranks: `places` are the wanted points, counted among the points of this step. */
export interface RankedStep {
  readonly step: Int64;
  /** Ascending, from 0. */
  readonly places: readonly number[];
}

/** A range of steps that has wanted ranks. */
interface Stretch {
  /** The least step of the range's points; `greatest` is their greatest. */
  readonly least: Int64;
  readonly greatest: Int64;
  /** How many points have lower steps. */
  readonly before: number;
  readonly count: number;
  /** Ascending, from `before` to `before + count` (exclusive). */
  readonly ranks: readonly number[];
}

/**
 * Finds the steps of the points that have `ranks` in the order of step, ascending. To save memory it holds counters instead
 * of steps: each pass counts the points in narrower ranges around the wanted ranks, until each range is a single step.
 * Steps that lie close together take one or two passes. No series takes more than eight, since a pass narrows a range to a
 * hundredth at least and int64 has 64 bits.
 * @param read reads all points, in any order
 * @param all the range of all points: least and greatest step, and their number
 */
export function findRankedSteps(
  read: () => Iterable<KeySlice>,
  all: { readonly least: Int64; readonly greatest: Int64; readonly count: number },
  ranks: ArrayLike<number>,
): RankedStep[] {
  let stretches: readonly Stretch[] = [{ ...all, before: 0, ranks: Array.from(ranks) }];
  for (;;) {
    const wide = stretches.filter(({ least, greatest }) => least < greatest);
    if (wide.length === 0) break;
    const narrower = narrow(read(), wide);
    stretches = stretches.flatMap((stretch) => narrower.get(stretch) ?? [stretch]);
  }
  return stretches.map(({ least, before, ranks }) => ({ step: least, places: ranks.map((rank) => rank - before) }));
}

/** Divides the steps of each stretch into equal parts, and keeps the parts that have wanted ranks. */
function narrow(slices: Iterable<KeySlice>, stretches: readonly Stretch[]): Map<Stretch, Stretch[]> {
  const points = stretches.reduce((sum, { count }) => sum + count, 0);
  const parts = Math.max(MIN_PARTS_OF_RANGE, Math.floor(Math.min(MAX_PARTS, 2 * points) / stretches.length));
  const counts = new Uint32Array(parts * stretches.length);
  let least: Int64Column = new Float64Array(counts.length);
  let greatest: Int64Column = new Float64Array(counts.length);
  const perStep = stretches.map((stretch) => parts / (distance(stretch.least, stretch.greatest) + 1));
  for (const { series, from, to } of slices) {
    let at = 0;
    for (let index = from; index < to; index++) {
      const step = series.steps[index]!;
      if (!isWithin(step, stretches[at]!)) at = findStretch(stretches, step);
      const stretch = stretches[at]!;
      if (!isWithin(step, stretch)) continue;
      const part = Math.min(parts - 1, Math.floor(distance(stretch.least, step) * perStep[at]!));
      const counter = at * parts + part;
      if (counts[counter]!++ === 0) {
        least = putInt64(least, counter, step);
        greatest = putInt64(greatest, counter, step);
      } else if (step < least[counter]!) least = putInt64(least, counter, step);
      else if (step > greatest[counter]!) greatest = putInt64(greatest, counter, step);
    }
  }
  const kept = stretches.map((stretch, at): [Stretch, Stretch[]] => {
    const narrower: Stretch[] = [];
    let { before } = stretch;
    let next = 0;
    for (let counter = at * parts; next < stretch.ranks.length; counter++) {
      const count = counts[counter]!;
      const first = next;
      while (next < stretch.ranks.length && stretch.ranks[next]! < before + count) next++;
      if (first < next) {
        const ranks = stretch.ranks.slice(first, next);
        narrower.push({ least: least[counter]!, greatest: greatest[counter]!, before, count, ranks });
      }
      before += count;
    }
    return [stretch, narrower];
  });
  return new Map(kept);
}

/** `to` − `from`, rounded to a double: never less for a greater `to`. */
function distance(from: Int64, to: Int64): number {
  return typeof from === "number" && typeof to === "number" ? to - from : Number(BigInt(to) - BigInt(from));
}

function isWithin(step: Int64, { least, greatest }: Stretch): boolean {
  return step >= least && step <= greatest;
}

/** The last stretch that begins at or before `step`; the first stretch if there is none. */
function findStretch(stretches: readonly Stretch[], step: Int64): number {
  let low = 0;
  let high = stretches.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (stretches[middle]!.least <= step) low = middle;
    else high = middle - 1;
  }
  return low;
}
