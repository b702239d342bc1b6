import { expect, test } from "vitest";
import { type BucketOptions, bucketSeries } from "../../../src/stores/run/buckets.ts";

test("one outlier among a million points is told, whatever the width, and the series may be read twice", () => {
  const count = 1_500_000;
  const steps = Float64Array.from({ length: count }, (_, index) => index);
  const values = Float64Array.from({ length: count }, (_, index) => Math.sin(index / 1000));
  values[654_321] = 1000;
  const series = { timestamps: steps, steps, values };
  const whole = (options: Pick<BucketOptions, "buckets" | "from" | "to">) =>
    bucketSeries(() => [{ keyId: 1, series, from: 0, to: count }], {
      xOf: ({ from, to }) => steps.subarray(from, to),
      ...options,
    });
  for (const buckets of [1, 7, 500]) {
    const { x, values: told, total } = whole({ buckets });
    expect(total).toBe(count);
    expect(told.length).toBeLessThanOrEqual(4 * buckets);
    expect(x[told.indexOf(1000)]).toBe(654_321);
    expect([x[0], x.at(-1)]).toEqual([0, count - 1]);
  }
  const zoomed = whole({ buckets: 500, from: 654_000, to: 655_000 });
  expect(zoomed.total).toBe(1001);
  expect(zoomed.means.length).toBe(0);
  expect(zoomed.values[321]).toBe(1000);
});
