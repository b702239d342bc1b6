import { expect, test } from "vitest";
import { decodeBound, encodeBound, encodeKeyBound } from "../../../src/stores/run/bound.ts";
import { comparePoints, isSamePoint, positionAt, seriesOf } from "../../../src/stores/run/series.ts";
import { describe } from "./naive-history.ts";
import { Random, randomMetric } from "./random.ts";

/** Compares like SQLite's memcmp: byte by byte, the shorter one first. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    if (a[index] !== b[index]) return a[index]! - b[index]!;
  }
  return a.length - b.length;
}

test("bytes of bounds are ordered as the points are", () => {
  const random = new Random(2);
  for (let round = 0; round < 5000; round++) {
    const [a, b] = [seriesOf(randomMetric(random, ["a"], true)), seriesOf(randomMetric(random, ["a"], true))];
    const [aKey, bKey] = [random.integer(1, 3), random.integer(1, 3)];
    const expected = aKey - bKey || (isSamePoint(a, 0, b, 0) ? 0 : comparePoints(a, 0, b, 0));
    const actual = compareBytes(encodeBound(aKey, a, 0), encodeBound(bKey, b, 0));
    expect(Math.sign(actual)).toBe(Math.sign(expected));
    expect(Math.sign(compareBytes(encodeKeyBound(aKey), encodeBound(bKey, b, 0)))).toBe(aKey <= bKey ? -1 : 1);
  }
});

test("a bound is read back as its point", () => {
  const random = new Random(3);
  for (let round = 0; round < 1000; round++) {
    const metric = randomMetric(random, ["a"], true);
    const bound = decodeBound(encodeBound(7, seriesOf(metric), 0).buffer);
    expect(bound.keyId).toBe(7);
    expect(describe(positionAt(bound.series, 0))).toBe(describe({ ...metric, value: metric.value + 0 }));
  }
});
