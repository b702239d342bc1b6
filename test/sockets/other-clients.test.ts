import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { databaseFile } from "../faults/database.ts";
import { startServer, type TestServer } from "../server.ts";

/*
 * A request with many calls to D1 lets the server read other clients' requests between two calls. Another client sends one
 * request after another meanwhile, and counts its answers. If the long request never yields, the client gets one or two.
 */

const RUNS = 40_000;
const FEW = 5;

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await post("mlflow/experiments/create", { name: "large" });
  // Written to D1 directly, because requests would take minutes.
  const sql = new DatabaseSync(databaseFile(server.dataDir));
  sql.exec(`
    INSERT INTO runs (run_id, experiment_id, run_name, user_id, status, start_time, artifact_uri, lifecycle_stage, has_object)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${RUNS})
    SELECT printf('%032x', i), 1, 'r', '', 'FINISHED', i, 'mlflow-artifacts:/1/' || printf('%032x', i) || '/artifacts',
      'active', FALSE FROM n`);
  sql.close();
});

afterAll(() => server.stop());

async function post(path: string, message: object): Promise<Response> {
  const response = await fetch(`${server.url}/api/2.0/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(message),
  });
  expect(response.status).toBe(200);
  return response;
}

test.each<[what: string, path: string, message: object]>([
  ["a page of 40,000 runs", "mlflow/runs/search", { experiment_ids: ["1"], max_results: RUNS }],
  ["the deletion of a large experiment", "mlflow/experiments/delete", { experiment_id: "1" }],
  ["its restoration", "mlflow/experiments/restore", { experiment_id: "1" }],
  ["its deletion again", "mlflow/experiments/delete", { experiment_id: "1" }],
  ["a measure of the trash", "trackflare/gc", { all: true, dry_run: true }],
  ["a part of its deletion for good", "trackflare/gc", { experiment_ids: ["1"] }],
])("%s lets others in", async (_, path, message) => {
  let isWorking = true;
  let answers = 0;
  const other = (async () => {
    while (isWorking) {
      await (await fetch(`${server.url}/health`)).arrayBuffer();
      if (isWorking) answers++;
    }
  })();
  await (await post(path, message)).arrayBuffer();
  isWorking = false;
  await other;
  expect(answers).toBeGreaterThan(FEW);
});
