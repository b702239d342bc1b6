import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { activityQuery } from "../../../src/stores/d1/experiments/experiment-activity.ts";
import {
  createRun,
  expectMlflowError,
  fetchWorker,
  type Message,
  mlflow,
  newExperiment,
  newRun,
} from "../../helpers/mlflow.ts";

interface Table {
  readonly total?: number;
  readonly next_page_token?: string;
  readonly is_exact: boolean;
  readonly runs: Readonly<Record<string, readonly (string | number | null)[]>>;
  readonly columns: Readonly<Record<string, readonly (string | number | null)[]>>;
}

const headers = { "Content-Type": "application/json" };
const post = (path: string, body: Message) =>
  fetchWorker(path, { method: "POST", headers, body: JSON.stringify(body) });

async function table(body: Message): Promise<Table> {
  const response = await post("/ui-api/runs", body);
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return JSON.parse(text) as Table;
}

const get = async <T>(path: string): Promise<T> => {
  const response = await fetchWorker(path);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
};

test("only the asked columns are told, in the order of the runs, with what a live run has just logged", async () => {
  const experimentId = await newExperiment();
  const first = await newRun({ experiment_id: experimentId, start_time: 1, run_name: "first", user_id: "ada" });
  const tags = [{ key: "mlflow.parentRunId", value: first }];
  const second = await newRun({ experiment_id: experimentId, start_time: 2, run_name: "second", tags });
  for (const [value, step] of [
    [3, 0],
    [1, 1],
    ["NaN", 2],
  ]) {
    await mlflow("runs/log-metric", { run_id: first, key: "loss/a b", value, step, timestamp: 5 });
  }
  await mlflow("runs/log-metric", { run_id: second, key: "loss/a b", value: "-Infinity", timestamp: 5 });
  await mlflow("runs/log-metric", { run_id: second, key: "tiny", value: 0.1 + 0.2, timestamp: 5 });
  await mlflow("runs/log-parameter", { run_id: second, key: "lr", value: "0.1" });
  await mlflow("runs/update", { run_id: second, status: "FINISHED", end_time: 9 });

  const columns = [
    "metrics.`loss/a b`",
    "max(metrics.`loss/a b`)",
    "min(metrics.`loss/a b`)",
    "first(metrics.`loss/a b`)",
    "metrics.tiny",
    "params.lr",
    "tags.nothing",
    "status",
  ];
  const found = await table({ experiment_ids: [experimentId], columns, count: true });
  expect(found).toEqual({
    total: 2,
    is_exact: true,
    runs: {
      run_id: [second, first],
      experiment_id: [experimentId, experimentId],
      run_name: ["second", "first"],
      status: ["FINISHED", "RUNNING"],
      lifecycle_stage: ["active", "active"],
      start_time: [2, 1],
      end_time: [9, null],
      last_metric_time: [null, 5],
      user_id: ["", "ada"],
      parent_run_id: [first, null],
      run_colour: [null, null],
      source_name: [null, null],
    },
    columns: {
      "metrics.`loss/a b`": ["-Infinity", "NaN"],
      "max(metrics.`loss/a b`)": ["-Infinity", 3],
      "min(metrics.`loss/a b`)": ["-Infinity", 1],
      "first(metrics.`loss/a b`)": ["-Infinity", 3],
      "metrics.tiny": [0.1 + 0.2, null],
      "params.lr": ["0.1", null],
      "tags.nothing": [null, null],
      status: ["FINISHED", "RUNNING"],
    },
  });
});

test("a table of more columns than one statement gives", async () => {
  const experimentId = await newExperiment();
  const runId = await newRun({ experiment_id: experimentId });
  const params = Array.from({ length: 100 }, (_, index) => ({ key: `p${index}`, value: String(index) }));
  await mlflow("runs/log-batch", { run_id: runId, params });
  const columns = Array.from({ length: 250 }, (_, index) => `params.p${index}`);
  const found = await table({ experiment_ids: [experimentId], columns });
  expect(columns.map((column) => found.columns[column]?.[0])).toEqual(
    columns.map((_, index) => (index < 100 ? String(index) : null)),
  );
});

test("the total counts all that match, on every way that a search takes", async () => {
  const experimentId = await newExperiment();
  const runIds: string[] = [];
  for (let index = 0; index < 12; index++) {
    const runId = await newRun({ experiment_id: experimentId, start_time: index });
    runIds.push(runId);
    await mlflow("runs/log-batch", {
      run_id: runId,
      metrics: [{ key: "acc", value: index, timestamp: 1 }],
      params: [{ key: "half", value: index < 6 ? "low" : "high" }],
    });
  }
  await mlflow("runs/delete", { run_id: runIds[11] });
  const list = runIds.slice(0, 4).map((runId) => `'${runId}'`);
  const long = `${"%low".padEnd(60, "%")}`;
  for (const [filter, total] of [
    ["", 11],
    ["metrics.acc >= 3", 8],
    ["metrics.acc >= 3 and params.half = 'low'", 3],
    ["params.half = 'low' or metrics.acc = 7", 7],
    [`attributes.run_id in (${list}) and metrics.acc > 0`, 3],
    ["metrics.nothing > 0", 0],
    [`params.half like '${long}'`, 6],
    [`not params.half like '%l_w%l_w%l_w'`, 11],
  ] as const) {
    const found = await table({ experiment_ids: [experimentId], filter, columns: [], count: true, max_results: 2 });
    expect(found.total, filter).toBe(total);
    expect(found.runs.run_id, filter).toHaveLength(Math.min(2, total));
    expect(found.next_page_token !== undefined, filter).toBe(total > 2);
  }
  const all = await table({ experiment_ids: [experimentId], run_view_type: "ALL", columns: [], count: true });
  expect(all.total).toBe(12);
  expect((await table({ experiment_ids: [], columns: [], count: true })).total).toBe(0);
  expect((await table({ experiment_ids: [experimentId], columns: [] })).total).toBeUndefined();
});

test("runs are ordered by how long they took, page by page; those that go on are last", async () => {
  const experimentId = await newExperiment();
  const ended: [number, number | undefined][] = [
    [1, 9],
    [2, 3],
    [3, undefined],
    [4, 12],
    [5, undefined],
    [6, -(2 ** 62)],
  ];
  for (const [start_time, end_time] of ended) {
    const run_id = await newRun({ experiment_id: experimentId, start_time });
    if (end_time !== undefined) await mlflow("runs/update", { run_id, status: "FINISHED", end_time });
  }
  const search = { experiment_ids: [experimentId], columns: [], max_results: 2 };
  for (const [order, starts] of [
    ["attributes.duration DESC", [4, 1, 2, 6, 5, 3]],
    ["attributes.duration", [6, 2, 4, 1, 5, 3]],
    ["attributes.experiment_id", [6, 5, 4, 3, 2, 1]],
  ] as const) {
    const found: unknown[] = [];
    let page_token: string | undefined;
    do {
      const page = await table({ ...search, order_by: [order], ...(page_token !== undefined && { page_token }) });
      found.push(...page.runs.start_time!);
      page_token = page.next_page_token;
    } while (page_token !== undefined);
    expect(found, order).toEqual(starts);
    // MLflow 3.17.2 has neither attribute.
    await expectMlflowError(
      post("/api/2.0/mlflow/runs/search", { experiment_ids: [experimentId], order_by: [order] }),
      "INVALID_PARAMETER_VALUE",
    );
  }
});

test("what is no column is refused", async () => {
  for (const column of ["nothing.a", "metrics.a desc", "", "min(params.a)", "colour"]) {
    await expectMlflowError(
      post("/ui-api/runs", { experiment_ids: ["0"], columns: [column] }),
      "INVALID_PARAMETER_VALUE",
    );
  }
});

interface Key {
  readonly key: string;
  readonly runs: number;
  readonly differs: boolean;
}

test("keys are those of active runs, with whether they tell runs apart", async () => {
  const experimentId = await newExperiment();
  const other = await newExperiment();
  const long = "x".repeat(300);
  const log = async (run_id: string, metrics: Message, params: Message) =>
    mlflow("runs/log-batch", {
      run_id,
      metrics: Object.entries(metrics).map(([key, value]) => ({ key, value, timestamp: 1 })),
      params: Object.entries(params).map(([key, value]) => ({ key, value })),
    });
  const [a, b] = [await newRun({ experiment_id: experimentId }), await newRun({ experiment_id: experimentId })];
  await log(
    a,
    { same: 1, other: 1, nan: "NaN", one: 1, mixed: 0 },
    { same: "s", other: "a", long, longs: `${long}a`, half: long },
  );
  await log(
    b,
    { same: 1, other: 2, nan: "NaN", mixed: "NaN" },
    { same: "s", other: "b", long, longs: `${long}b`, half: "short" },
  );

  const keys = (ids: readonly string[]) =>
    get<{ metrics: Key[]; params: Key[]; tags: Key[]; runs: number }>(
      `/ui-api/keys?${ids.map((id) => `experiment_ids=${id}`).join("&")}`,
    );
  const expectedMetrics = [
    { key: "mixed", runs: 2, differs: true },
    { key: "nan", runs: 2, differs: false },
    { key: "one", runs: 1, differs: true },
    { key: "other", runs: 2, differs: true },
    { key: "same", runs: 2, differs: false },
  ];
  const expectedParams = [
    { key: "half", runs: 2, differs: true },
    { key: "long", runs: 2, differs: false },
    { key: "longs", runs: 2, differs: true },
    { key: "other", runs: 2, differs: true },
    { key: "same", runs: 2, differs: false },
  ];
  const found = await keys([experimentId]);
  expect(found).toMatchObject({ runs: 2, metrics: expectedMetrics, params: expectedParams });
  expect(found.tags).toEqual([{ key: "mlflow.runName", runs: 2, differs: true }]);

  // A deleted run does not count.
  const gone = await newRun({ experiment_id: experimentId });
  await log(gone, { same: 7, gone: 1 }, { same: "other", gone: "1" });
  await mlflow("runs/delete", { run_id: gone });
  expect(await keys([experimentId])).toMatchObject({ runs: 2, metrics: expectedMetrics, params: expectedParams });

  const c = await newRun({ experiment_id: other });
  await log(c, { same: 2 }, {});
  expect((await keys([experimentId, other])).metrics.find(({ key }) => key === "same")).toEqual({
    ...{ key: "same", runs: 3, differs: true },
  });
  expect(await keys([])).toEqual({ metrics: [], params: [], tags: [], runs: 0 });
});

test("the list of experiments has all of them, with their runs and when something last happened", async () => {
  const name = `team/${crypto.randomUUID()}`;
  const experimentId = await newExperiment({ name, tags: [{ key: "mlflow.note.content", value: "notes" }] });
  const empty = await newExperiment();
  const deleted = await newExperiment();
  await mlflow("experiments/delete", { experiment_id: deleted });
  const { info } = await createRun({ experiment_id: experimentId, start_time: 1000 });
  await createRun({ experiment_id: experimentId, start_time: 9_000_000 }).then((run) =>
    mlflow("runs/delete", { run_id: run.info.run_id }),
  );
  await mlflow("runs/log-metric", { run_id: info.run_id, key: "a", value: 1, timestamp: 5000 });
  await mlflow("runs/get", { run_id: info.run_id });

  const { experiments } = await get<{ experiments: Message[] }>("/ui-api/experiments");
  const byId = new Map(experiments.map((experiment) => [experiment.experiment_id, experiment]));
  expect(byId.get(experimentId)).toMatchObject({
    ...{ name, lifecycle_stage: "active", tags: [{ key: "mlflow.note.content", value: "notes" }] },
    ...{ active_runs: 1, deleted_runs: 1, running_runs: 1, last_activity: 5000 },
  });
  expect(byId.get(empty)).toMatchObject({ tags: [], active_runs: 0, last_activity: null });
  expect(byId.get(deleted)).toMatchObject({ lifecycle_stage: "deleted" });
});

test("the list of experiments reads few rows, however many runs there are", async () => {
  await newRun();
  const { sql } = activityQuery("json_each('[]')");
  const plan = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`).all<{ detail: string }>();
  const details = plan.results.map(({ detail }) => detail);
  expect(details.filter((detail) => /^SCAN (?!j\b)/.test(detail))).toEqual([]);
  expect(details.filter((detail) => detail.includes("USING COVERING INDEX runs_by_start"))).toHaveLength(2);
});

test("the names of the logged models that a run made are a column, and so are its datasets", async () => {
  const experimentId = await newExperiment();
  const [made, without] = [
    await newRun({ experiment_id: experimentId }),
    await newRun({ experiment_id: experimentId }),
  ];
  const { model } = (await mlflow("logged-models", {
    ...{ experiment_id: experimentId, name: "booster", source_run_id: made },
  })) as { model: { info: { model_id: string } } };
  await mlflow("runs/outputs", { run_id: made, models: [{ model_id: model.info.model_id, step: 0 }] });
  const dataset = { name: "cats", digest: "d1", source_type: "local", source: "{}" };
  await mlflow("runs/log-inputs", { run_id: made, datasets: [{ dataset }] });
  const { runs, columns } = await table({ experiment_ids: [experimentId], columns: ["models", "dataset.name"] });
  const of = (runId: string, column: string) => columns[column]![runs.run_id!.indexOf(runId)];
  expect([of(made, "models"), of(without, "models")]).toEqual(["booster", null]);
  expect([of(made, "dataset.name"), of(without, "dataset.name")]).toEqual(["cats", null]);
});
