import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { sequenceStatements } from "../../src/stores/d1/backup/restore.ts";
import { expectMlflowError, fetchWorker, type Message, mlflow, newExperiment, postText } from "../helpers/mlflow.ts";

type Rows = readonly (readonly (string | number | null)[])[];
interface TableShape {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly key: readonly string[];
}

function post(name: string, body: Message): Promise<Response> {
  return fetchWorker(`/api/2.0/trackflare/backup/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function groups(): Promise<readonly (readonly TableShape[])[]> {
  const answer = await fetchWorker("/api/2.0/trackflare/backup/tables");
  return ((await answer.json()) as { groups: readonly (readonly TableShape[])[] }).groups;
}

/** Reads all pages of a group. @returns rows by table, and the number of pages */
async function allRows(table: string) {
  const rows = new Map<string, (string | number | null)[][]>();
  let pages = 0;
  for (let page: string | undefined = ""; page !== undefined; pages++) {
    const answer: Response = await post("rows", { table, page });
    expect(answer.status).toBe(200);
    const read = (await answer.json()) as { tables: Record<string, Rows>; next?: string };
    for (const [name, of] of Object.entries(read.tables)) {
      rows.set(name, [...(rows.get(name) ?? []), ...of.map((row) => [...row])]);
    }
    page = read.next;
  }
  return { rows, pages };
}

const STEP = 2n ** 62n + 1n;
let runId: string;

beforeAll(async () => {
  const experimentId = await newExperiment();
  const { run } = await mlflow<{ run: { info: { run_id: string } } }>("runs/create", { experiment_id: experimentId });
  runId = run.info.run_id;
  const metrics = `{"key":"loss","value":0.1,"timestamp":5,"step":${STEP}},{"key":"loss","value":"NaN","timestamp":6,"step":1},{"key":"loss","value":-0.0,"timestamp":7,"step":2}`;
  const batch = `{"run_id":"${runId}","params":[{"key":"lr","value":"ü ✓"}],"metrics":[${metrics}]}`;
  expect((await postText("runs/log-batch", batch)).status).toBe(200);
  const { run: other } = await mlflow<typeof run & { run: { info: { run_id: string } } }>("runs/create", {
    experiment_id: experimentId,
  });
  await mlflow("runs/log-metric", { run_id: other.info.run_id, key: "once", value: 0.30000000000000004, timestamp: 9 });
});

test("each table of the database is in one group, but for what is made anew, and each row is read once", async () => {
  const found = await groups();
  const names = found.flatMap((group) => group.map(({ name }) => name));
  const { results } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '_cf_*'",
  ).all<{ name: string }>();
  const anew = ["artifact_digests", "d1_migrations", "run_documents"];
  const wanted = results.map(({ name }) => name).filter((name) => !anew.includes(name));
  expect(names.sort()).toEqual(wanted.sort());
  for (const [parent, ...children] of found) {
    const { rows } = await allRows(parent!.name);
    for (const { name, columns, key } of [parent!, ...children]) {
      const read = rows.get(name) ?? [];
      const count = await env.DB.prepare(`SELECT count(*) AS n FROM "${name}"`).first<{ n: number }>();
      expect(read.length, name).toBe(count?.n);
      const keyAt = key.map((column) => columns.findIndex((of) => of.name === column));
      expect(new Set(read.map((row) => JSON.stringify(keyAt.map((i) => row[i])))).size, name).toBe(read.length);
    }
  }
});

test("integers beyond 2^53 and texts come as they are, and D1 knows what an object had acknowledged", async () => {
  const { rows } = await allRows("runs");
  const shape = (await groups()).flat().find(({ name }) => name === "latest_metrics")!;
  const row = rows.get("latest_metrics")!.find((of) => of[0] === runId)!;
  const fields = Object.fromEntries(shape.columns.map(({ name }, i) => [name, row[i]]));
  expect(fields).toMatchObject({ key: "loss", step: String(STEP), value: 0.1, timestamp: "5" });
  expect(rows.get("params")!.find((of) => of[0] === runId)).toContain("ü ✓");
});

test("rows that are large together come in several pages", async () => {
  const experimentId = await newExperiment();
  for (let number = 0; number < 6; number++) {
    const tags = Array.from({ length: 100 }, (_, i) => ({ key: `t${i}`, value: "x".repeat(8000) }));
    await mlflow("runs/create", { experiment_id: experimentId, tags });
    const { run } = await mlflow<{ run: { info: { run_id: string } } }>("runs/create", { experiment_id: experimentId });
    await mlflow("runs/log-batch", { run_id: run.info.run_id, tags });
  }
  const { rows, pages } = await allRows("runs");
  expect(pages).toBeGreaterThan(2);
  expect(rows.get("tags")!.filter((row) => String(row[2]).length === 8000)).toHaveLength(1200);
});

test("points come to the bit, wherever they are, and the last line says that none is missing", async () => {
  const { rows } = await allRows("runs");
  const runIds = rows.get("runs")!.map((row) => String(row[0]));
  const text = await (await post("points", { run_ids: runIds.slice(0, 100) })).text();
  const lines = text.trimEnd().split("\n");
  expect(lines.pop()).toBe('{"end":true}');
  expect(lines).toContain(
    `{"run_id":"${runId}","key":"loss","timestamps":[5,6,7],"steps":[${STEP},1,2],"values":[0.1,"NaN",-0]}`,
  );
  expect(lines.some((line) => line.includes('"key":"once"') && line.includes("[0.30000000000000004]"))).toBe(true);
});

test("what is no table, no page and too many runs is refused", async () => {
  await expectMlflowError(post("rows", { table: "params" }), "RESOURCE_DOES_NOT_EXIST");
  await expectMlflowError(post("rows", { table: "sqlite_schema" }), "RESOURCE_DOES_NOT_EXIST");
  await expectMlflowError(post("rows", { table: "runs", page: "x" }), "INVALID_PARAMETER_VALUE");
  await expectMlflowError(post("rows", { table: "runs", page: btoa("[1,2]") }), "INVALID_PARAMETER_VALUE");
  const runIds = Array.from({ length: 101 }, (_, i) => String(i));
  await expectMlflowError(post("points", { run_ids: runIds }), "INVALID_PARAMETER_VALUE");
});

test("rows are restored only into a server that began to restore them, and that was empty", async () => {
  const restore = (name: string, body: Message) =>
    fetchWorker(`/api/2.0/trackflare/restore/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  const rows = {
    id: "b1",
    table: "params",
    columns: ["run_id", "key", "value", "experiment_id"],
    rows: [["r", "k", "v", "1"]],
  };
  await expectMlflowError(restore("begin", { id: "b1" }), "BAD_REQUEST");
  await expectMlflowError(restore("rows", rows), "BAD_REQUEST");
  await expectMlflowError(restore("end", { id: "b1", sequences: { users: "1" } }), "BAD_REQUEST");
  await env.DB.prepare("INSERT INTO imports (kind, id, digest) VALUES ('restore', 'b1', 'begun')").run();
  await expectMlflowError(restore("rows", { ...rows, table: "sqlite_schema" }), "RESOURCE_DOES_NOT_EXIST");
  await expectMlflowError(
    restore("rows", { ...rows, columns: ["run_id", 'key") --', "value", "x"] }),
    "INVALID_PARAMETER_VALUE",
  );
  await expectMlflowError(restore("rows", { ...rows, rows: [["r"]] }), "INVALID_PARAMETER_VALUE");
  await expectMlflowError(restore("rows", { ...rows, rows: [["r", "k", {}, "1"]] }), "INVALID_PARAMETER_VALUE");
  await expectMlflowError(restore("rows", { ...rows, rows: [["r", "k", "v", "one"]] }), "INVALID_PARAMETER_VALUE");
  await expectMlflowError(restore("end", { id: "b1", sequences: { users: "x" } }), "INVALID_PARAMETER_VALUE");
  expect((await restore("rows", rows)).status).toBe(200);
  expect((await restore("end", { id: "b1", sequences: { users: "7" } })).status).toBe(200);
  const lastOf = (table: string) =>
    env.DB.prepare("SELECT seq FROM sqlite_sequence WHERE name = ?").bind(table).first<number>("seq");
  expect(await lastOf("users")).toBeGreaterThanOrEqual(7);
  // A table with rows continues from the greater of the two numbers.
  const before = (await lastOf("experiments"))!;
  for (const [seq, after] of [
    [before + 100, before + 100],
    [before, before + 100],
  ]) {
    await env.DB.batch(sequenceStatements(env.DB, { experiments: String(seq) }) as D1PreparedStatement[]);
    expect(await lastOf("experiments")).toBe(after);
  }
  await expectMlflowError(restore("rows", rows), "BAD_REQUEST");
});
