import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startMlflow } from "../../differential/servers.ts";
import { startServer, type TestServer } from "../../server.ts";
import { type Answers, answersOf, withoutPlaces } from "../import/answers.ts";
import { python, transferReport } from "../import/command.ts";
import { rowsOf } from "./rows.ts";

const SEED = join(import.meta.dirname, "../import/seed.py");
const folder = mkdtempSync(join(tmpdir(), "trackflare-export-"));
const mlruns = join(folder, "mlruns");
let server: TestServer;
let ours: Answers;

beforeAll(async () => {
  server = await startServer();
  await python(SEED, [server.url]);
  await deleteModel(server.url);
  ours = await answersOf(server.url);
  const report = await transferReport(["export", mlruns, "--from", server.url]);
  expect(report.runs).toMatchObject({ read: 7, written: 7, failed: 0 });
  expect(report.artifacts).toMatchObject({ failed: 0 });
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A deleted logged model, of which MLflow's API tells nothing. */
async function deleteModel(url: string): Promise<void> {
  const api = `${url}/api/2.0/mlflow/logged-models`;
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ experiment_id: "0", name: "gone", tags: [{ key: "a", value: "b" }] });
  const made = await fetch(api, { method: "POST", headers, body });
  const { model } = (await made.json()) as { model: { info: { model_id: string } } };
  expect((await fetch(`${api}/${model.info.model_id}`, { method: "DELETE" })).status).toBe(200);
}

test("a stock MLflow opens the folder and answers as the server did", async () => {
  const mlflow = await startMlflow({
    folder,
    backendStoreUri: mlruns,
    env: { MLFLOW_ALLOW_FILE_STORE: "true" },
  });
  try {
    const theirs = await answersOf(mlflow.url);
    expect([...theirs.keys()].sort()).toEqual([...ours.keys()].sort());
    for (const [question, answer] of ours) {
      expect(withoutPlaces(theirs.get(question)), question).toEqual(withoutPlaces(answer));
    }
  } finally {
    await mlflow.stop();
  }
});

test("what is imported from the folder is what was exported", async () => {
  const other = await startServer();
  try {
    await transferReport(["import", mlruns, "--to", other.url]);
    const theirs = await answersOf(other.url);
    expect([...theirs.keys()].sort()).toEqual([...ours.keys()].sort());
    for (const [question, answer] of ours) expect(theirs.get(question), question).toEqual(answer);
    // Deleted things, and when they were deleted, too.
    const [before, after] = [await rowsOf(server.url), await rowsOf(other.url)];
    expect([...before.keys()]).toContain("logged_model_tags");
    for (const [table, rows] of before) expect(after.get(table), table).toEqual(rows);
  } finally {
    await other.stop();
  }
});

test("a second export writes nothing, and leaves nothing beside what it exported", async () => {
  const again = await transferReport(["export", mlruns, "--from", server.url]);
  for (const kind of ["experiments", "runs", "logged_models", "registered_models", "artifacts"] as const) {
    expect(again[kind], kind).toMatchObject({ written: 0, skipped: again[kind].read, failed: 0 });
  }
  expect(readdirSync(mlruns)).not.toContain(".unfinished");
});
