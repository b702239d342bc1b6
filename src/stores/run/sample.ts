import type { Int64 } from "../../domain/int64.ts";
import type { KeySlice } from "./block.ts";
import { type Int64Column, putInt64, type Series, SeriesBuilder, sortedOrder } from "./series.ts";

export interface SampleOptions {
  /** At least 1. */
  readonly maxResults: number;
  /** The range of steps, inclusive; open where absent. */
  readonly startStep?: Int64 | undefined;
  readonly endStep?: Int64 | undefined;
}

/**
 * MLflow's get-history-bulk-interval for one run: of the points by (step, timestamp, value, is_nan) the first of each
 * of NTILE(`maxResults`) buckets, and the last point instead of the final one
 * (`_sample_rows_with_window_functions` of its SQL store, 3.17).
 *
 * Holds no more than the answer where time order is step order, as it nearly always is; else 16 bytes a point.
 * @param read reads the series from its start, in its own order
 */
export function sampleSeries(read: () => Iterable<KeySlice>, options: SampleOptions): Series {
  const slices = () => withinSteps(read(), options);
  const { count, isByStep } = survey(slices());
  const ranks = sampleRanks(count, options.maxResults);
  if (isByStep) return pick(slices(), ranks);

  const byStep = stepOrder(stepsOf(slices(), count));
  const picked = pick(slices(), ranks.map((rank) => byStep[rank]!).sort());
  const result = new SeriesBuilder(ranks.length);
  for (const index of stepOrder(picked.steps)) result.append(picked, index, index + 1);
  return result.toSeries();
}

/** Which of `count` rows in order the sample has. */
export function sampleRanks(count: number, maxResults: number): Uint32Array {
  const ranks = new Uint32Array(Math.min(count, maxResults));
  const size = Math.floor(count / maxResults);
  const largerBuckets = count % maxResults;
  for (let bucket = 0; bucket < ranks.length; bucket++) ranks[bucket] = bucket * size + Math.min(bucket, largerBuckets);
  if (count > 0) ranks[ranks.length - 1] = count - 1;
  return ranks;
}

/** The stretches of points whose steps are in the range. */
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

function survey(slices: Iterable<KeySlice>): { count: number; isByStep: boolean } {
  let count = 0;
  let isByStep = true;
  let latest: Int64 = Number.NEGATIVE_INFINITY;
  for (const { series, from, to } of slices) {
    const { steps } = series;
    count += to - from;
    for (let index = from; index < to && isByStep; index++) {
      const step = steps[index]!;
      isByStep = latest <= step;
      latest = step;
    }
  }
  return { count, isByStep };
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

function stepsOf(slices: Iterable<KeySlice>, count: number): Int64Column {
  let steps: Int64Column = new Float64Array(count);
  let length = 0;
  for (const { series, from, to } of slices) {
    for (let index = from; index < to; index++) steps = putInt64(steps, length++, series.steps[index]!);
  }
  return steps;
}

/** Of points in series order: by step, and where steps are equal as they are, which is by (timestamp, value, is_nan). */
function stepOrder(steps: Int64Column): Uint32Array {
  return sortedOrder(steps.length, (a, b) => steps[a]! <= steps[b]!);
}
