import { expect, test } from "vitest";
import {
  isSortedDistinct,
  positionAt,
  type Series,
  SeriesBuilder,
  seriesOf,
  slice,
  sortedDistinct,
  sortedOrder,
} from "../../../src/stores/run/series.ts";
import { describeAll, NaiveHistory } from "./naive-history.ts";
import { Random, randomMetric } from "./random.ts";

const WIDE = 2n ** 60n;

function seriesFrom(points: readonly { timestamp: number | bigint; step: number | bigint; value: number }[]): Series {
  const all = new SeriesBuilder();
  for (const point of points) all.append(seriesOf(point), 0, 1);
  return all.toSeries();
}

test("points are sorted, each kept once; a series in order is not copied", () => {
  const random = new Random(31);
  for (let round = 0; round < 200; round++) {
    const metrics = Array.from({ length: random.integer(0, 40) }, () => {
      const metric = randomMetric(random, ["a"], round % 2 === 0);
      // Of most points only the values differ.
      return round % 4 < 2 ? metric : { ...metric, timestamp: 1, step: random.integer(0, 1) };
    });
    const naive = new NaiveHistory();
    naive.append(metrics);
    const expected = describeAll(seriesFrom(naive.series("a")));
    const sorted = sortedDistinct(seriesFrom(metrics));
    expect(describeAll(sorted)).toEqual(expected);
    expect(isSortedDistinct(sorted, 0, sorted.values.length)).toBe(true);
    expect(sortedDistinct(sorted)).toBe(sorted);
  }
});

test("whether a part of a series is in order depends on this part only", () => {
  const series = seriesFrom([5, 1, 2, 2, 3, 0, -1].map((timestamp) => ({ timestamp, step: 0, value: 0 })));
  const parts: [from: number, to: number, isSorted: boolean][] = [
    [0, 2, false],
    [1, 3, true],
    [1, 4, false],
    [3, 5, true],
    [3, 6, false],
    [4, 6, false],
    [2, 2, true],
  ];
  for (const [from, to, isSorted] of parts)
    expect(isSortedDistinct(series, from, to), `${from} to ${to}`).toBe(isSorted);
});

test("items in order are compared once, and two ordered stretches once more", () => {
  const comparisons = (items: readonly number[]) => {
    let count = 0;
    const order = sortedOrder(items.length, (a, b) => {
      count++;
      return items[a]! <= items[b]!;
    });
    expect(Array.from(order, (at) => items[at])).toEqual(items.toSorted((a, b) => a - b));
    return count;
  };
  const ascending = Array.from({ length: 100 }, (_, index) => index);
  expect([comparisons([]), comparisons([1]), comparisons(ascending)]).toEqual([0, 0, 99]);
  expect(comparisons([...ascending, ...ascending])).toBeLessThanOrEqual(199 + 199);
  expect(comparisons(ascending.toReversed())).toBeLessThanOrEqual(99 + 700);
  expect(comparisons([3, 1, 2, 2, 1, 0, 5])).toBeLessThanOrEqual(6 + 21);
});

test("equal items keep their sequence", () => {
  const items = [2, 1, 2, 1, 0, 2, 1];
  expect([...sortedOrder(items.length, (a, b) => items[a]! <= items[b]!)]).toEqual([4, 1, 3, 6, 0, 2, 5]);
});

test("a column is wide from the first wide integer on, and narrow again in a builder that is emptied", () => {
  const builder = new SeriesBuilder(1);
  builder.append(seriesOf({ timestamp: 1, step: 2, value: 3 }), 0, 1);
  builder.append(seriesOf({ timestamp: WIDE, step: 4, value: 5 }), 0, 1);
  expect(builder.view()).toEqual({
    timestamps: BigInt64Array.of(1n, WIDE),
    steps: Float64Array.of(2, 4),
    values: Float64Array.of(3, 5),
  });
  builder.clear();
  expect([builder.length, builder.view().values.length]).toEqual([0, 0]);
  builder.append(seriesOf({ timestamp: 7, step: WIDE, value: 8 }), 0, 1);
  expect(builder.view()).toEqual({
    timestamps: Float64Array.of(7),
    steps: BigInt64Array.of(WIDE),
    values: Float64Array.of(8),
  });
  builder.clear();
  expect(builder.view().steps).toEqual(new Float64Array());
  expect(positionAt(seriesOf({ timestamp: WIDE, step: -WIDE, value: 1 }), 0)).toEqual({
    timestamp: WIDE,
    step: -WIDE,
    value: 1,
  });
});

test("a builder grows, keeps its points, and gives copies of exactly their size", () => {
  const numbers = Float64Array.from({ length: 100 }, (_, index) => index);
  const source = {
    timestamps: numbers,
    steps: numbers.map((each) => 2 * each),
    values: numbers.map((each) => 3 * each),
  };
  for (const part of [1, 23, 24, 25, 100]) {
    const builder = new SeriesBuilder(3);
    for (let from = 0; from < 100; from += part) builder.append(source, from, Math.min(100, from + part));
    const series = builder.toSeries();
    expect(series).toEqual(source);
    for (const column of Object.values(series)) expect(column.buffer.byteLength).toBe(800);
    expect(builder.view()).toEqual(source);
    expect(slice(builder.view(), 5, 7).values).toEqual(Float64Array.of(15, 18));
  }
});

test("a builder that is full, or emptied, keeps its buffers", () => {
  const numbers = Float64Array.of(1, 2, 3);
  const source = { timestamps: numbers, steps: numbers, values: numbers };
  const builder = new SeriesBuilder(3);
  const buffers = () => Object.values(builder.view()).map(({ buffer }) => buffer);
  const before = buffers();
  builder.append(source, 0, 3);
  builder.clear();
  builder.append(source, 0, 3);
  expect(buffers().every((buffer, column) => buffer === before[column])).toBe(true);
});

test("an integer has no sign of zero", () => {
  const { timestamps, steps } = seriesOf({ timestamp: -0, step: -0, value: -0 });
  expect([timestamps[0], steps[0]]).toEqual([0, 0]);
});

test("a builder's buffers double, so that many small pieces are copied seldom", () => {
  const builder = new SeriesBuilder(2);
  const point = seriesOf({ timestamp: 1, step: 1, value: 1 });
  const buffers = new Set<unknown>();
  for (let count = 0; count < 1000; count++) {
    builder.append(point, 0, 1);
    buffers.add(builder.view().values.buffer);
  }
  expect(buffers.size).toBeLessThanOrEqual(10);
});
