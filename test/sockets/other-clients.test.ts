import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { databaseFile } from "../faults/database.ts";
import { startServer, type TestServer } from "../server.ts";

/*
 * A request with many calls to D1 lets the server read other clients' requests between two calls. Another client sends one
 * request after another meanwhile, and counts its answers. If the long request never yields, the client gets one or two.
 */

const RUNS = 40_000;
const AUDIT_ENTRIES = 200_000;
const FEW = 5;

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await ask("mlflow/experiments/create", { name: "large" });
  // Written to D1 directly, because requests would take minutes.
  const sql = new DatabaseSync(databaseFile(server.dataDir));
  sql.exec(`
    INSERT INTO runs (run_id, experiment_id, run_name, user_id, status, start_time, artifact_uri, lifecycle_stage, has_object)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${RUNS})
    SELECT printf('%032x', i), 1, 'r', '', 'FINISHED', i, 'mlflow-artifacts:/1/' || printf('%032x', i) || '/artifacts',
      'active', FALSE FROM n;
    INSERT INTO audit_log (entry_id, time, username, credential, address, request_id, action, target_type, target_id, detail)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${AUDIT_ENTRIES})
    SELECT printf('%024x', i), i, 'ada', 'password', '', '', 'run.delete', 'run', i, '{}' FROM n`);
  sql.close();
});

afterAll(() => server.stop());

/** @param message of a POST; without it this is a GET */
async function ask(path: string, message?: object): Promise<ArrayBuffer> {
  const response = await fetch(
    `${server.url}/api/2.0/${path}`,
    message && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(message) },
  );
  expect(response.status).toBe(200);
  return await response.arrayBuffer();
}

/** The answers that another client gets during some work. */
async function answersDuring(work: () => Promise<unknown>, of = server): Promise<number> {
  let isWorking = true;
  let answers = 0;
  const other = (async () => {
    while (isWorking) {
      await (await fetch(`${of.url}/health`)).arrayBuffer();
      if (isWorking) answers++;
    }
  })();
  // Work that fails ends the other client too, and the test has the error of whichever failed.
  const worked = work().finally(() => {
    isWorking = false;
  });
  await Promise.all([worked, other]);
  return answers;
}

test.each<[what: string, path: string, message?: object]>([
  ["a page of 40,000 runs", "mlflow/runs/search", { experiment_ids: ["1"], max_results: RUNS }],
  ["the deletion of a large experiment", "mlflow/experiments/delete", { experiment_id: "1" }],
  ["its restoration", "mlflow/experiments/restore", { experiment_id: "1" }],
  ["its deletion again", "mlflow/experiments/delete", { experiment_id: "1" }],
  ["a measure of the trash", "trackflare/gc", { all: true, dry_run: true }],
  ["a part of its deletion for good", "trackflare/gc", { experiment_ids: ["1"] }],
  ["the audit log's export", "trackflare/audit/export"],
  ["an export that finds nothing", "trackflare/audit/export?username=ada&target_type=user"],
])("%s lets others in", async (_, path, message) => {
  const answers = await answersDuring(() => ask(path, message));
  expect(answers).toBeGreaterThan(FEW);
});

test("guesses of passwords by fifty names at once let others in, and most are refused unchecked", async () => {
  const closed = await startServer({ env: { TRACKFLARE_ADMIN_PASSWORD: "the admin's own secret" } });
  try {
    const statuses: number[] = [];
    const guess = async (name: string) => {
      const Authorization = `Basic ${btoa(`${name}:a wrong password`)}`;
      // A new connection: the guesses wait for seconds, and the server closes one that was idle for five.
      const outgoing = get(`${closed.url}/api/2.0/mlflow/users/current`, { headers: { Authorization }, agent: false });
      const [response] = (await once(outgoing, "response")) as [IncomingMessage];
      await buffer(response);
      statuses.push(response.statusCode ?? 0);
    };
    const names = Array.from({ length: 50 }, (_, index) => `name ${index}`);
    const answers = await answersDuring(() => Promise.all(names.map(guess)), closed);
    const checked = statuses.filter((status) => status === 401).length;
    expect(statuses.filter((status) => status === 429)).toHaveLength(names.length - checked);
    expect(checked).toBeLessThan(30);
    expect(answers).toBeGreaterThan(checked);
    // The guesses that were not checked do not count.
    await guess(names.at(-1)!);
    expect(statuses.at(-1)).toBe(401);
  } finally {
    await closed.stop();
  }
});
