import { expect, test } from "vitest";
import {
  createRun,
  expectMlflowError,
  getRun,
  type Message,
  mlflow,
  newExperiment,
  newRun,
  searchRuns,
  send,
  tagsOf,
  type WireRunInfo,
} from "../helpers/mlflow.ts";
import { storedState } from "../helpers/state.ts";

const METRIC = { key: "a", value: 2, timestamp: 1 };

const refuse = (endpoint: string, message: Message) =>
  expectMlflowError(send(endpoint, message), "INVALID_PARAMETER_VALUE");

const update = async (message: Message) => (await mlflow<{ run_info: WireRunInfo }>("runs/update", message)).run_info;

test("a new run is RUNNING, active, and below its experiment's location", async () => {
  const experimentId = await newExperiment({ artifact_location: "mlflow-artifacts:/some/where" });
  const run = await createRun({
    experiment_id: experimentId,
    run_name: "first",
    user_id: "ada",
    start_time: 5,
    tags: [{ key: "a", value: "1" }, { key: "b" }, { key: "a", value: "2" }],
  });
  const { run_id: runId } = run.info;
  expect(runId).toMatch(/^[0-9a-f]{32}$/);
  expect(run).toEqual({
    info: {
      run_id: runId,
      run_uuid: runId,
      run_name: "first",
      experiment_id: experimentId,
      user_id: "ada",
      status: "RUNNING",
      start_time: 5,
      artifact_uri: `mlflow-artifacts:/some/where/${runId}/artifacts`,
      lifecycle_stage: "active",
    },
    data: {
      tags: [
        { key: "a", value: "2" },
        { key: "b", value: "" },
        { key: "mlflow.runName", value: "first" },
      ],
    },
    inputs: {},
    outputs: {},
  });
  expect(await getRun(runId)).toEqual(run);
});

test("without a start time a run starts at 0, and without an experiment it is in experiment 0", async () => {
  const run = await createRun({});
  expect(run.info).toMatchObject({ start_time: 0, user_id: "", experiment_id: "0" });
  expect((await createRun({ experiment_id: "" })).info.experiment_id).toBe("0");
  expect((await createRun({ experiment_id: 0 })).info.experiment_id).toBe("0");
});

test.each<[string, unknown, string]>([
  ["text", "1552550804000", "1552550804000"],
  ["a float as text, as R sends it", "1.5525508e+12", "1552550800000"],
  ["the greatest int64", "9223372036854775807", "9223372036854775807"],
  ["a negative number", -5, "-5"],
])("a start time may be %s", async (_what, startTime, shown) => {
  const runId = await newRun({ start_time: startTime });
  const text = await (await send("runs/get", { run_id: runId })).text();
  expect(/"start_time":(-?\d+)/.exec(text)?.[1]).toBe(shown);
});

test("a run's name and its tag are one thing", async () => {
  const experiment_id = await newExperiment();
  const tagged = (value: string) => [{ key: "mlflow.runName", value }];
  const nameAndTag = async (message: Message) => {
    const run = await getRun((await createRun({ experiment_id, ...message })).info.run_id);
    return [run.info.run_name, run.data.tags?.find((tag) => tag.key === "mlflow.runName")?.value];
  };
  expect(await nameAndTag({ run_name: "a" })).toEqual(["a", "a"]);
  expect(await nameAndTag({ tags: tagged("a") })).toEqual(["a", "a"]);
  expect(await nameAndTag({ run_name: "a", tags: tagged("a") })).toEqual(["a", "a"]);
  expect(await nameAndTag({ run_name: "a", tags: tagged("") })).toEqual(["a", "a"]);
  const long = "n".repeat(8001);
  expect(await nameAndTag({ run_name: long, tags: tagged(long) })).toEqual([long.slice(1), long.slice(1)]);
  await refuse("runs/create", { experiment_id, run_name: "a", tags: tagged("b") });
  const [random, tag] = await nameAndTag({ run_name: "" });
  expect(random).toMatch(/^[a-z]+-[a-z]+-\d{1,3}$/);
  expect(tag).toBe(random);
});

test("tags of a new run may have any name up to 250 characters, and long values are cut", async () => {
  const keys = ["a%b", "../a", "a//b", "k".repeat(250), "a\n"];
  const runId = await newRun({ tags: keys.map((key) => ({ key, value: "é".repeat(8001) })) });
  const tags = await tagsOf(runId);
  for (const key of keys) expect(tags[key]).toBe("é".repeat(8000));
  for (const tag of [{ key: "k".repeat(251), value: "" }, { key: "" }, { value: "a" }, { key: "a", value: 5 }]) {
    await refuse("runs/create", { experiment_id: "0", tags: [tag] });
  }
});

test.each([
  ["start_time", 1.5],
  ["start_time", true],
  ["run_name", 5],
  ["tags", "x"],
  ["tags", [null]],
])("a new run's %s is not %j", async (name, value) => {
  await refuse("runs/create", { experiment_id: "0", [name]: value });
});

test.each(["runs/get", "runs/update", "runs/delete", "runs/restore", "runs/log-batch", "runs/log-inputs"])(
  "%s of no run, of an unknown run",
  async (endpoint) => {
    for (const message of [{}, { run_id: "" }, { run_id: "", run_uuid: "" }]) await refuse(endpoint, message);
    for (const run_id of ["0".repeat(32), "nope"]) {
      await expectMlflowError(send(endpoint, { run_id }), "RESOURCE_DOES_NOT_EXIST");
    }
    // In MLflow, only calls that log many things check the id.
    const isChecked = endpoint === "runs/log-batch" || endpoint === "runs/log-inputs";
    const expected = isChecked ? "INVALID_PARAMETER_VALUE" : "RESOURCE_DOES_NOT_EXIST";
    await expectMlflowError(send(endpoint, { run_id: "../x" }), expected);
  },
);

test.each<[string, Message]>([
  ["runs/log-metric", { key: "a", value: 1, timestamp: 1 }],
  ["runs/log-parameter", { key: "a", value: "1" }],
  ["runs/set-tag", { key: "a", value: "1" }],
  ["runs/delete-tag", { key: "a" }],
  ["runs/log-batch", { metrics: [METRIC] }],
  ["runs/log-batch", { params: [{ key: "key", value: "0" }] }],
  ["runs/log-inputs", { datasets: [{ dataset: { name: "a", digest: "b" } }] }],
  ["runs/log-model", { model_json: '{"artifact_path":"m","flavors":{},"utc_time_created":"","run_id":"r"}' }],
])("%s to an unknown run makes nothing", async (endpoint, message) => {
  const before = await storedState();
  await expectMlflowError(send(endpoint, { run_id: "0".repeat(32), ...message }), "RESOURCE_DOES_NOT_EXIST");
  expect(await storedState()).toBe(before);
});

test("a new run may have more tags than one statement takes", async () => {
  const tags = Array.from({ length: 120 }, (_, i) => ({
    key: `t${String(i).padStart(3, "0")}`,
    value: `${i} ${"é".repeat(7000)}`,
  }));
  const runId = await newRun({ run_name: "many", tags });
  const found = (await getRun(runId)).data.tags;
  expect(found).toEqual([{ key: "mlflow.runName", value: "many" }, ...tags]);
});

test("run_uuid is taken for run_id wherever a run is named", async () => {
  const run_uuid = await newRun();
  await mlflow("runs/log-metric", { run_uuid, key: "a", value: 1, timestamp: 1 });
  await mlflow("runs/log-parameter", { run_uuid, key: "a", value: "1" });
  await mlflow("runs/set-tag", { run_uuid, run_id: run_uuid, key: "a", value: "1" });
  await mlflow("runs/update", { run_uuid, status: "FINISHED" });
  await mlflow("runs/get", { run_uuid });
  await mlflow("metrics/get-history", { run_uuid, metric_key: "a" });
  await refuse("runs/get", { run_uuid, run_id: "0".repeat(32) });
});

test("update changes what it is given and answers the run", async () => {
  const run_id = await newRun({ run_name: "a" });
  expect(await update({ run_id })).toEqual((await getRun(run_id)).info);
  expect(await update({ run_id, status: "FINISHED", end_time: 7 })).toMatchObject({ status: "FINISHED", end_time: 7 });
  expect(await update({ run_id, status: 4 })).toMatchObject({ status: "FAILED", end_time: 7, run_name: "a" });
  expect(await update({ run_id, status: "RUNNING" })).toMatchObject({ status: "RUNNING", end_time: 7 });
  expect(await update({ run_id, run_name: "" })).toMatchObject({ run_name: "a" });
  expect(await update({ run_id, run_name: "b", end_time: null })).toMatchObject({ run_name: "b", end_time: 7 });
  expect(await tagsOf(run_id)).toEqual({ "mlflow.runName": "b" });
  await mlflow("runs/delete-tag", { run_id, key: "mlflow.runName" });
  await update({ run_id, run_name: "c" });
  expect(await tagsOf(run_id)).toEqual({ "mlflow.runName": "c" });
});

test("an end time of 0, which old clients send to a resumed run, is none", async () => {
  const run_id = await newRun();
  await update({ run_id, status: "FINISHED", end_time: 7 });
  expect(await update({ run_id, status: "RUNNING", end_time: 0 })).not.toHaveProperty("end_time");
  expect((await getRun(run_id)).info).not.toHaveProperty("end_time");
});

test.each(["NOPE", "finished", "", 0, 6, true])("%j is no status", async (status) => {
  await refuse("runs/update", { run_id: await newRun(), status });
});

test("delete and restore may be repeated, and a deleted run is still read", async () => {
  const experimentId = await newExperiment();
  const run_id = await newRun({ experiment_id: experimentId });
  for (const [endpoint, stage, views] of [
    ["runs/delete", "deleted", ["DELETED_ONLY", "ALL"]],
    ["runs/restore", "active", ["ACTIVE_ONLY", "ALL"]],
  ] as const) {
    for (let i = 0; i < 2; i++) await mlflow(endpoint, { run_id });
    expect((await getRun(run_id)).info.lifecycle_stage).toBe(stage);
    for (const run_view_type of ["ACTIVE_ONLY", "DELETED_ONLY", "ALL"]) {
      const found = await searchRuns({ experiment_ids: [experimentId], run_view_type });
      expect(found).toHaveLength((views as readonly string[]).includes(run_view_type) ? 1 : 0);
    }
  }
});

const modelJson = JSON.stringify({ artifact_path: "m", flavors: {}, utc_time_created: "", run_id: "r" });

test.each<[string, Message]>([
  ["runs/update", { status: "FINISHED" }],
  ["runs/update", {}],
  ["runs/log-metric", METRIC],
  ["runs/log-parameter", { key: "b", value: "1" }],
  ["runs/set-tag", { key: "a", value: "2" }],
  ["runs/set-tag", { key: "mlflow.runName", value: "x" }],
  ["runs/delete-tag", { key: "a" }],
  ["runs/log-batch", {}],
  ["runs/log-batch", { metrics: [METRIC] }],
  ["runs/log-batch", { tags: [{ key: "a", value: "2" }], metrics: [METRIC] }],
  ["runs/log-inputs", { datasets: [{ dataset: { name: "a", digest: "b" } }] }],
  ["runs/log-model", { model_json: modelJson }],
])("a deleted run refuses %s %j", async (endpoint, message) => {
  const run_id = await newRun({ tags: [{ key: "a", value: "1" }] });
  await mlflow("runs/log-metric", { run_id, key: "a", value: 1, timestamp: 1 });
  await mlflow("runs/delete", { run_id });
  const before = await storedState([run_id]);
  expect(await refuse(endpoint, { run_id, ...message })).toContain("must be in the 'active' state");
  expect(await storedState([run_id])).toBe(before);
  await mlflow("runs/restore", { run_id });
  await mlflow(endpoint, { run_id, ...message });
});

test("the name tag renames the run, and an empty one changes nothing", async () => {
  const run_id = await newRun({ run_name: "a" });
  const name = async () => {
    const run = await getRun(run_id);
    return [run.info.run_name, run.data.tags?.[0]?.value];
  };
  await mlflow("runs/set-tag", { run_id, key: "mlflow.runName", value: "b" });
  expect(await name()).toEqual(["b", "b"]);
  await mlflow("runs/set-tag", { run_id, key: "mlflow.runName", value: "" });
  expect(await name()).toEqual(["b", "b"]);
  const tags = ["c", "d", ""].map((value) => ({ key: "mlflow.runName", value }));
  await mlflow("runs/log-batch", { run_id, tags });
  expect(await name()).toEqual(["d", "d"]);
});
