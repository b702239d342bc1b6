import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../../server.ts";
import { trackflare, transferReport } from "./command.ts";

const EXPERIMENT = "712345678901234567";
const OTHER = "712345678901234568";
const root = mkdtempSync(join(tmpdir(), "trackflare-broken-"));
let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

const runId = (name: string) => name.padEnd(32, "0");

function write(path: string, content: string | Buffer): void {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), content);
}

function writeExperiment(id: string, name: string): void {
  write(
    `${id}/meta.yaml`,
    `artifact_location: file://${root}/${id}\nexperiment_id: '${id}'\nlifecycle_stage: active\nname: ${name}\ncreation_time: 5\n`,
  );
}

function writeRun(name: string, experiment = EXPERIMENT): string {
  const id = runId(name);
  const folder = `${experiment}/${id}`;
  write(
    `${folder}/meta.yaml`,
    `artifact_uri: file://${root}/${folder}/artifacts\nend_time: null\nexperiment_id: '${experiment}'\nlifecycle_stage: active\n` +
      `run_id: ${id}\nrun_name: ${name}\nrun_uuid: ${id}\nsource_type: 4\nstart_time: 1700000000000\nstatus: 3\nuser_id: ada\n`,
  );
  write(`${folder}/artifacts/a.txt`, "a");
  write(`${folder}/params/lr`, "0.1");
  write(`${folder}/params/LR`, "0.2");
  write(`${folder}/metrics/loss`, "1700000000000 1.5 0\n1700000000001 0.5 1\n");
  return folder;
}

async function history(name: string): Promise<unknown> {
  const answer = await fetch(`${server.url}/api/2.0/mlflow/metrics/get-history?run_id=${runId(name)}&metric_key=loss`);
  return ((await answer.json()) as { metrics?: { value: number }[] }).metrics?.map(({ value }) => value);
}

test("what is broken is told row by row, the rest arrives, and the exit code says so", async () => {
  writeExperiment(EXPERIMENT, "Exp");
  writeExperiment(OTHER, "exp");
  mkdirSync(join(root, "999"));
  writeRun("a00d");
  rmSync(join(root, writeRun("a0ea"), "meta.yaml"));
  writeFileSync(join(root, writeRun("badee"), "meta.yaml"), "run_id: [");
  appendFileSync(join(root, writeRun("cc"), "metrics/loss"), "1700000000002 0.2");
  writeFileSync(
    join(root, writeRun("d1"), "metrics/loss"),
    "1700000000000 nan 0\n1700000000001 nonsense 1\nx\n1700000000002 7 2\n",
  );
  rmSync(join(root, writeRun("e2"), "artifacts"), { recursive: true });
  writeFileSync(join(root, writeRun("f3"), "params/bytes"), Buffer.from([0xff, 0xfe]));
  // The same run is in two experiments, as after a manual copy.
  cpSync(join(root, writeRun("ab")), join(root, OTHER, runId("ab")), { recursive: true });
  cpSync(join(root, writeRun("ba", OTHER)), join(root, EXPERIMENT, runId("ba")), { recursive: true });
  const model = `${EXPERIMENT}/models/m-${"1".repeat(32)}`;
  write(
    `${model}/meta.yaml`,
    `model_id: m-${"1".repeat(32)}\nexperiment_id: '${EXPERIMENT}'\nname: net\nstatus: 2\nartifact_location: file://${root}/${model}/artifacts\n`,
  );
  write(`${model}/metrics/bytes`, Buffer.from([0xff, 0xfe]));
  write(`${model}/metrics/acc`, `5 0.5 0 ${runId("a00d")}\n`);
  write(`models/m1/meta.yaml`, "name: m1\ncreation_timestamp: 1\n");
  write(`models/m1/version-1/meta.yaml`, "name: m1\nversion: 1\nsource: s3://b/x\n");
  write(`models/m1/version-2/meta.yaml`, "");
  write(`models/m1/aliases/ghost`, "7");

  const words = ["import", root, "--to", server.url];
  const report = await transferReport(words, 3);
  const told = (where: string) =>
    report.problems.filter((problem) => problem.where.includes(where)).map(({ why }) => why);
  expect(told("experiment 999")).toEqual(["meta.yaml: it is missing"]);
  expect(told(runId("a0ea"))).toEqual(["meta.yaml: it is missing"]);
  expect(told(runId("badee"))[0]).toMatch(/^meta.yaml: /);
  expect(told(`${runId("cc")}/metrics/loss line 3`)).toEqual(['the line was not written whole: "1700000000002 0.2"']);
  expect(told(`${runId("d1")}/metrics/loss line`)).toHaveLength(2);
  expect(told(`${runId("e2")}/artifacts`)).toEqual(["it is missing"]);
  expect(told(`${runId("f3")}/params/bytes`)).toEqual(["it is not UTF-8"]);
  expect(told(`${OTHER}/${runId("ab")}`)).toEqual(["another experiment has a run of this id"]);
  expect(told(`${EXPERIMENT}/${runId("ba")}`)).toEqual(["another experiment has a run of this id"]);
  expect(told("registered model m1/version-2")).toHaveLength(1);
  expect(told("registered model m1/aliases/ghost")).toEqual(["there is no version 7"]);
  expect(told(`logged model m-${"1".repeat(32)}/metrics/bytes`)).toEqual(["it is not UTF-8"]);
  expect(report.problems).toHaveLength(13);

  expect(report.experiments).toMatchObject({ read: 3, written: 2, failed: 1 });
  expect(report.runs).toMatchObject({ read: 11, written: 7, failed: 4 });
  expect(report.logged_models).toMatchObject({ read: 1, written: 1, failed: 0 });
  expect(await history("a00d")).toEqual([1.5, 0.5]);
  expect(await history("cc")).toEqual([1.5, 0.5]);
  expect(await history("d1")).toEqual(["NaN", 7]);
  const run = (await (await fetch(`${server.url}/api/2.0/mlflow/runs/get?run_id=${runId("a00d")}`)).json()) as {
    run: { data: { params: unknown[] } };
  };
  expect(run.run.data.params).toHaveLength(2);
  expect((await transferReport(words, 3)).runs).toMatchObject({ written: 0, skipped: 7 });
});

test("files that are kept in a server's store, and are not in this one's, are told and not copied", async () => {
  const [source, target] = [await startServer(), await startServer()];
  try {
    const api = async (path: string, body: object) => {
      const headers = { "Content-Type": "application/json" };
      const answer = await fetch(`${source.url}/api/2.0/mlflow/${path}`, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      });
      return (await answer.json()) as { run: { info: { run_id: string } } };
    };
    const { run } = await api("runs/create", { experiment_id: "0" });
    const file = `api/2.0/mlflow-artifacts/artifacts/0/${run.info.run_id}/artifacts/a.txt`;
    expect((await fetch(`${source.url}/${file}`, { method: "PUT", body: "a" })).status).toBe(200);
    const words = ["import", source.url, "--to", target.url, "--artifacts", "keep"];
    const report = await transferReport(words, 3);
    expect(report.problems).toHaveLength(1);
    expect(report.problems[0]!.why).toMatch(/1 file to be kept at mlflow-artifacts:/);
    expect((await fetch(`${target.url}/${file}`)).status).toBe(404);
    // As if both servers used the same bucket.
    expect((await fetch(`${target.url}/${file}`, { method: "PUT", body: "a" })).status).toBe(200);
    expect((await transferReport(words)).artifacts).toMatchObject({ read: 1, skipped: 1, failed: 0 });
  } finally {
    await Promise.all([source.stop(), target.stop()]);
  }
});

test("an experiment whose id or name is taken is told, with its runs", async () => {
  const made = await fetch(`${server.url}/api/2.0/mlflow/experiments/create`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name: "taken" }),
  });
  expect(made.status).toBe(200);
  rmSync(root, { recursive: true });
  writeExperiment("41", "taken");
  writeExperiment("42", "free");
  writeRun("41a", "41");
  writeRun("42a", "42");
  const report = await transferReport(["import", root, "--to", server.url], 3);
  expect(report.experiments).toMatchObject({ written: 1, failed: 1 });
  expect(report.runs).toMatchObject({ written: 1, failed: 1 });
  expect(report.problems.map(({ where }) => where)).toEqual(["experiment 41", `run ${runId("41a")}`]);
});

test("what is no source, and a server that is none, are said in a line", async () => {
  const empty = mkdtempSync(join(tmpdir(), "trackflare-empty-"));
  const cases: [string[], RegExp][] = [
    [[empty, "--to", server.url], /has no experiments in it/],
    [["/nowhere/mlflow.db", "--to", server.url], /no folder, no file and no URL/],
    [["mssql+pyodbc://u:p@h/db", "--to", server.url], /SQL Server is imported by way of MLflow/],
    [[root, "--to", "ftp://x"], /no address of a tracking server/],
    [[join(root, "42/meta.yaml"), "--to", server.url], /cannot be read as a SQLite database/],
  ];
  for (const [words, message] of cases) {
    const { exitCode, stderr } = await trackflare(["import", ...words]);
    expect(exitCode, words.join(" ")).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("    at ");
  }
  rmSync(empty, { recursive: true });
});
