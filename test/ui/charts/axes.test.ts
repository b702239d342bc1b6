import { expect, it } from "vitest";
import { formatTick, formatX, xRange, yRange } from "../../../ui/src/charts/axes.ts";

const line = (x: number[], values: number[]) => ({ x: Float64Array.from(x), values: Float64Array.from(values) });

it("a vertical range holds the one outlier, and what is infinite does not stretch it", () => {
  const [low, high] = yRange([line([0, 1, 2, 3], [1, 1e6, Number.NaN, Number.POSITIVE_INFINITY])], [0, 3], false);
  expect(low).toBeLessThanOrEqual(1);
  expect(high).toBeGreaterThanOrEqual(1e6);
  expect(high).toBeLessThan(1.1e6);
});

it("a vertical range is that of what is in sight", () => {
  const [, high] = yRange([line([0, 1, 2], [1, 2, 900])], [0, 1], false);
  expect(high).toBeLessThan(3);
});

it("a logarithmic range has only what is above 0", () => {
  const [low, high] = yRange([line([0, 1, 2], [0, -3, 100])], [0, 2], true);
  expect(low).toBeGreaterThan(0);
  expect(high).toBeGreaterThanOrEqual(100);
  expect(xRange([line([0, 1, 50], [1, 1, 1])], true)).toEqual([1, 50]);
});

it("a range of one point, or none, is still a range", () => {
  for (const lines of [[], [line([5], [7])], [line([5], [Number.NaN])], [line([5], [0])]]) {
    for (const isLog of [false, true]) {
      const [from, to] = xRange(lines, isLog);
      const [low, high] = yRange(lines, [from, to], isLog);
      expect(from).toBeLessThan(to);
      expect(low).toBeLessThan(high);
    }
  }
});

it("ticks are short", () => {
  expect([0, 0.25, -1500, 2e6, 1e-7, 123456].map(formatTick)).toEqual(["0", "0.25", "−1.5k", "2M", "1e−7", "123.46k"]);
});

it("an x is said in its unit", () => {
  expect(formatX("step", 12345)).toBe("12,345");
  expect(formatX("relative", 3_720_000)).toBe("1h 2m");
  expect(formatX("metric:acc", 0.123456)).toBe("0.12346");
});
