import { expect, test } from "vitest";
import { decodePoints, encodePoints } from "../../../src/stores/run/points.ts";
import { MetricSummaries } from "../../../src/stores/run/summaries.ts";
import { parseSummaryRow, summaryRows } from "../../../src/stores/run/summary-rows.ts";
import { describe } from "./naive-history.ts";
import { Random, randomMetric } from "./random.ts";

const KEYS = ["loss", 'with "quotes"', "12345678901234567890", "ключ"];

test("a row is read back as the summary it was made of", () => {
  const random = new Random(12);
  for (let round = 0; round < 300; round++) {
    const summaries = new MetricSummaries();
    const metrics = Array.from({ length: random.integer(1, 12) }, () => randomMetric(random, KEYS, round % 2 === 0));
    summaries.add(decodePoints(encodePoints(metrics)));
    const rows = summaryRows("0123456789abcdef0123456789abcdef", summaries);
    const read = rows.map(parseSummaryRow);
    expect(read.map(({ key }) => key)).toEqual([...summaries.keys()]);
    for (const { key, summary } of read) {
      const { minValue, maxValue, first, ...latest } = summaries.get(key)!;
      // The row has no sign for 0.
      expect(describe(summary)).toBe(describe({ ...latest, value: latest.value + 0 }));
      expect(describe(summary.first)).toBe(describe({ ...first, value: first.value + 0 }));
      expect([summary.minValue, summary.maxValue]).toEqual(
        [minValue, maxValue].map((each) => (each === null ? null : each + 0)),
      );
    }
  }
});

test("integers beyond 2^53 are exact, whatever else is in the row", () => {
  const wide = 2n ** 60n + 1n;
  const summaries = new MetricSummaries();
  summaries.add(decodePoints(encodePoints([{ key: "a", timestamp: wide, step: -wide, value: 1 }])));
  const [row] = summaryRows("0", summaries);
  const position = { timestamp: wide, step: -wide, value: 1 };
  expect(parseSummaryRow(row!)).toEqual({
    key: "a",
    summary: { ...position, minValue: 1, maxValue: 1, first: position },
  });
});

test("a row has the run, the key, value, is_nan, step and time of the latest point, the range, and the first point", () => {
  const summaries = new MetricSummaries();
  summaries.add(
    decodePoints(
      encodePoints([
        { key: "a", timestamp: 5, step: 1, value: 0.5 },
        { key: "a", timestamp: 2n ** 60n, step: 2, value: Number.NaN },
      ]),
    ),
  );
  const [row] = summaryRows("r", summaries);
  expect(row).toMatch(/^\["r","a",\[0,0\],1,2,1152921504606846976,(\[\d+,-?\d+\]),\1,\1,0,1,5\]$/);
});
