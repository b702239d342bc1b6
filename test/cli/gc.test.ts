import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";
import { trackflare } from "./import/command.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.stop();
});

async function mlflow<T = Record<string, never>>(endpoint: string, message: object): Promise<T> {
  const response = await fetch(`${server.url}/api/2.0/mlflow/${endpoint}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(message),
  });
  expect(response.status, endpoint).toBe(200);
  return (await response.json()) as T;
}

async function deletedRun(experimentId: string): Promise<string> {
  const { run } = await mlflow<{ run: { info: { run_id: string } } }>("runs/create", { experiment_id: experimentId });
  const runId = run.info.run_id;
  const path = `${experimentId}/${runId}/artifacts/a.txt`;
  await fetch(`${server.url}/api/2.0/mlflow-artifacts/artifacts/${path}`, { method: "PUT", body: "12345" });
  for (const step of [1, 2]) await mlflow("runs/log-metric", { run_id: runId, key: "a", value: 1, timestamp: 1, step });
  await mlflow("runs/delete", { run_id: runId });
  return runId;
}

const gc = (...flags: string[]) => trackflare(["gc", ...flags], { MLFLOW_TRACKING_URI: server.url });

test("says what would go, deletes what is named, and then all, with the files on the disk", async () => {
  const { experiment_id: id } = await mlflow<{ experiment_id: string }>("experiments/create", { name: "a" });
  const runIds = [await deletedRun(id), await deletedRun(id)];
  const [first = "", second = ""] = runIds;
  const folder = (runId: string) => join(server.dataDir, "artifacts", id, runId);
  const dry = await gc("--dry-run", "--json");
  expect(dry.exitCode, dry.stderr).toBe(0);
  expect(JSON.parse(dry.stdout)).toMatchObject({ dry_run: true, files: 2, bytes: 10, experiments: [] });
  expect(JSON.parse(dry.stdout).runs.toSorted()).toEqual(runIds.toSorted());
  expect((await gc("--older-than", "1h")).stdout).toContain("nothing to delete");
  expect(existsSync(folder(first))).toBe(true);

  const named = await gc("--run-ids", first);
  expect(named.stdout).toContain(`Run with ID ${first} has been permanently deleted.`);
  expect(named.stdout).toContain("1 thing, 1 file, 5 B freed.");
  expect([existsSync(folder(first)), existsSync(folder(second))]).toEqual([false, true]);

  await mlflow("experiments/delete", { experiment_id: id });
  const all = await gc("--json");
  expect(JSON.parse(all.stdout)).toMatchObject({ experiments: [id], files: 1, bytes: 5, unfinished: 0 });
  expect(existsSync(join(server.dataDir, "artifacts", id))).toBe(false);
  expect((await gc()).stdout).toContain("nothing to delete");
});

test("refuses what is not deleted, and a list without ids, and deletes nothing", async () => {
  const { run } = await mlflow<{ run: { info: { run_id: string } } }>("runs/create", { experiment_id: "0" });
  const deleted = await deletedRun("0");
  const active = await gc("--run-ids", `${deleted},${run.info.run_id}`);
  expect(active.exitCode).toBe(1);
  expect(active.stderr).toContain("is not in the 'deleted' lifecycle stage");
  const missing = await gc("--experiment-ids", "77");
  expect(missing.stderr).toContain("No Experiment with id=77 exists");
  expect((await gc("--run-ids", " ,")).stderr).toContain("at least one id");
  expect((await gc("--older-than", "soon")).stderr).toContain("Could not parse any time information from 'soon'");
  expect((await gc("--backend-store-uri", "sqlite:///x")).exitCode).toBe(2);
  expect(JSON.parse((await gc("--dry-run", "--json")).stdout).runs).toEqual([deleted]);
});
