import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../differential/json.ts";
import { startMlflow } from "../../differential/servers.ts";
import { startServer, type TestServer } from "../../server.ts";
import { type Answers, answersOf, withoutPlaces } from "../import/answers.ts";
import { PYTHON, python, run, transferReport } from "../import/command.ts";
import { rowsOf } from "./rows.ts";

interface Pair {
  readonly key: string;
  readonly value: string;
}

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

/** A deleted logged model. MLflow's API does not show it. */
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

test("another server has all that this one has, and a second export writes nothing", async () => {
  const other = await startServer();
  try {
    const words = ["export", other.url, "--from", server.url];
    expect((await transferReport(words)).runs).toMatchObject({ read: 7, written: 7, failed: 0 });
    const theirs = await answersOf(other.url);
    expect([...theirs.keys()].sort()).toEqual([...ours.keys()].sort());
    for (const [question, answer] of ours) expect(theirs.get(question), question).toEqual(answer);
    expect((await transferReport(words)).runs).toMatchObject({ read: 7, written: 0, skipped: 7 });
  } finally {
    await other.stop();
  }
});

test("what is imported from the folder is what was exported", async () => {
  const other = await startServer();
  try {
    await transferReport(["import", mlruns, "--to", other.url]);
    const theirs = await answersOf(other.url);
    expect([...theirs.keys()].sort()).toEqual([...ours.keys()].sort());
    for (const [question, answer] of ours) expect(theirs.get(question), question).toEqual(answer);
    // The export includes deleted things and their deletion times.
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

test("as Parquet, pandas and other readers find every run and every point, to the bit", async () => {
  const tables = join(folder, "tables");
  const report = await transferReport(["export", tables, "--from", server.url, "--format", "parquet"]);
  expect(report.runs).toMatchObject({ read: 7, written: 7 });
  expect(readdirSync(tables).sort()).toEqual(["points.parquet", "runs.parquet"]);
  const read = await run(PYTHON, ["-B", join(import.meta.dirname, "read_parquet.py"), tables]);
  expect(read.exitCode, read.stderr).toBe(0);
  const readers = JSON.parse(read.stdout) as Record<string, { runs: unknown[][]; points: string[][] }>;
  expect(Object.keys(readers)).toContain("pandas");
  const histories = [...ours].filter(([question]) => question.startsWith("history "));
  const points = histories.flatMap(([question, answer]) =>
    (answer as JsonObject[]).map(({ key, timestamp, step, value }) =>
      [question.split(" ")[1], key, `${timestamp}`, `${step}`, Number(value)].join(" "),
    ),
  );
  for (const [reader, found] of Object.entries(readers)) {
    const theirs = found.points.map(([runId, key, timestamp, step, value]) =>
      [runId, key, timestamp, step, Number(value)].join(" "),
    );
    expect(theirs.sort(), reader).toEqual(points.sort());
    for (const [runId, status, stage, params, tags] of found.runs) {
      const { info, data } = (
        ours.get(`run ${runId}`) as unknown as { run: { info: JsonObject; data: { params?: Pair[]; tags?: Pair[] } } }
      ).run;
      const object = (pairs: Pair[] = []) => Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
      expect([status, stage, params, tags]).toEqual([
        info.status,
        info.lifecycle_stage,
        object(data.params),
        object(data.tags),
      ]);
    }
  }
});
