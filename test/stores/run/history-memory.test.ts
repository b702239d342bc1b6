import { expect, test } from "vitest";
import { MetricHistory } from "../../../src/stores/run/history.ts";
import type { ObjectStorage } from "../../../src/stores/run/migrations.ts";
import { ObjectTables } from "../../../src/stores/run/tables.ts";
import { append, pages, withStorage } from "./object-history.ts";

/** The same storage with a count of read blocks. */
function countBlockReads(storage: DurableObjectStorage): { counted: ObjectStorage; blockReads: () => number } {
  let reads = 0;
  const sql = new Proxy(storage.sql, {
    get: (target, name) => {
      if (name !== "exec") return Reflect.get(target, name);
      return (query: string, ...bindings: SqlStorageValue[]) => {
        if (query.startsWith("SELECT body FROM block_body")) reads++;
        return target.exec(query, ...bindings);
      };
    },
  });
  const transactionSync = <T>(closure: () => T): T => storage.transactionSync(closure);
  return { counted: { sql, transactionSync }, blockReads: () => reads };
}

test("a series of 10 million shuffled points is read back in order, in bounded memory", async () => {
  const COUNT = 10_000_000;
  const BATCH = 25_000;
  const PAGE = 50_000;
  await withStorage(async (storage) => {
    const { counted, blockReads } = countBlockReads(storage);
    const history = new MetricHistory(new ObjectTables(counted));
    for (let first = 0; first < COUNT; first += BATCH) {
      append(
        history,
        Array.from({ length: BATCH }, (_, at) => {
          const timestamp = ((first + at) * 7_368_787) % COUNT;
          return { key: "loss", timestamp, step: first + at, value: timestamp / 7 };
        }),
      );
      await storage.sync();
    }
    const { segments } = storage.sql.exec<{ segments: number }>("SELECT count(*) AS segments FROM segment").one();
    // One open block per segment, with 24 bytes per point: less than 16 MB.
    expect(segments * 8192 * 24).toBeLessThan(16e6);
    let next = 0;
    let wrong = 0;
    let readsBefore = blockReads();
    for (const page of pages(history, "loss", PAGE)) {
      for (let index = 0; index < page.values.length; index++) {
        if (page.timestamps[index] !== next || page.values[index] !== next / 7) wrong++;
        next++;
      }
      expect(blockReads() - readsBefore).toBeLessThanOrEqual(2 * segments + PAGE / 8192);
      readsBefore = blockReads();
    }
    expect({ next, wrong }).toEqual({ next: COUNT, wrong: 0 });
  });
}, 300_000);
