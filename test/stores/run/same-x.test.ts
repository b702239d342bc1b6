import { expect, test } from "vitest";
import { type ChartOptions, chartSeries } from "../../../src/stores/run/chart-series.ts";
import { joinSameX } from "../../../src/stores/run/same-x.ts";
import { type Position, SeriesBuilder, seriesOf } from "../../../src/stores/run/series.ts";

const [NAN, MAX, INFINITY] = [Number.NaN, Number.MAX_VALUE, Number.POSITIVE_INFINITY];

/** The points of a metric in two slices, among points of others. */
function slicesOf(points: readonly Position[]) {
  const all = new SeriesBuilder();
  const other = seriesOf({ timestamp: 0, step: 0, value: 999 });
  all.append(other, 0, 1);
  for (const point of points) all.append(seriesOf(point), 0, 1);
  all.append(other, 0, 1);
  const series = all.toSeries();
  const middle = 1 + (points.length >> 1);
  return [
    { keyId: 1, series, from: 1, to: middle },
    { keyId: 1, series, from: middle, to: points.length + 1 },
  ];
}

/** Points (x, step, value); a point's x is its timestamp. */
const pointsOf = (...points: [x: number, step: number, value: number][]) =>
  slicesOf(points.map(([timestamp, step, value]) => ({ timestamp, step, value })));

const range = {
  xOf: ({ series, from, to }: ReturnType<typeof slicesOf>[number]) =>
    (series.timestamps as Float64Array).slice(from, to),
  buckets: 1,
};

test("the points of an x become their mean and deviation, or the latest of them, in the order of x", () => {
  const points = pointsOf([2, 1, 10], [1, 2, 1], [1, 3, 2], [1, 4, 6], [3, 5, -4], [3, 6, -6]);
  const mean = joinSameX(points, range, "mean", 3)!;
  expect(mean.total).toBe(6);
  expect([...mean.x]).toEqual([1, 2, 3]);
  expect([...mean.values]).toEqual([3, 10, -5]);
  // 1, 2 and 6 lie 2, 1 and 3 from their mean: √((4 + 1 + 9) / 2).
  expect([...mean.spreads].map((spread) => spread.toFixed(9))).toEqual(
    [Math.sqrt(7), 0, Math.sqrt(2)].map((spread) => spread.toFixed(9)),
  );
  expect([mean.means.length, mean.meanX.length]).toEqual([0, 0]);
  expect(mean.last).toEqual({ step: 6, value: -6 });

  const last = joinSameX(points, range, "last", 3)!;
  expect([...last.x]).toEqual([1, 2, 3]);
  expect([...last.values]).toEqual([6, 10, -6]);
  expect([last.total, last.spreads.length]).toEqual([6, 0]);
});

test("the latest point of an x has its greatest step; of equal steps the later one counts, whatever came between", () => {
  const points = pointsOf([1, 5, 50], [2, 1, 10], [1, 3, 30], [2, 1, 11]);
  const { values, last } = joinSameX(points, range, "last", 2)!;
  expect([...values]).toEqual([50, 11]);
  expect(last).toEqual({ step: 5, value: 50 });
});

test("values that are not finite count in no mean; where an x has no others, the latest is told, as an infinity", () => {
  const points = pointsOf(
    [1, 1, 4],
    [1, 2, NAN],
    [1, 3, MAX],
    [1, 4, 8],
    [2, 1, NAN],
    [2, 2, -MAX],
    [3, 1, MAX],
    [3, 9, NAN],
  );
  const { values, spreads, last } = joinSameX(points, range, "mean", 3)!;
  expect([...values]).toEqual([6, -INFINITY, NAN]);
  expect([...spreads].map((spread) => spread.toFixed(9))).toEqual([Math.sqrt(8), 0, 0].map((each) => each.toFixed(9)));
  expect(last).toEqual({ step: 9, value: NAN });
  const told = joinSameX(pointsOf([1, 1, 4], [2, 2, MAX]), range, "last", 2)!;
  expect([[...told.values], told.last]).toEqual([[4, INFINITY], { step: 2, value: INFINITY }]);
});

test("points that share no x keep their values and have no spreads", () => {
  const { values, spreads, total } = joinSameX(pointsOf([1, 1, 4], [2, 2, MAX]), range, "mean", 2)!;
  expect([[...values], spreads.length, total]).toEqual([[4, INFINITY], 0, 2]);
});

test("only the range counts, both ends included, and a point without an x is left out", () => {
  const points = pointsOf([0, 9, 9], [1, 1, 10], [2, 2, 20], [NAN, 9, 9], [3, 3, 30], [4, 9, 9]);
  const { x, total, last } = joinSameX(points, { ...range, from: 1, to: 3 }, "last", 3)!;
  expect([[...x], total, last]).toEqual([[1, 2, 3], 3, { step: 3, value: 30 }]);
  const none = joinSameX(points, { ...range, from: 7 }, "mean", 3)!;
  expect([none.total, none.x.length, none.values.length, none.last]).toEqual([0, 0, 0, undefined]);
  const upTo = joinSameX(points, { ...range, to: 1 }, "last", 3)!;
  expect([...upTo.x]).toEqual([0, 1]);
});

test("more x values than the answer may have are not joined", () => {
  const points = pointsOf([1, 1, 1], [2, 2, 2], [2, 3, 3], [3, 4, 4]);
  expect(joinSameX(points, range, "mean", 3)?.total).toBe(4);
  expect(joinSameX(points, range, "mean", 2)).toBeUndefined();
});

test("a chart over another metric joins points of equal x if it is asked to, up to four for each bucket", () => {
  const metrics: Record<string, Position[]> = {
    loss: [1, 2, 3, 4, 5].map((step) => ({ step, timestamp: step, value: 10 * step })),
    epoch: [1, 2, 3, 4, 5].map((step) => ({ step, timestamp: step, value: step >> 1 })),
    other: [1, 2, 3, 4, 5].map((step) => ({ step, timestamp: step, value: step })),
  };
  const chart = (options: Omit<ChartOptions, "buckets">, buckets = 1) =>
    chartSeries((key) => slicesOf(metrics[key]!), "loss", { ...options, buckets });
  const joined = chart({ x: { kind: "metric", key: "epoch" }, sameX: "mean" });
  expect([[...joined.x], [...joined.values], joined.spreads.length, joined.originMs]).toEqual([
    [0, 1, 2],
    [10, 25, 45],
    3,
    0,
  ]);
  const alone = chart({ x: { kind: "metric", key: "epoch" } });
  expect([alone.total, alone.spreads.length, alone.means.length]).toEqual([5, 0, 1]);
  // Five x values are more than four.
  const apart = chart({ x: { kind: "metric", key: "other" }, sameX: "mean" });
  expect([[...apart.means], apart.spreads.length]).toEqual([[30], 0]);
  const bySteps = chart({ x: { kind: "step" }, sameX: "mean" });
  expect([[...bySteps.means], bySteps.spreads.length]).toEqual([[30], 0]);
  // Two buckets have room for eight.
  const wide = chart({ x: { kind: "metric", key: "epoch" }, sameX: "mean" }, 2);
  expect([...wide.values]).toEqual([10, 25, 45]);
  // Only another metric joins points: those of a step stay apart.
  metrics.loss = [1, 1].map((step, at) => ({ step, timestamp: at, value: at }));
  expect([...chart({ x: { kind: "step" }, sameX: "last" }).values]).toEqual([0, 1]);
});
