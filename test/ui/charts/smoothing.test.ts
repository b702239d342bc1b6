import { describe, expect, test } from "vitest";
import { withoutOutliers } from "../../../ui/src/charts/series-math.ts";
import { type SmoothingKind, smooth } from "../../../ui/src/charts/smoothing.ts";

const points = (values: readonly number[]) => ({
  x: Float64Array.from(values.keys()),
  values: Float64Array.from(values),
});

describe.each(["exponential", "mean", "gaussian", "median"] satisfies SmoothingKind[])("smoothing by %s", (kind) => {
  test("leaves a level line level, also at its ends and beside gaps", () => {
    const smoothed = smooth(points([3, 3, 3, Number.NaN, 3, 3, Number.POSITIVE_INFINITY, 3]), { kind, weight: 0.9 });
    expect([...smoothed.values].map((value) => Number(value.toPrecision(12)))).toEqual([
      3,
      3,
      3,
      Number.NaN,
      3,
      3,
      Number.POSITIVE_INFINITY,
      3,
    ]);
  });

  test("makes a noisy line less so", () => {
    const noisy = points(Array.from({ length: 100 }, (_, index) => index + (index % 2 === 0 ? 20 : -20)));
    const { values } = smooth(noisy, { kind, weight: 0.9 });
    const steps = [...values].slice(1).map((value, index) => Math.abs(value - values[index]!));
    expect(Math.max(...steps.slice(10, 90))).toBeLessThan(20);
  });
});

test("a median takes no notice of one wild value, a mean does", () => {
  const wild = points(Array.from({ length: 41 }, (_, index) => (index === 20 ? 1000 : 1)));
  expect(smooth(wild, { kind: "median", weight: 0.5 }).values[20]).toBe(1);
  expect(smooth(wild, { kind: "mean", weight: 0.5 }).values[20]).toBeGreaterThan(100);
});

test("outliers are the hundredth at either end of what is in sight", () => {
  const series = points(
    Array.from({ length: 1000 }, (_, index) => (index === 5 ? 1e9 : index === 990 ? -1e9 : index % 10)),
  );
  const [left] = withoutOutliers([series], [0, 999]);
  expect(left!.values[5]).toBeNaN();
  expect(left!.values[990]).toBeNaN();
  expect(left!.values[7]).toBe(7);
});
