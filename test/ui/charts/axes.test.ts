import { expect, it } from "vitest";
import {
  clampedZoom,
  evenTicks,
  formatTick,
  formatTicks,
  formatTimeTicks,
  formatX,
  logarithmicTicks,
  pinched,
  xRange,
  yRange,
  zoomed,
} from "../../../ui/src/charts/axes.ts";

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
  expect(xRange([line([0, 1, 50], [1, 1, 1])], "step", true)).toEqual([1, 50]);
});

it("a range of one point, or none, is still a range", () => {
  for (const lines of [[], [line([5], [7])], [line([5], [Number.NaN])], [line([5], [0])]]) {
    for (const isLog of [false, true]) {
      const [from, to] = xRange(lines, "step", isLog);
      const [low, high] = yRange(lines, [from, to], isLog);
      expect(from).toBeLessThan(to);
      expect(low).toBeLessThan(high);
    }
  }
});

it("ticks are short", () => {
  expect([0, 0.25, -1500, 2e6, 1e-7, 123456].map(formatTick)).toEqual(["0", "0.25", "−1,500", "2M", "1e−7", "123.46k"]);
});

it("the only place of an axis has room around it in the axis's unit", () => {
  const at = 1_760_000_000_000;
  expect(xRange([line([at], [1])], "time", false)).toEqual([at - 60_000, at + 60_000]);
  expect(xRange([line([0], [1])], "step", false)).toEqual([-1, 1]);
});

it("neighbouring ticks have the same digits, as many as tell them apart", () => {
  expect(formatTicks([0, 0.5, 1])).toEqual(["0", "0.5", "1.0"]);
  expect(formatTicks([0.25, 0.5, 0.75])).toEqual(["0.25", "0.50", "0.75"]);
  expect(formatTicks([-500, 0, 500, 1000])).toEqual(["−500", "0", "500", "1,000"]);
  expect(formatTicks([1_000_001, 1_000_002])).toEqual(["1,000,001", "1,000,002"]);
  expect(formatTicks([0.9999991, 0.9999992])).toEqual(["0.9999991", "0.9999992"]);
  expect(formatTicks([0, 5e-8, 1e-7, 1.5e-7])).toEqual(["0", "5e−8", "1e−7", "1.5e−7"]);
  expect(formatTicks([0, 1e300])).toEqual(["0", "1e300"]);
  expect(formatTicks([7])).toEqual(["7"]);
});

it("ticks of times tell what differs, and a day's first its date", () => {
  const at = (...time: [number, number, number, number?, number?, number?, number?]) => new Date(...time).getTime();
  expect(formatTimeTicks([at(2026, 0, 31, 12), at(2026, 1, 1), at(2026, 1, 1, 12)])).toEqual([
    "12:00",
    "02-01",
    "12:00",
  ]);
  expect(formatTimeTicks([at(2026, 0, 1), at(2026, 2, 1)])).toEqual(["2026-01", "2026-03"]);
  expect(formatTimeTicks([at(2026, 0, 1, 9, 5, 1), at(2026, 0, 1, 9, 5, 2)])).toEqual(["09:05:01", "09:05:02"]);
  expect(formatTimeTicks([at(2026, 0, 1, 9, 5, 1, 5), at(2026, 0, 1, 9, 5, 1, 15)])).toEqual([
    "05:01.005",
    "05:01.015",
  ]);
});

it("a zoom stays within everything, and on a logarithmic axis above 0", () => {
  expect(zoomed([0, 100], 50, 0.5, [0, 100])).toEqual([25, 75]);
  expect(zoomed([25, 75], 30, 2, [0, 100])).toEqual([20, 100]);
  expect(zoomed([25, 75], 50, 2, [0, 100])).toBeUndefined();
  expect(clampedZoom([-5, 50], [1, 100], true)).toEqual([1, 50]);
  expect(clampedZoom([-5, -1], [1, 100], true)).toEqual([1, 100]);
  expect(clampedZoom([-5, 50], [0, 100], false)).toEqual([-5, 50]);
});

it("an x is said in its unit", () => {
  expect(formatX("step", 12345)).toBe("12,345");
  expect(formatX("relative", 3_720_000)).toBe("1h 2m");
  expect(formatX("metric:acc", 0.123456)).toBe("0.12346");
});

it("ticks of logarithmic axes are powers of ten, or even where those would be too few", () => {
  expect(logarithmicTicks(1e-3, 150, 8)).toEqual([0.001, 0.01, 0.1, 1, 10, 100]);
  expect(logarithmicTicks(1e-20, 1, 8)).toEqual([1e-20, 1e-17, 1e-14, 1e-11, 1e-8, 1e-5, 0.01]);
  expect(formatTicks(evenTicks(0.89, 1.12, 5))).toEqual(["0.90", "0.95", "1.00", "1.05", "1.10"]);
  expect(evenTicks(3, 47, 5)).toEqual([10, 20, 30, 40]);
});

it("fingers keep the places that they hold, on every scale, and end at the ends", () => {
  const near = (range: readonly number[] | undefined) => range?.map((end) => Math.round(end * 1000) / 1000);
  expect(near(pinched([40, 60], [0.25, 0.75], [0, 100], false))).toEqual([30, 70]);
  expect(near(pinched([40, 60], [0.4, 0.5], [0, 100], false))).toBeUndefined();
  expect(near(pinched([10, 1000], [0, 1], [1, 100_000], true))).toEqual([10, 1000]);
  expect(near(pinched([10, 20], [0.5, 1], [0, 100], false))).toEqual([0, 20]);
  expect(pinched([0, 100], [0.4, 0.6], [0, 100], false)).toBeUndefined();
});
