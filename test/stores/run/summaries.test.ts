import { expect, test } from "vitest";
import type { Metric } from "../../../src/domain/entities.ts";
import { decodePoints, encodePoints } from "../../../src/stores/run/points.ts";
import { MetricSummaries } from "../../../src/stores/run/summaries.ts";
import { describe, NaiveHistory } from "./naive-history.ts";
import { Random, randomMetric } from "./random.ts";

const KEYS = ["a", "b", "c"];

function expectSummaries(summaries: MetricSummaries, metrics: readonly Metric[]): void {
  const naive = new NaiveHistory();
  naive.append(metrics);
  expect([...summaries.keys()].sort()).toEqual(naive.keys().sort());
  for (const [key, summary] of summaries) {
    const numbers = naive.numbers(key);
    expect(describe({ ...summary, value: summary.value + 0 })).toBe(
      describe({ ...naive.latest(key), value: naive.latest(key).value + 0 }),
    );
    expect(describe({ ...summary.first, value: summary.first.value + 0 })).toBe(
      describe({ ...naive.first(key), value: naive.first(key).value + 0 }),
    );
    expect(summary.minValue === null ? null : summary.minValue + 0).toBe(
      numbers.length ? Math.min(...numbers) + 0 : null,
    );
    expect(summary.maxValue === null ? null : summary.maxValue + 0).toBe(
      numbers.length ? Math.max(...numbers) + 0 : null,
    );
  }
}

test("the latest and the first point, the least and the greatest value do not depend on order, repeats or batches", () => {
  const random = new Random(4);
  for (let round = 0; round < 300; round++) {
    const metrics = Array.from({ length: random.integer(1, 30) }, () => randomMetric(random, KEYS, round % 2 === 0));
    const cut = random.integer(0, metrics.length);
    const summaries = new MetricSummaries();
    summaries.add(decodePoints(encodePoints(metrics.slice(cut))));
    const others = new MetricSummaries();
    others.add(decodePoints(encodePoints(metrics.slice(0, cut).reverse())));
    others.add(decodePoints(encodePoints(metrics.slice(cut))));
    summaries.addAll(others);
    expectSummaries(summaries, metrics);
  }
});

test("summaries of parts add up, whichever part has the first, the latest, the least or the greatest", () => {
  const random = new Random(14);
  const sumOf = (parts: readonly (readonly Metric[])[]) => {
    const sum = new MetricSummaries();
    for (const part of parts) {
      const summaries = new MetricSummaries();
      summaries.add(decodePoints(encodePoints(part)));
      sum.addAll(summaries);
    }
    return sum;
  };
  for (let round = 0; round < 100; round++) {
    const parts = Array.from({ length: 3 }, () =>
      Array.from({ length: random.integer(0, 5) }, () => {
        const metric = randomMetric(random, KEYS, round % 2 === 0);
        // Of most points only the values differ.
        return round % 4 < 2 ? metric : { ...metric, timestamp: random.integer(0, 1), step: 1 };
      }),
    );
    expectSummaries(sumOf(parts), parts.flat());
  }
  // Only NaN on one side.
  for (const value of [5, -5]) {
    const point = (step: number, each: number) => [{ key: "a", timestamp: step, step, value: each }];
    for (const parts of [
      [point(1, value), point(2, Number.NaN)],
      [point(1, Number.NaN), point(2, value)],
      [[...point(1, Number.NaN), ...point(2, value)]],
      [point(1, Number.NaN), point(2, Number.NaN)],
      [[...point(1, Number.NaN), ...point(2, value), ...point(3, Number.NaN)]],
      [point(4, Number.NaN), [...point(1, Number.NaN), ...point(2, value), ...point(3, Number.NaN)]],
    ]) {
      expectSummaries(sumOf(parts), parts.flat());
    }
  }
});

test("summaries of some metrics, and the greatest of all latest times", () => {
  const summaries = new MetricSummaries();
  expect(summaries.lastTimestamp()).toStrictEqual({});
  const point = (key: string, timestamp: number | bigint) => ({ key, timestamp, step: 1, value: 1 });
  summaries.add(decodePoints(encodePoints([point("a", 5), point("b", 2n ** 60n), point("c", 7)])));
  expect(summaries.lastTimestamp()).toEqual({ lastTimestamp: 2n ** 60n });
  expect(summaries.only(["a", "c"]).lastTimestamp()).toEqual({ lastTimestamp: 7 });
  const some = summaries.only(["c", "none", "a"]);
  expect([...some]).toEqual(["c", "a"].map((key) => [key, summaries.get(key)]));
});

test("points of a series may be a part of it, or none", () => {
  const { timestamps, steps, values } = decodePoints(
    encodePoints([4, 1, 3, 2].map((step) => ({ key: "a", timestamp: step, step, value: step }))),
  );
  const summaries = new MetricSummaries();
  summaries.addSeries("none", { timestamps, steps, values }, 2, 2);
  summaries.addSeries("part", { timestamps, steps, values }, 1, 3);
  summaries.addSeries("all", { timestamps, steps, values });
  const range = (key: string) => [summaries.get(key)!.first.step, summaries.get(key)!.step];
  expect([...summaries.keys()]).toEqual(["part", "all"]);
  expect([range("part"), range("all")]).toEqual([
    [1, 3],
    [1, 4],
  ]);
});
