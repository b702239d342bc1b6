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
