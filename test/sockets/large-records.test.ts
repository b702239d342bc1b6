import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MAX_IMPORTED_ITEMS } from "../../src/domain/limits.ts";
import { databaseFile } from "../faults/database.ts";
import { experiment, idOf, measurePeaks, run, SmallHeapServer } from "./small-heap.ts";

/* A record with as many params or tags as it may have is written by a server with 128 MB. */

const EXPERIMENT = "512345678901234567";
const RUN = idOf("a", 0);
const TIMES = 2;

const dataDir = mkdtempSync(join(tmpdir(), "trackflare-records-"));
let server: SmallHeapServer;

beforeAll(async () => {
  server = await SmallHeapServer.start(dataDir);
  await server.write("experiments", [experiment(EXPERIMENT)]);
});
afterAll(async () => {
  await server.stop();
  rmSync(dataDir, { recursive: true });
});
measurePeaks(() => server);

const pairs = Array.from({ length: MAX_IMPORTED_ITEMS }, (_, i) => ({ key: `key ${i}`, value: `value ${i}` }));

test.each<[what: string, name: string, record: object, table: string]>([
  ["a run with 100,000 params", "runs", run(RUN, EXPERIMENT, { params: pairs }), "params"],
  ["a run with 100,000 tags", "runs", run(RUN, EXPERIMENT, { tags: pairs }), "tags"],
  ["a model with 100,000 tags", "registered-models", { name: "b", tags: pairs, digest: "d" }, "registered_model_tags"],
])("%s is written in 128 MB, and written again", { timeout: 120_000 }, async (_what, name, record, table) => {
  for (let time = 0; time < TIMES; time++) await server.write(name, [record]);
  expect(await server.isAlive()).toBe(true);
  const sql = new DatabaseSync(databaseFile(dataDir), { readOnly: true });
  expect(sql.prepare(`SELECT count(*) AS n FROM ${table}`).get()).toEqual({ n: MAX_IMPORTED_ITEMS });
  sql.close();
});
