import { expect, test } from "vitest";
import { encodeFrame, frameLength, hasPoints, unknownFormat } from "../../../src/stores/run/frame.ts";
import {
  decodeJoinedPoints,
  decodePoints,
  encodePoints,
  encodeSeries,
  type Points,
} from "../../../src/stores/run/points.ts";
import { positionAt, seriesOf } from "../../../src/stores/run/series.ts";
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

test("a body that begins at a multiple of eight bytes is read without copying its columns", () => {
  const body = encodePoints([{ key: "a", timestamp: 1, step: 2, value: 3 }]);
  const moved = new Uint8Array(body.length + 8).subarray(8);
  moved.set(body);
  const { timestamps, steps, values, keyIndex } = decodePoints(moved);
  expect([timestamps, steps, values, keyIndex].map(({ buffer }) => buffer === moved.buffer)).toEqual(
    Array(4).fill(true),
  );
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

test("columns of several metrics are encoded like their points, one after the other", () => {
  const series = (...steps: (number | bigint)[]) => {
    const metrics = steps.map((step) => ({ key: "", timestamp: 7, step, value: Number(step) / 2 }));
    const { timestamps, steps: column, values } = decodePoints(encodePoints(metrics));
    return { timestamps, steps: column, values };
  };
  const body = encodeSeries([
    { key: "a", ...series(1, 2) },
    { key: "b", ...series(2n ** 60n) },
    { key: "a", ...series(3, 4, 5) },
  ]);
  const points = decodePoints(body);
  expect(points.keys).toEqual(["a", "b"]);
  expect(describePoints(points)).toEqual([
    "a 7/1/0.5",
    "a 7/2/1",
    `b 7/${2n ** 60n}/${2 ** 59}`,
    "a 7/3/1.5",
    "a 7/4/2",
    "a 7/5/2.5",
  ]);
  expect(decodePoints(encodeSeries([])).values).toHaveLength(0);
});

test("of joined bodies only those that may have the key are decoded", () => {
  const bodies = ["a", "b", "a"].map((key, step) => encodePoints([{ key, timestamp: 1, step, value: 1 }]));
  const joined = new Uint8Array(bodies.flatMap((body) => [...body]));
  const stepsOf = (key?: string) => Array.from(decodeJoinedPoints(joined, key), ({ steps }) => steps[0]);
  expect([stepsOf(), stepsOf("a"), stepsOf("b"), stepsOf("c")]).toEqual([[0, 1, 2], [0, 2], [1], []]);
});

test("a frame that holds more than its bytes is an error; one without points is a header", () => {
  const empty = encodeFrame({ timestamps: new Float64Array(), steps: new Float64Array(), values: new Float64Array() });
  expect([empty.length, frameLength(empty), hasPoints(empty)]).toEqual([16, 16, false]);
  const frame = encodeFrame(seriesOf({ timestamp: 1, step: 1, value: 1 }), new Uint8Array(9));
  expect([frame.length, frameLength(frame), hasPoints(frame)]).toEqual([56, 56, true]);
  for (const [place, most, says] of [
    [8, 1, 2],
    [12, 16, 17],
  ] as const) {
    const changed = new Uint32Array(frame.slice().buffer);
    changed[place / 4] = most;
    expect(frameLength(new Uint8Array(changed.buffer))).toBe(56);
    changed[place / 4] = says;
    const holds = 16 + 24 * changed[2]! + changed[3]!;
    expect(() => frameLength(new Uint8Array(changed.buffer))).toThrow(
      `A frame of metric points says 56 bytes, holds ${holds}, and has 56`,
    );
  }
  expect(unknownFormat(2, "format 1").message).toBe(
    "Metric points have format 2, and this version reads format 1: a newer version wrote them, deploy that one or a later one",
  );
});
