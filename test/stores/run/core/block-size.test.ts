import { expect, test } from "vitest";
import { MetricHistory } from "../../../../src/stores/run/history.ts";
import { encodePoints } from "../../../../src/stores/run/points.ts";
import { ObjectTables } from "../../../../src/stores/run/tables.ts";
import { jittered, Random } from "../random.ts";
import { SqliteStorage } from "./sqlite-storage.ts";

test("a million points of a training loop take at most 12 bytes each in the file, of random doubles, and 9 of float32", () => {
  for (const { narrow, most } of [
    { narrow: (value: number) => value, most: 12 },
    { narrow: Math.fround, most: 9 },
  ]) {
    const random = new Random(1);
    const points = 1_000_000;
    const times = jittered(points, 250, 20, random);
    const objectStorage = new SqliteStorage();
    const history = new MetricHistory(new ObjectTables(objectStorage.storage));
    for (let from = 0; from < points; from += 1000) {
      const metrics = Array.from({ length: Math.min(1000, points - from) }, (_, i) => ({
        key: "loss",
        timestamp: times[from + i]!,
        step: from + i,
        value: narrow(random.next() * 1.1),
      }));
      history.append([encodePoints(metrics)]);
      if (history.foldIsDue) history.fold();
    }
    history.fold();
    const [stored] = objectStorage.rows<{ bytes: number }>(
      "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size",
    );
    expect(stored!.bytes / points).toBeLessThan(most);
    expect(history.read("loss", { limit: points }).steps.length).toBe(points);
  }
});
