import { expect, test } from "vitest";
import type { Metric } from "../../../src/domain/entities.ts";
import { toInt64 } from "../../../src/domain/int64.ts";
import { sampleRanks, sampleSeries } from "../../../src/stores/run/sample.ts";
import { SeriesBuilder, seriesOf, slice } from "../../../src/stores/run/series.ts";
import { describe, describeAll, NaiveHistory } from "./naive-history.ts";
import { Random, randomInt64, randomMetric } from "./random.ts";

test("ranks are the first rows of NTILE's buckets, with the last row at the end", () => {
  expect([...sampleRanks(0, 3)]).toEqual([]);
  expect([...sampleRanks(2, 3)]).toEqual([0, 1]);
  expect([...sampleRanks(10, 1)]).toEqual([9]);
  expect([...sampleRanks(10, 3)]).toEqual([0, 4, 9]);
  expect([...sampleRanks(11, 4)]).toEqual([0, 3, 6, 10]);
});

test("a sample is the one that SQL's NTILE gives, whatever the order of steps in time", () => {
  const random = new Random(5);
  for (let round = 0; round < 400; round++) {
    const isWide = round % 2 === 0;
    const isByStep = random.chance(0.4);
    const metrics: Metric[] = Array.from({ length: random.integer(0, 120) }, (_, index) => {
      const metric = randomMetric(random, ["a"], isWide);
      return isByStep ? { ...metric, timestamp: index, step: index >> 1 } : metric;
    });
    const naive = new NaiveHistory();
    naive.append(metrics);
    const all = new SeriesBuilder();
    for (const point of naive.series("a")) all.append(seriesOf(point), 0, 1);
    const series = all.toSeries();
    const cut = random.integer(0, all.length);
    const read = () => [
      { keyId: 1, series: slice(series, 0, cut), from: 0, to: cut },
      { keyId: 1, series, from: cut, to: all.length },
    ];
    const maxResults = random.integer(1, 40);
    const range = random.chance(0.5) ? { startStep: randomInt64(random), endStep: randomInt64(random) } : {};
    const isWithin = (step: bigint) => !("startStep" in range) || (step >= range.startStep! && step <= range.endStep!);
    expect(describeAll(sampleSeries(read, { maxResults, ...range }))).toEqual(
      naive.sample("a", maxResults, isWithin).map(describe),
    );
  }
});

test("the steps of a sample may lie at any distance from each other", () => {
  const random = new Random(6);
  const steps: Record<string, () => number | bigint> = {
    "at the ends of int64": () => (random.chance(0.5) ? -(2n ** 63n) : 2n ** 63n - 1n),
    "at all distances": () => 2n ** BigInt(random.integer(0, 62)) * (random.chance(0.5) ? 1n : -1n),
    "one far from the others": () => (random.chance(0.01) ? 2n ** 62n : random.integer(0, 5)),
    "two of many points": () => random.integer(0, 1),
  };
  for (const [what, stepOf] of Object.entries(steps)) {
    const naive = new NaiveHistory();
    naive.append(
      Array.from({ length: 3000 }, (_, timestamp) => ({
        key: "a",
        value: timestamp,
        timestamp,
        step: toInt64(BigInt(stepOf()))!,
      })),
    );
    const all = new SeriesBuilder();
    for (const point of naive.series("a")) all.append(seriesOf(point), 0, 1);
    const series = all.toSeries();
    let reads = 0;
    const read = () => {
      reads++;
      return [{ keyId: 1, series, from: 0, to: all.length }];
    };
    const sample = sampleSeries(read, { maxResults: 320 });
    expect(describeAll(sample), what).toEqual(naive.sample("a", 320, () => true).map(describe));
    expect(reads, what).toBeLessThanOrEqual(12);
  }
});

test("points in the order of steps are read twice, the second time only up to the last point of the range", () => {
  const steps = Float64Array.from({ length: 100 }, (_, index) => index - 500);
  const series = { timestamps: steps, steps, values: steps };
  const readThrough: number[] = [];
  function* read() {
    const pass = readThrough.push(0) - 1;
    for (let from = 0; from < 100; from += 10) {
      readThrough[pass] = from + 10;
      yield { keyId: 1, series, from, to: from + 10 };
    }
  }
  expect([...sampleSeries(read, { maxResults: 3, startStep: -495, endStep: -466 }).steps]).toEqual([-495, -485, -466]);
  expect(readThrough).toEqual([100, 40]);
});

test("points out of the order of steps are read a last time up to the last one that is wanted", () => {
  const steps = Float64Array.from({ length: 100 }, (_, index) => (index === 25 ? 1000 : 100 - index));
  const series = { timestamps: steps, steps, values: steps };
  const readThrough: number[] = [];
  function* read() {
    const pass = readThrough.push(0) - 1;
    for (let from = 0; from < 100; from += 10) {
      readThrough[pass] = from + 10;
      yield { keyId: 1, series, from, to: from + 10 };
    }
  }
  expect([...sampleSeries(read, { maxResults: 1 }).steps]).toEqual([1000]);
  expect(readThrough).toEqual([100, 100, 30]);
});

test("steps out of order that lie close together are found in one pass over the points, two with a far one", () => {
  const sampleOf = (stepOf: (index: number) => number) => {
    const steps = Float64Array.from({ length: 1000 }, (_, index) => stepOf(index));
    const series = { timestamps: steps.map((_, index) => index), steps, values: steps };
    let reads = 0;
    const read = () => {
      reads++;
      return [{ keyId: 1, series, from: 0, to: 1000 }];
    };
    return { steps: [...sampleSeries(read, { maxResults: 5 }).steps], reads };
  };
  const shuffled = (index: number) => (index * 77) % 1000;
  // The survey, the pass, and the one that takes the points.
  expect(sampleOf(shuffled)).toEqual({ steps: [0, 200, 400, 600, 999], reads: 3 });
  expect(sampleOf((index) => (index === 3 ? 2 ** 50 : shuffled(index))).reads).toBeLessThanOrEqual(9);
});
