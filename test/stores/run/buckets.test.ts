import { expect, test } from "vitest";
import type { Metric } from "../../../src/domain/entities.ts";
import { bucketSeries } from "../../../src/stores/run/buckets.ts";
import { type ChartX, chartSeries } from "../../../src/stores/run/chart-series.ts";
import { type Position, type Series, SeriesBuilder, seriesOf } from "../../../src/stores/run/series.ts";
import { NaiveHistory } from "./naive-history.ts";
import { Random, randomMetric } from "./random.ts";

interface Point {
  readonly x: number;
  readonly value: number;
  readonly number: number;
  readonly step: bigint;
}

interface NaiveChart {
  readonly total: number;
  /** The last logged point of the greatest step. */
  readonly last: { readonly step: number; readonly value: number } | undefined;
  readonly points: string[];
  readonly means: readonly [x: number, mean: number][];
}

const byX = (a: Point, b: Point) => a.x - b.x || a.number - b.number;
const isNumber = ({ value }: Point) => Math.abs(value) < Number.MAX_VALUE;
const show = ({ x, value }: { x: number; value: number }) => `${x}: ${Object.is(value, -0) ? 0 : value}`;
const told = (value: number) =>
  Math.abs(value) === Number.MAX_VALUE ? Math.sign(value) * Number.POSITIVE_INFINITY : value;

/** A chart's points by a slow and obvious method: every bucket filters and sorts all points. */
function naiveChart(all: readonly Point[], buckets: number, from: number, to: number): NaiveChart {
  const points = all.filter(({ x }) => x >= from && x <= to).sort(byX);
  const total = points.length;
  const latest = points.toSorted((a, b) => (a.step === b.step ? a.number - b.number : a.step < b.step ? -1 : 1)).at(-1);
  const last = latest && { step: Number(latest.step), value: told(latest.value) };
  const shown = (picked: readonly Point[]) => picked.map(({ x, value }) => show({ x, value: told(value) }));
  if (total <= 4 * buckets) return { total, last, points: shown(points), means: [] };
  const start = points[0]!.x;
  const perX = points.at(-1)!.x > start ? buckets / (points.at(-1)!.x - start) : 0;
  const picked: Point[] = [];
  const means: [number, number][] = [];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const inside = points.filter(({ x }) => Math.min(buckets - 1, Math.floor((x - start) * perX)) === bucket);
    const finite = inside.filter(isNumber);
    const byValue = finite.toSorted((a, b) => a.value - b.value || byX(a, b));
    const greatest = byValue.at(-1)?.value;
    const wanted = new Set([
      inside[0],
      inside.at(-1),
      byValue[0],
      byValue.find(({ value }) => value === greatest),
      inside.find(({ value }) => Number.isNaN(value)),
      inside.find(({ value }) => value === Number.MAX_VALUE),
      inside.find(({ value }) => value === -Number.MAX_VALUE),
    ]);
    picked.push(...inside.filter((point) => wanted.has(point)));
    const mean = (of: (point: Point) => number) => finite.reduce((sum, point) => sum + of(point), 0) / finite.length;
    if (finite.length > 0) means.push([mean(({ x }) => x), mean(({ value }) => value)]);
  }
  return { total, last, points: shown(picked), means };
}

function slicesOf(points: readonly Position[], random: Random) {
  const all = new SeriesBuilder();
  for (const point of points) all.append(seriesOf(point), 0, 1);
  const series: Series = all.toSeries();
  const cut = random.integer(0, points.length);
  return [
    { keyId: 1, series, from: 0, to: cut },
    { keyId: 1, series, from: cut, to: points.length },
  ];
}

test("a chart shows what the naive one does: NaN, infinities, repeats, points out of order, negative steps", () => {
  const random = new Random(11);
  for (let round = 0; round < 600; round++) {
    const isWide = random.chance(0.3);
    const metrics: Metric[] = Array.from({ length: random.integer(0, 150) }, () =>
      randomMetric(random, ["y", "x"], isWide),
    );
    const naive = new NaiveHistory();
    naive.append(metrics);
    const read = (key: string) => slicesOf(naive.series(key), new Random(round));
    const originMs = random.chance(0.5) ? 0 : random.integer(-5, 5);
    const xByStep = new Map(naive.series("x").map(({ step, value }) => [BigInt(step), value]));
    const axes: readonly [ChartX, (point: Position) => number][] = [
      [{ kind: "step" }, ({ step }) => Number(step)],
      [{ kind: "time", originMs }, ({ timestamp }) => Number(timestamp) - originMs],
      [
        { kind: "metric", key: "x" },
        ({ step }) => {
          const x = xByStep.get(BigInt(step)) ?? Number.NaN;
          return Math.abs(x) < Number.MAX_VALUE ? x : Number.NaN;
        },
      ],
    ];
    const [x, xOf] = random.of(axes);
    const buckets = random.integer(1, 12);
    const from = random.chance(0.3) ? random.integer(-8, 0) : undefined;
    const to = random.chance(0.3) ? random.integer(0, 8) : undefined;
    const points = naive
      .series("y")
      .map((point, number) => ({ x: xOf(point), value: point.value, number, step: BigInt(point.step) }));
    const expected = naiveChart(points, buckets, from ?? Number.NEGATIVE_INFINITY, to ?? Number.POSITIVE_INFINITY);
    const chart = chartSeries(read, "y", { x, from, to, buckets });
    const what = `round ${round}, ${JSON.stringify(x)}, ${buckets} buckets`;
    expect([chart.total, chart.last], what).toEqual([expected.total, expected.last]);
    expect(
      Array.from(chart.x, (at, index) => show({ x: at, value: chart.values[index]! })),
      what,
    ).toEqual(expected.points);
    expect(chart.means.length, what).toBe(expected.means.length);
    expected.means.forEach(([meanX, mean], index) => {
      expect(isNear(chart.meanX[index]!, meanX), what).toBe(true);
      expect(isNear(chart.means[index]!, mean), what).toBe(true);
    });
  }
});

function isNear(a: number, b: number): boolean {
  return a === b || Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}

test("time counts from the first point where the run told no start", () => {
  const points = [
    { timestamp: 1000, step: 3, value: 1 },
    { timestamp: 1500, step: 1, value: 2 },
  ];
  const chart = chartSeries(() => slicesOf(points, new Random(1)), "y", { x: { kind: "time" }, buckets: 10 });
  expect(chart.originMs).toBe(1000);
  expect([...chart.x]).toEqual([0, 500]);
});

test("time counts from 0 where there are no points", () => {
  const chart = chartSeries(() => [], "y", { x: { kind: "time" }, buckets: 10 });
  expect([chart.originMs, chart.total, chart.last]).toEqual([0, 0, undefined]);
});

test("four points a bucket are given whole, and one more makes buckets", () => {
  const chart = (count: number) => {
    const points = Array.from({ length: count }, (_, step) => ({ timestamp: step, step, value: 2 * step }));
    return chartSeries(() => slicesOf(points, new Random(count)), "y", { x: { kind: "step" }, buckets: 2 });
  };
  expect([...chart(8).values]).toEqual([0, 2, 4, 6, 8, 10, 12, 14]);
  expect([chart(8).means.length, chart(9).means.length]).toEqual([0, 2]);
  expect([...chart(9).values]).toEqual([0, 6, 8, 16]);
});

test("of equal points of a bucket the first is its least and its greatest, so that it is given once", () => {
  const points = [5, 5, 5, 5, 5, 5, 5].map((value, timestamp) => ({ timestamp, step: 1, value }));
  const { x, values, means } = chartSeries(() => slicesOf(points, new Random(1)), "y", {
    x: { kind: "step" },
    buckets: 1,
  });
  expect([[...x], [...values], [...means]]).toEqual([[1, 1], [5, 5], [5]]);
});

test("up to 1,048,576 points are kept from the first pass, and more are read a second time", () => {
  const steps = Float64Array.from({ length: 8193 }, (_, index) => index - 1);
  const series = { timestamps: steps, steps, values: steps };
  const xs = steps.subarray(1);
  const readsOf = (slices: number) => {
    let reads = 0;
    const read = () => {
      reads++;
      return Array(slices).fill({ keyId: 1, series, from: 1, to: 8193 });
    };
    const { total, last } = bucketSeries(read, { xOf: () => xs, buckets: 1, to: 1 });
    return { reads, total, last };
  };
  const last = { step: 1, value: 1 };
  expect(readsOf(128)).toEqual({ reads: 1, total: 256, last });
  expect(readsOf(129)).toEqual({ reads: 2, total: 258, last });
});
