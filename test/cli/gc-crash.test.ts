import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { databaseFile } from "../faults/database.ts";
import { startServer, type TestServer } from "../server.ts";

const RUNS = 300;

/** Ends the claim of a caller that died. Without this, the claim lasts for a minute. */
function expireClaims(dataDir: string): void {
  const sql = new DatabaseSync(databaseFile(dataDir));
  const { changes } = sql.prepare("UPDATE purges SET claimed_until = 0 WHERE claimed_until > 0").run();
  sql.close();
  expect(changes).toBeGreaterThan(0);
}

const posting = (server: TestServer) => async (path: string, message: object) => {
  const response = await fetch(`${server.url}/api/2.0/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(message),
  });
  expect(response.status, path).toBe(200);
  return await response.json();
};

test("a server that is killed in the middle of a deletion for good finishes it after its next start", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "trackflare-gc-"));
  let server = await startServer({ dataDir });
  try {
    const post = posting(server);
    const { experiment_id } = (await post("mlflow/experiments/create", { name: "e" })) as { experiment_id: string };
    const newRun = async () => {
      const created = (await post("mlflow/runs/create", { experiment_id })) as { run: { info: { run_id: string } } };
      const runId = created.run.info.run_id;
      const path = `${experiment_id}/${runId}/artifacts/a.txt`;
      await fetch(`${server.url}/api/2.0/mlflow-artifacts/artifacts/${path}`, { method: "PUT", body: "12345" });
      await post("mlflow/runs/log-batch", {
        run_id: runId,
        metrics: [1, 2].map((step) => ({ key: "a", value: step, step, timestamp: 1 })),
      });
      return runId;
    };
    const kept = await newRun();
    for (let i = 0; i < RUNS; i += 10) {
      const runIds = await Promise.all(Array.from({ length: 10 }, newRun));
      await Promise.all(runIds.map((run_id) => post("mlflow/runs/delete", { run_id })));
    }
    const folders = () => readdirSync(join(dataDir, "artifacts", experiment_id)).length;
    expect(folders()).toBe(RUNS + 1);
    const cutOff = post("trackflare/gc", { all: true }).catch(() => "cut off");
    while (folders() > RUNS - 20) await sleep(1);
    await server.kill9();
    await cutOff;
    expect(folders()).toBeGreaterThan(1);
    expireClaims(dataDir);

    server = await startServer({ dataDir });
    const again = posting(server);
    const answers = async () =>
      (await again("trackflare/gc", { all: true })) as {
        unfinished: object;
        failures: unknown[];
        next_page_token?: string;
      };
    await expect
      .poll(answers, { timeout: 120_000, interval: 1000 })
      .toMatchObject({ unfinished: { runs: 0, experiments: 0, logged_models: 0 }, failures: [], runs: [] });
    expect(readdirSync(join(dataDir, "artifacts", experiment_id))).toEqual([kept]);
    const found = (await again("mlflow/runs/search", { experiment_ids: [experiment_id], run_view_type: "ALL" })) as {
      runs: { info: { run_id: string } }[];
    };
    expect(found.runs.map(({ info }) => info.run_id)).toEqual([kept]);
    const history = await fetch(`${server.url}/api/2.0/mlflow/metrics/get-history?run_id=${kept}&metric_key=a`);
    expect(((await history.json()) as { metrics: unknown[] }).metrics).toHaveLength(2);
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true });
  }
});
