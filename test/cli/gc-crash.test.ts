import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { databaseFile } from "../faults/database.ts";
import { startS3Server } from "../helpers/s3-server.ts";
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

/** A store of files, and which runs of an experiment have any in it. */
interface Store {
  readonly env: NodeJS.ProcessEnv;
  runsOf(dataDir: string, experimentId: string): string[] | Promise<string[]>;
  stop(): Promise<void>;
}

const STORES: Readonly<Record<string, () => Promise<Store>>> = {
  "a folder": async () => ({
    env: {},
    runsOf: (dataDir, experimentId) => readdirSync(join(dataDir, "artifacts", experimentId)),
    stop: async () => undefined,
  }),
  S3: async () => {
    const { keys, variables, stop } = await startS3Server();
    const runsOf = async (_: string, experimentId: string) =>
      (await keys()).flatMap((key) => new RegExp(`^mlflow/${experimentId}/(.*?)/`).exec(key)?.[1] ?? []);
    return { env: variables, runsOf, stop };
  },
};

test.each(Object.entries(STORES))(
  "a server that is killed in the middle of a deletion for good finishes it after its next start, in %s",
  async (_, startStore) => {
    const dataDir = mkdtempSync(join(tmpdir(), "trackflare-gc-"));
    const store = await startStore();
    const { env } = store;
    let server = await startServer({ dataDir, env });
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
      const folders = async () => (await store.runsOf(dataDir, experiment_id)).length;
      expect(await folders()).toBe(RUNS + 1);
      const cutOff = post("trackflare/gc", { all: true }).catch(() => "cut off");
      while ((await folders()) > RUNS - 20) await sleep(1);
      await server.kill9();
      await cutOff;
      expect(await folders()).toBeGreaterThan(1);
      expireClaims(dataDir);

      server = await startServer({ dataDir, env });
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
      expect(await store.runsOf(dataDir, experiment_id)).toEqual([kept]);
      const found = (await again("mlflow/runs/search", { experiment_ids: [experiment_id], run_view_type: "ALL" })) as {
        runs: { info: { run_id: string } }[];
      };
      expect(found.runs.map(({ info }) => info.run_id)).toEqual([kept]);
      const history = await fetch(`${server.url}/api/2.0/mlflow/metrics/get-history?run_id=${kept}&metric_key=a`);
      expect(((await history.json()) as { metrics: unknown[] }).metrics).toHaveLength(2);
    } finally {
      await server.stop();
      await store.stop();
      rmSync(dataDir, { recursive: true });
    }
  },
);
