import { describe, expect, it } from "vitest";
import {
  extentOf,
  nearestIndex,
  type Points,
  valueAt,
  withDetail,
  withTail,
} from "../../../ui/src/charts/series-math.ts";
import { type Smoothing, smooth } from "../../../ui/src/charts/smoothing.ts";

const points = (...pairs: [number, number][]): Points => ({
  x: Float64Array.from(pairs, ([x]) => x),
  values: Float64Array.from(pairs, ([, value]) => value),
});

const pairs = ({ x, values }: Points): [number, number][] => [...x].map((each, index) => [each, values[index]!]);

const exponential = (weight: number): Smoothing => ({ kind: "exponential", weight });

describe("smoothing", () => {
  it("keeps a constant, from its first point on", () => {
    const line = points([0, 3], [1, 3], [2, 3], [3, 3]);
    for (const value of smooth(line, exponential(0.9)).values) expect(value).toBeCloseTo(3, 12);
  });

  it("of weight 0 changes nothing", () => {
    const line = points([0, 1], [1, -5], [2, 9]);
    expect(pairs(smooth(line, exponential(0)))).toEqual(pairs(line));
  });

  it("is the mean weighed by age", () => {
    const [, second, third] = smooth(points([0, 1], [1, 2], [2, 4]), exponential(0.5)).values;
    expect(second).toBeCloseTo((1 * 0.5 + 2) / 1.5, 12);
    expect(third).toBeCloseTo((1 * 0.25 + 2 * 0.5 + 4) / 1.75, 12);
  });

  it("leaves NaN and infinities where they are, and out of the average", () => {
    const line = points([0, 1], [1, Number.NaN], [2, Number.POSITIVE_INFINITY], [3, 1]);
    expect([...smooth(line, exponential(0.9)).values]).toEqual([1, Number.NaN, Number.POSITIVE_INFINITY, 1]);
  });
});

describe("detail", () => {
  const overview = points([0, 0], [10, 1], [20, 2], [30, 3]);

  it("stands in the place of what the overview has in the range", () => {
    const detail = points([10, 1], [12, 9], [20, 2]);
    expect(pairs(withDetail(overview, detail, 5, 25))).toEqual([
      [0, 0],
      [10, 1],
      [12, 9],
      [20, 2],
      [30, 3],
    ]);
  });

  it("may be empty, or beyond the overview", () => {
    expect(pairs(withDetail(overview, points(), 12, 14))).toEqual(pairs(overview));
    expect(pairs(withDetail(overview, points([40, 4]), 35, 45))).toEqual([...pairs(overview), [40, 4]]);
  });
});

describe("what was logged since", () => {
  const base = points([1, 0.1], [2, Number.NaN], [3, 0.3]);

  it("is in the order of x, whatever order it came in", () => {
    expect(pairs(withTail(base, [5, 0, 4, 3], [0.5, 0, 0.4, 0.33]))).toEqual([
      [0, 0],
      [1, 0.1],
      [2, Number.NaN],
      [3, 0.3],
      [3, 0.33],
      [4, 0.4],
      [5, 0.5],
    ]);
  });

  it("comes once where it had been read already, NaN too", () => {
    expect(withTail(base, [1, 2, 3], [0.1, Number.NaN, 0.3])).toBe(base);
  });

  it("is left out where it has no x", () => {
    expect(withTail(base, [Number.NaN], [7])).toBe(base);
  });

  it("begins a series that has none", () => {
    expect(pairs(withTail(points(), [2, 1], [20, 10]))).toEqual([
      [1, 10],
      [2, 20],
    ]);
  });
});

describe("places", () => {
  const line = points([1, 10], [3, 30], [4, Number.NaN], [5, 50]);

  it("between points are on the line; outside of it and in gaps are none", () => {
    expect(valueAt(line, 2)).toBe(20);
    expect(valueAt(line, 3)).toBe(30);
    for (const x of [0, 4, 4.5, 6]) expect(valueAt(line, x)).toBeNaN();
  });

  it("have a nearest point, unless there is none", () => {
    expect([0, 1.9, 2.1, 9].map((x) => nearestIndex(line.x, x))).toEqual([0, 0, 1, 3]);
    expect(nearestIndex(new Float64Array(), 1)).toBe(-1);
  });

  it("extend over what is finite", () => {
    expect(extentOf([3, Number.NaN, Number.NEGATIVE_INFINITY, -1, Number.POSITIVE_INFINITY])).toEqual({
      least: -1,
      greatest: 3,
    });
  });
});
