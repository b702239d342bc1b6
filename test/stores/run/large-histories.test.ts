import { expect, test } from "vitest";
import { MetricHistory } from "../../../src/stores/run/history.ts";
import { ObjectTables } from "../../../src/stores/run/tables.ts";
import { append, pages, withStorage } from "./object-history.ts";

test("single points of a straight series end in blocks that are nearly full", async () => {
  await withStorage((storage) => {
    const history = new MetricHistory(new ObjectTables(storage));
    for (let step = 0; step < 40_000; step++) append(history, [{ key: "loss", timestamp: step, step, value: -step }]);
    const { segments } = storage.sql.exec<{ segments: number }>("SELECT count(*) AS segments FROM segment").one();
    const { blocks } = storage.sql.exec<{ blocks: number }>("SELECT count(*) AS blocks FROM block").one();
    expect(segments).toBeLessThanOrEqual(4 * 8);
    expect(blocks).toBeLessThanOrEqual(segments + 5);
    expect([...pages(history, "loss", 9999)].flatMap((page) => [...page.steps])).toEqual(
      Array.from({ length: 40_000 }, (_, step) => step),
    );
  });
});

test("10,000 metrics of 40 points each", async () => {
  await withStorage((storage) => {
    const history = new MetricHistory(new ObjectTables(storage));
    const key = (index: number) => `layer.${index}/gradient`;
    for (let step = 0; step < 40; step++) {
      for (let first = 0; first < 10_000; first += 1000) {
        append(
          history,
          Array.from({ length: 1000 }, (_, at) => ({ key: key(first + at), timestamp: step, step, value: first + at })),
        );
      }
    }
    expect(history.summariesSince(0).size).toBe(10_000);
    expect(history.summariesSince(0).size).toBe(10_000);
    for (let index = 3; index < 10_000; index += 97) {
      const series = history.read(key(index), { limit: 1000 });
      expect([...series.steps]).toEqual(Array.from({ length: 40 }, (_, step) => step));
      expect(new Set(series.values)).toEqual(new Set([index]));
    }
  });
});
