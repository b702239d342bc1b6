import { type Int64, toInt64 } from "../../domain/int64.ts";
import type { KeySlice } from "./block.ts";
import { type Series, SeriesBuilder, sortedOrder } from "./series.ts";
import { findRankedSteps, type RankedStep } from "./step-ranks.ts";

export interface SampleOptions {
  /** At least 1. */
  readonly maxResults: number;
  /** The range of steps, both ends included; an absent end is open. */
  readonly startStep?: Int64 | undefined;
  readonly endStep?: Int64 | undefined;
}

/**
 * MLflow's get-history-bulk-interval for one run. Orders the points by (step, timestamp, value, is_nan), takes the first of
 * each of NTILE(`maxResults`) buckets, and replaces the final one by the last point (`_sample_rows_with_window_functions`
 * of MLflow's SQL store, 3.17).
 *
 * If time order is step order, which is nearly always the case, only the answer is held in memory. Otherwise it takes 5 MB
 * more, however long the series is.
 * @param read reads the series from its start, in its own order
 */
export function sampleSeries(read: () => Iterable<KeySlice>, options: SampleOptions): Series {
  const slices = () => withinSteps(read(), options);
  const all = survey(slices());
  const ranks = sampleRanks(all.count, options.maxResults);
  if (all.isByStep) return pick(slices(), ranks);

  const picked = pickOfSteps(slices(), findRankedSteps(slices, all, ranks), ranks.length);
  // Points come in series order, so points of equal steps are ordered by (timestamp, value, is_nan).
  const order = sortedOrder(ranks.length, (a, b) => picked.steps[a]! <= picked.steps[b]!);
  const result = new SeriesBuilder(ranks.length);
  for (const index of order) result.append(picked, index, index + 1);
  return result.toSeries();
}

/** The numbers of the rows, of `count` rows in order, that the sample includes. */
export function sampleRanks(count: number, maxResults: number): Uint32Array {
  const ranks = new Uint32Array(Math.min(count, maxResults));
  const size = Math.floor(count / maxResults);
  const largerBuckets = count % maxResults;
  for (let bucket = 0; bucket < ranks.length; bucket++) ranks[bucket] = bucket * size + Math.min(bucket, largerBuckets);
  if (count > 0) ranks[ranks.length - 1] = count - 1;
  return ranks;
}

/** The parts of the slices whose steps are in the range. */
function* withinSteps(slices: Iterable<KeySlice>, { startStep, endStep }: SampleOptions): Generator<KeySlice> {
  if (startStep === undefined && endStep === undefined) return yield* slices;
  const start = startStep ?? Number.NEGATIVE_INFINITY;
  const end = endStep ?? Number.POSITIVE_INFINITY;
  for (const { keyId, series, from, to } of slices) {
    const { steps } = series;
    const isWithin = (index: number) => steps[index]! >= start && steps[index]! <= end;
    for (let at = from; at < to; ) {
      while (at < to && !isWithin(at)) at++;
      const first = at;
      while (at < to && isWithin(at)) at++;
      if (first < at) yield { keyId, series, from: first, to: at };
    }
  }
}

interface Survey {
  readonly count: number;
  readonly isByStep: boolean;
  /** The least and greatest step; 0 without points. */
  readonly least: Int64;
  readonly greatest: Int64;
}

function survey(slices: Iterable<KeySlice>): Survey {
  let count = 0;
  let isByStep = true;
  let least: Int64 = 0;
  let greatest: Int64 = 0;
  for (const { series, from, to } of slices) {
    const { steps } = series;
    if (count === 0) {
      least = steps[from]!;
      greatest = least;
    }
    count += to - from;
    for (let index = from; index < to; index++) {
      const step = steps[index]!;
      if (step >= greatest) greatest = step;
      else {
        isByStep = false;
        if (step < least) least = step;
      }
    }
  }
  return { count, isByStep, least, greatest };
}

/** The points with the given numbers, ascending, counted over all slices. */
function pick(slices: Iterable<KeySlice>, numbers: Uint32Array): Series {
  const picked = new SeriesBuilder(numbers.length);
  let passed = 0;
  for (const { series, from, to } of slices) {
    passed += to - from;
    for (let next = numbers[picked.length]; next !== undefined && next < passed; next = numbers[picked.length]) {
      const index = to - passed + next;
      picked.append(series, index, index + 1);
    }
    if (picked.length === numbers.length) break;
  }
  return picked.toSeries();
}

/** The points at `places` of each step, in series order; `total` in all. */
function pickOfSteps(slices: Iterable<KeySlice>, wanted: readonly RankedStep[], total: number): Series {
  const exact = (step: Int64) => (typeof step === "bigint" ? toInt64(step) : step);
  const byStep = new Map(wanted.map(({ step, places }) => [exact(step), { places, passed: 0, taken: 0 }]));
  const picked = new SeriesBuilder(total);
  for (const { series, from, to } of slices) {
    for (let index = from; index < to; index++) {
      const ofStep = byStep.get(exact(series.steps[index]!));
      if (ofStep === undefined || ofStep.passed++ !== ofStep.places[ofStep.taken]) continue;
      ofStep.taken++;
      picked.append(series, index, index + 1);
    }
    if (picked.length === total) break;
  }
  return picked.toSeries();
}
