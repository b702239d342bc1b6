import { expect, test } from "vitest";
import { decodeJoinedPoints, decodePoints, encodePoints, type Points } from "../../../src/stores/run/points.ts";
import { positionAt } from "../../../src/stores/run/series.ts";
import { describe } from "./naive-history.ts";
import { Random, randomMetric } from "./random.ts";

const KEYS = ["loss", "val/loss", "ключ", 'with "quotes"', ""];

function describePoints(points: Points): string[] {
  return Array.from(points.keyIndex, (key, index) => `${points.keys[key]} ${describe(positionAt(points, index))}`);
}

test("points survive encoding bit by bit, wherever the body lies in memory", () => {
  const random = new Random(1);
  for (let round = 0; round < 200; round++) {
    const metrics = Array.from({ length: random.integer(0, 40) }, () => randomMetric(random, KEYS, round % 2 === 0));
    const body = encodePoints(metrics);
    const moved = new Uint8Array(body.length + 3).subarray(3);
    moved.set(body);
    const expected = metrics.map((metric) => `${metric.key} ${describe(metric)}`);
    expect(describePoints(decodePoints(body))).toEqual(expected);
    expect(describePoints(decodePoints(moved))).toEqual(expected);
    const joined = new Uint8Array([...body, ...body]);
    expect([...decodeJoinedPoints(joined)].map(describePoints)).toEqual([expected, expected]);
  }
});

test("columns are doubles unless an integer is beyond 2^53", () => {
  const narrow = decodePoints(encodePoints([{ key: "a", timestamp: 2 ** 53 - 1, step: 1n, value: 1 }]));
  const wide = decodePoints(encodePoints([{ key: "a", timestamp: 1, step: 2n ** 53n, value: 1 }]));
  expect([narrow.timestamps, narrow.steps, wide.timestamps]).toEqual(Array(3).fill(expect.any(Float64Array)));
  expect(wide.steps).toEqual(BigInt64Array.of(2n ** 53n));
});

test("an unknown format and a body that breaks off are errors that say so", () => {
  const body = encodePoints([{ key: "a", timestamp: 1, step: 1, value: 1 }]);
  const newer = body.slice();
  newer[0] = 2;
  expect(() => decodePoints(newer)).toThrow("Metric points have format 2, and this version reads format 1");
  for (let length = 0; length < body.length; length++) {
    expect(() => decodePoints(body.subarray(0, length))).toThrow("frame of metric points");
  }
});
