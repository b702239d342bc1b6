import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MAX_IMPORTED_ITEMS, MAX_IMPORTED_METRICS, MAX_IMPORTED_VERSIONS } from "../../src/domain/limits.ts";
import { databaseFile } from "../faults/database.ts";
import { experiment, idOf, measurePeaks, run, SmallHeapServer } from "./small-heap.ts";

/* A record with as many items as it may have is written by a server with 128 MB. */

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

const point = { timestamps: [1], steps: [0], values: [0.5] };
const metrics = Array.from({ length: MAX_IMPORTED_METRICS }, (_, i) => ({ key: `metric ${i}`, ...point }));
const versions = Array.from({ length: MAX_IMPORTED_VERSIONS }, (_, i) => ({ version: i + 1, current_stage: "None" }));

test.each<[what: string, name: string, record: object, table: string]>([
  ["a run with 100,000 params", "runs", run(RUN, EXPERIMENT, { params: pairs }), "params"],
  ["a run with 100,000 tags", "runs", run(RUN, EXPERIMENT, { tags: pairs }), "tags"],
  ["a model with 100,000 tags", "registered-models", { name: "b", tags: pairs, digest: "d" }, "registered_model_tags"],
])("%s is written in 128 MB, and written again", { timeout: 120_000 }, async (_what, name, record, table) => {
  for (let time = 0; time < TIMES; time++) await server.write(name, [record]);
  expect(await server.isAlive()).toBe(true);
  expect(count(table)).toBe(MAX_IMPORTED_ITEMS);
});

test("as many metrics and versions as a request may have are written in 128 MB, and no more", {
  timeout: 120_000,
}, async () => {
  const model = { name: "many", digest: "d" };
  for (let time = 0; time < TIMES; time++) {
    await server.write("points", [{ run_id: RUN, metrics }]);
    await server.write("registered-models", [{ ...model, versions }]);
  }
  expect(count("model_versions")).toBe(MAX_IMPORTED_VERSIONS);
  const one = { version: versions.length + 1, current_stage: "None" };
  expect(await server.refusal("registered-models", [{ ...model, versions: [...versions, one] }])).toMatch(/versions/);
  const other = { run_id: idOf("b", 0), metrics: [{ key: "one more", ...point }] };
  expect(await server.refusal("points", [{ run_id: RUN, metrics }, other])).toMatch(/At most 25000 metrics/);
  expect(await server.isAlive()).toBe(true);
  expect(count("model_versions")).toBe(MAX_IMPORTED_VERSIONS);
});

function count(table: string): number {
  const sql = new DatabaseSync(databaseFile(dataDir), { readOnly: true });
  const { n } = sql.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number };
  sql.close();
  return n;
}
