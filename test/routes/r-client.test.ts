import { expect, test } from "vitest";
import coverage from "../compatibility/coverage.json";
import { endpointOf } from "../compatibility/endpoints.ts";
import { fetchWorker, type Message, newExperiment, type WireMetric, type WireRun } from "../helpers/mlflow.ts";

/*
 * Replays the requests of MLflow's R client. In the JSON of a POST every scalar is a text; vectors of one and data frames are
 * arrays; `run_id` and `run_uuid` are both sent. Up to 1.x every path is below `/api/2.0/preview`. The client reads `run_uuid`.
 */

/** R's `as.character` of all values in a list, at any depth. */
function asCharacter(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asCharacter);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, asCharacter(one)]));
  }
  return typeof value === "boolean" ? String(value).toUpperCase() : String(value);
}

type Verb = "GET" | "POST" | "PATCH" | "DELETE";

async function rest(prefix: string, verb: Verb, endpoint: string, data: Message): Promise<Response> {
  const path = `${prefix}/mlflow/${endpoint}`;
  if (verb === "GET") return await fetchWorker(`${path}?${new URLSearchParams(data as Record<string, string>)}`);
  return await fetchWorker(path, {
    method: verb,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(asCharacter(data)),
  });
}

const answered = new Set<string>();

/** The parsed answer to a call, which must succeed. */
async function answer<T = Message>(prefix: string, verb: Verb, endpoint: string, data: Message = {}): Promise<T> {
  const response = await rest(prefix, verb, endpoint, data);
  const text = await response.text();
  expect(response.status, `${endpoint}: ${text}`).toBe(200);
  answered.add(endpointOf(verb, `${prefix}/mlflow/${endpoint}`) ?? endpoint);
  return JSON.parse(text) as T;
}

const V1 = "/api/2.0/preview";
const V2 = "/api/2.0";

const uniqueName = () => `R ${crypto.randomUUID()}`;

async function startRun(prefix: string, experiment_id: string): Promise<string> {
  const { run } = await answer<{ run: WireRun }>(prefix, "POST", "runs/create", {
    experiment_id,
    user_id: "ada",
    start_time: 1552550804123,
    tags: [
      { key: "mlflow.source.type", value: "LOCAL" },
      { key: "mlflow.user", value: "ada" },
    ],
  });
  return run.info.run_uuid;
}

async function readRun(prefix: string, run_id: string): Promise<WireRun> {
  return (await answer<{ run: WireRun }>(prefix, "GET", "runs/get", { run_uuid: run_id, run_id })).run;
}

test.each([V1, V2])("%s: an experiment is created, listed, renamed, deleted and restored", async (prefix) => {
  const name = uniqueName();
  const { experiment_id } = await answer<{ experiment_id: string }>(prefix, "POST", "experiments/create", { name });
  const list = async (view_type: string) => {
    type Listed = { experiments: { name: string; experiment_id: string }[] };
    const { experiments } = await answer<Listed>(prefix, "GET", "experiments/list", { view_type });
    return experiments.find((one) => one.experiment_id === experiment_id)?.name;
  };
  expect(await list("ACTIVE_ONLY")).toBe(name);
  await answer(prefix, "POST", "experiments/update", { experiment_id, new_name: `${name} new` });
  await answer(prefix, "POST", "experiments/set-experiment-tag", { experiment_id, key: "k", value: 1 });
  await answer(prefix, "POST", "experiments/delete", { experiment_id });
  expect(await list("ACTIVE_ONLY")).toBeUndefined();
  expect(await list("DELETED_ONLY")).toBe(`${name} new`);
  await answer(prefix, "POST", "experiments/restore", { experiment_id });
  expect(await answer(prefix, "GET", "experiments/get", { experiment_id })).toMatchObject({
    experiment: { name: `${name} new`, lifecycle_stage: "active", tags: [{ key: "k", value: "1" }] },
  });
});

test.each([V1, V2])("%s: a run is created, logged to and ended, all numbers being text", async (prefix) => {
  const run_id = await startRun(prefix, await newExperiment());
  const run = { run_uuid: run_id, run_id };
  const metric = (value: number | string, step: number) =>
    answer(prefix, "POST", "runs/log-metric", { ...run, key: "loss", value, timestamp: 1552550804123, step });
  await metric(0.1 + 0.2, 0);
  await metric("NaN", 1);
  await metric("-Infinity", 2);
  await metric("1e-05", 3);
  await answer(prefix, "POST", "runs/log-parameter", { ...run, key: "lr", value: 0.01 });
  await answer(prefix, "POST", "runs/set-tag", { ...run, key: "flag", value: true });
  await answer(prefix, "POST", "runs/set-tag", { ...run, key: "gone", value: "soon" });
  await answer(prefix, "POST", "runs/delete-tag", { run_id, key: "gone" });
  const ended = { ...run, status: "FINISHED", end_time: 1552550805000 };
  const { run_info } = await answer<{ run_info: Message }>(prefix, "POST", "runs/update", ended);
  expect(run_info).toMatchObject({ run_uuid: run_id, status: "FINISHED", end_time: 1552550805000 });

  const { info, data } = await readRun(prefix, run_id);
  expect(info).toMatchObject({ run_uuid: run_id, user_id: "ada", start_time: 1552550804123 });
  expect(data.params).toEqual([{ key: "lr", value: "0.01" }]);
  expect(data.metrics).toEqual([{ key: "loss", value: 1e-5, timestamp: 1552550804123, step: 3 }]);
  expect(data.tags).toContainEqual({ key: "flag", value: "TRUE" });
  expect(data.tags?.map(({ key }) => key)).not.toContain("gone");
  const history = { ...run, metric_key: "loss" };
  const { metrics } = await answer<{ metrics: WireMetric[] }>(prefix, "GET", "metrics/get-history", history);
  expect(metrics.map(({ step, timestamp }) => [step, timestamp]).sort()).toEqual(
    [0, 1, 2, 3].map((step) => [step, 1552550804123]),
  );
  expect(metrics.find(({ step }) => step === 0)?.value).toBe(0.1 + 0.2);
  expect(metrics.find(({ step }) => step === 1)?.value).toBe("NaN");
});

test("run_uuid alone, as the oldest clients send it, names the run", async () => {
  const run_uuid = await startRun(V1, await newExperiment());
  await answer(V1, "POST", "runs/log-metric", { run_uuid, key: "m", value: 1, timestamp: 1, step: 0 });
  await answer(V1, "POST", "runs/log-parameter", { run_uuid, key: "p", value: 1 });
  await answer(V1, "POST", "runs/set-tag", { run_uuid, key: "t", value: 1 });
  await answer(V1, "POST", "runs/update", { run_uuid, status: "FAILED", end_time: 5 });
  const { run } = await answer<{ run: WireRun }>(V1, "GET", "runs/get", { run_uuid });
  expect(run.info).toMatchObject({ run_id: run_uuid, run_uuid, status: "FAILED" });
  expect([run.data.metrics?.length, run.data.params?.length]).toEqual([1, 1]);
  const query = { run_uuid, metric_key: "m" };
  expect((await answer<{ metrics: WireMetric[] }>(V1, "GET", "metrics/get-history", query)).metrics).toHaveLength(1);
  expect(await answer(V1, "GET", "artifacts/list", { run_uuid })).toEqual({ root_uri: run.info.artifact_uri });
});

test("a time that R writes with an exponent is that time", async () => {
  const experiment_id = await newExperiment();
  const created = { experiment_id, user_id: "ada", start_time: "1.5525508e+12" };
  const { run } = await answer<{ run: WireRun }>(V1, "POST", "runs/create", created);
  expect(run.info.start_time).toBe(1_552_550_800_000);
});

test.each([V1, V2])("%s: data frames of a batch, of which one may be an empty list", async (prefix) => {
  const run_id = await startRun(prefix, await newExperiment());
  await answer(prefix, "POST", "runs/log-batch", {
    run_id,
    metrics: [
      { key: "a", value: 1.5, step: 0, timestamp: 1e12 },
      { key: "b", value: "NaN", step: -3, timestamp: 1e12 },
    ],
    params: [{ key: "p", value: 5 }],
  });
  await answer(prefix, "POST", "runs/log-batch", { run_id, metrics: [], tags: [{ key: "t", value: "u" }] });
  const { data } = await readRun(prefix, run_id);
  expect(data.metrics).toEqual([
    { key: "a", value: 1.5, timestamp: 1e12, step: 0 },
    { key: "b", value: "NaN", timestamp: 1e12, step: -3 },
  ]);
  expect(data.params).toEqual([{ key: "p", value: "5" }]);
  expect(data.tags).toContainEqual({ key: "t", value: "u" });
});

test.each([V1, V2])("%s: runs are searched, deleted and restored, and artifacts listed", async (prefix) => {
  const experiment_id = await newExperiment();
  const run_id = await startRun(prefix, experiment_id);
  await answer(prefix, "POST", "runs/log-parameter", { run_uuid: run_id, run_id, key: "p", value: "x" });
  const search = async (message: Message) => {
    const found = { experiment_ids: [experiment_id], run_view_type: "ACTIVE_ONLY", ...message };
    const { runs = [] } = await answer<{ runs?: WireRun[] }>(prefix, "POST", "runs/search", found);
    return runs.map(({ info }) => info.run_uuid);
  };
  expect(await search({ order_by: [] })).toEqual([run_id]);
  expect(await search({ filter: "params.p = 'x'", order_by: ["metrics.m DESC"], max_results: 10 })).toEqual([run_id]);
  await answer(prefix, "POST", "runs/delete", { run_id });
  expect(await search({})).toEqual([]);
  expect(await search({ run_view_type: "DELETED_ONLY" })).toEqual([run_id]);
  await answer(prefix, "POST", "runs/restore", { run_id });
  expect(await search({ run_view_type: "ALL" })).toEqual([run_id]);
  const listed = await answer(prefix, "GET", "artifacts/list", { run_uuid: run_id, run_id });
  expect(listed).toEqual({ root_uri: (await readRun(prefix, run_id)).info.artifact_uri });
});

test.each([V1, V2])("%s: the registry, bodies of PATCH and DELETE included", async (prefix) => {
  const name = uniqueName();
  const run_id = await startRun(prefix, await newExperiment());
  const { artifact_uri } = (await readRun(prefix, run_id)).info;
  const tags = [{ key: "k", value: "v" }];
  await answer(prefix, "POST", "registered-models/create", { name, tags, description: "d" });
  const source = `${artifact_uri}/model`;
  const created = await answer(prefix, "POST", "model-versions/create", { name, source, run_id, tags });
  expect(created).toMatchObject({ model_version: { name, version: "1", source, run_id, status: "READY" } });
  const version = { name, version: 1 };
  const stage = { ...version, stage: "Staging", archive_existing_versions: false };
  await answer(prefix, "POST", "model-versions/transition-stage", stage);
  await answer(prefix, "PATCH", "model-versions/update", { ...version, description: "first" });
  await answer(prefix, "POST", "model-versions/set-tag", { ...version, key: "a", value: 5 });
  expect(await answer(prefix, "GET", "model-versions/get", { name, version: "1" })).toMatchObject({
    model_version: { current_stage: "Staging", description: "first", tags: [{ key: "a", value: "5" }, tags[0]] },
  });
  const latest = await answer(prefix, "GET", "registered-models/get-latest-versions", { name, stages: "Staging" });
  expect(latest).toMatchObject({ model_versions: [{ version: "1" }] });
  await answer(prefix, "PATCH", "registered-models/update", { name, description: "second" });
  const renamed = await answer(prefix, "POST", "registered-models/rename", { name, new_name: `${name} new` });
  expect(renamed).toMatchObject({ registered_model: { name: `${name} new`, description: "second" } });
  await answer(prefix, "DELETE", "model-versions/delete", { name: `${name} new`, version: 1 });
  await answer(prefix, "DELETE", "registered-models/delete", { name: `${name} new` });
  expect((await rest(prefix, "GET", "registered-models/get", { name: `${name} new` })).status).toBe(404);
});

test("these are the endpoints that the compatibility table shows for R", () => {
  expect([...answered].sort()).toEqual(coverage["R requests"].answered);
});
