import { expect, test } from "vitest";
import type { KeySlice } from "../../../../src/stores/run/block.ts";
import { sampleSeries } from "../../../../src/stores/run/sample.ts";

const POINTS = 4_000_000;
const POINTS_PER_SLICE = 8192;
/** Memory for the counters of two passes and the answer. A step and a number for each point would take 64 MB. */
const MOST_BYTES = 16e6;

test("a sample of millions of points that are not in the order of steps stays in flat memory", () => {
  const bytesBefore = process.memoryUsage().arrayBuffers;
  let mostBytes = 0;
  // Each step occurs once, because POINTS is no multiple of the prime 1,234,577.
  const stepOf = (index: number) => (index * 1_234_577) % POINTS;
  const series = {
    timestamps: new Float64Array(POINTS_PER_SLICE),
    steps: new Float64Array(POINTS_PER_SLICE),
    values: new Float64Array(POINTS_PER_SLICE),
  };
  function* read(): Generator<KeySlice> {
    for (let start = 0; start < POINTS; start += POINTS_PER_SLICE) {
      const to = Math.min(POINTS_PER_SLICE, POINTS - start);
      for (let index = 0; index < to; index++) {
        series.timestamps[index] = start + index;
        series.steps[index] = stepOf(start + index);
        series.values[index] = stepOf(start + index) / 2;
      }
      mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers - bytesBefore);
      yield { keyId: 1, series, from: 0, to };
    }
  }
  const sample = sampleSeries(read, { maxResults: 320 });
  expect([...sample.steps]).toEqual(
    Array.from({ length: 320 }, (_, rank) => (rank === 319 ? POINTS - 1 : rank * (POINTS / 320))),
  );
  expect([...sample.values]).toEqual([...sample.steps].map((step) => Number(step) / 2));
  expect(mostBytes).toBeLessThan(MOST_BYTES);
});
