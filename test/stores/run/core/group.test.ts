import { expect, test } from "vitest";
import { groupByKey, seriesByKey, seriesOfKey } from "../../../../src/stores/run/group.ts";
import { decodePoints, encodePoints, type Points } from "../../../../src/stores/run/points.ts";
import { type Series, slice } from "../../../../src/stores/run/series.ts";
import { describe, describeAll, NaiveHistory } from "../naive-history.ts";
import { Random, randomMetric } from "../random.ts";

const KEYS = ["a", "b", "c", "d"];

test("points of batches are grouped by key, in order and each once", () => {
  const random = new Random(41);
  for (let round = 0; round < 100; round++) {
    const naive = new NaiveHistory();
    const batches: Points[] = [];
    for (let count = random.integer(0, 4); count > 0; count--) {
      const metrics = Array.from({ length: random.integer(0, 12) }, () =>
        randomMetric(random, KEYS, random.chance(0.5)),
      );
      naive.append(metrics);
      batches.push(decodePoints(encodePoints(metrics)));
    }
    const expected = naive
      .keys()
      .sort()
      .map((key) => [key, naive.series(key).map(describe)]);
    // The ids are in another order than the keys of any batch.
    const ids = new Map(KEYS.map((key, index) => [key, 40 - 10 * index]));
    const grouped = [...groupByKey(batches, ids)].map(({ keyId, series, from, to }): [string, string[]] => [
      KEYS[(40 - keyId) / 10]!,
      describeAll(slice(series, from, to)),
    ]);
    expect(grouped.toReversed()).toEqual(expected);
    const shown = (all: Iterable<[string, Series]>) => [...all].map(([key, series]) => [key, describeAll(series)]);
    expect(shown(seriesByKey(batches)).sort(([a], [b]) => (a! < b! ? -1 : 1))).toEqual(expected);
    expect(
      shown(
        naive
          .keys()
          .sort()
          .map((key) => [key, seriesOfKey(batches, key)]),
      ),
    ).toEqual(expected);
    expect(describeAll(seriesOfKey(batches, "none"))).toEqual([]);
  }
});

test("metrics whose points come in order are not copied again", () => {
  const points = (...steps: number[]) =>
    decodePoints(
      encodePoints(["a", "b"].flatMap((key) => steps.map((step) => ({ key, step, timestamp: step, value: step })))),
    );
  const ids = new Map([
    ["a", 1],
    ["b", 2],
  ]);
  const [a, b] = [...groupByKey([points(1, 2), points(3)], ids)];
  expect([a!.series === b!.series, a!.from, a!.to, b!.from, b!.to]).toEqual([true, 0, 3, 3, 6]);
  // Columns of doubles stay so, because a block packs them in fewer bytes.
  expect(a!.series).toMatchObject({ timestamps: expect.any(Float64Array), steps: expect.any(Float64Array) });
  const wide = decodePoints(encodePoints([{ key: "a", timestamp: 9, step: 2n ** 60n, value: 1 }]));
  const [mixed] = [...groupByKey([points(1), wide], ids)];
  expect(mixed!.series).toMatchObject({ timestamps: expect.any(Float64Array), steps: expect.any(BigInt64Array) });
});
