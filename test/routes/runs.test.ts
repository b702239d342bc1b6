import { expect, test } from "vitest";
import {
  createRun,
  expectMlflowError,
  getRun,
  historyOf,
  type Message,
  metricsOf,
  mlflow,
  newExperiment,
  newRun,
  paramsOf,
  searchRuns,
  send,
  tagsOf,
  type WireRunInfo,
} from "../helpers/mlflow.ts";
import { storedState } from "../helpers/state.ts";

const refuse = (endpoint: string, message: Message) =>
  expectMlflowError(send(endpoint, message), "INVALID_PARAMETER_VALUE");

const update = async (message: Message) => (await mlflow<{ run_info: WireRunInfo }>("runs/update", message)).run_info;

const numbered = (count: number, make: (i: number) => object) => Array.from({ length: count }, (_, i) => make(i));
const metric = (i: number) => ({ key: `metric ${i}`, value: i, timestamp: 1, step: i });
const pair = (i: number) => ({ key: `key ${i}`, value: String(i) });

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
    // Upstream, only what logs many things looks at the id itself.
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
  ["runs/log-batch", { metrics: [metric(0)] }],
  ["runs/log-batch", { params: [pair(0)] }],
  ["runs/log-inputs", { datasets: [{ dataset: { name: "a", digest: "b" } }] }],
  ["runs/log-model", { model_json: '{"artifact_path":"m","flavors":{},"utc_time_created":"","run_id":"r"}' }],
])("%s to an unknown run makes nothing", async (endpoint, message) => {
  const before = await storedState();
  await expectMlflowError(send(endpoint, { run_id: "0".repeat(32), ...message }), "RESOURCE_DOES_NOT_EXIST");
  expect(await storedState()).toBe(before);
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
  ["runs/log-metric", { key: "a", value: 2, timestamp: 1 }],
  ["runs/log-parameter", { key: "b", value: "1" }],
  ["runs/set-tag", { key: "a", value: "2" }],
  ["runs/set-tag", { key: "mlflow.runName", value: "x" }],
  ["runs/delete-tag", { key: "a" }],
  ["runs/log-batch", {}],
  ["runs/log-batch", { metrics: [metric(0)] }],
  ["runs/log-batch", { tags: [pair(0)], metrics: [metric(0)] }],
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

test("a param keeps its value: the same again is fine, another is refused", async () => {
  const run_id = await newRun();
  await mlflow("runs/log-parameter", { run_id, key: "a", value: "1" });
  await mlflow("runs/log-parameter", { run_id, key: "a", value: "1" });
  await mlflow("runs/log-parameter", { run_id, key: "A", value: "other" });
  await mlflow("runs/log-parameter", { run_id, key: "empty" });
  await mlflow("runs/log-parameter", { run_id, key: "empty", value: "" });
  const message = await refuse("runs/log-parameter", { run_id, key: "a", value: "2" });
  expect(message).toContain("Changing param values is not allowed");
  expect(message).toContain("value='1'");
  expect(await paramsOf(run_id)).toEqual({ a: "1", A: "other", empty: "" });
});

test("params are cut at 6,000 characters, and what is cut does not count as a change", async () => {
  const run_id = await newRun();
  await mlflow("runs/log-parameter", { run_id, key: "a", value: `${"😀".repeat(6000)}x` });
  await mlflow("runs/log-parameter", { run_id, key: "a", value: `${"😀".repeat(6000)}y` });
  expect((await paramsOf(run_id)).a).toBe("😀".repeat(6000));
});

test("a tag is set again and cut at 8,000 characters, and deleted once", async () => {
  const run_id = await newRun();
  await mlflow("runs/set-tag", { run_id, key: "a", value: "1" });
  await mlflow("runs/set-tag", { run_id, key: "a", value: "x".repeat(8001) });
  expect((await tagsOf(run_id)).a).toBe("x".repeat(8000));
  await mlflow("runs/delete-tag", { run_id, key: "a" });
  expect(await tagsOf(run_id)).not.toHaveProperty("a");
  await expectMlflowError(send("runs/delete-tag", { run_id, key: "a" }), "RESOURCE_DOES_NOT_EXIST");
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

const BAD_KEYS = ["", "k".repeat(251), "a//b", "a/./b", "../a", "/a", "a/", ".", "a$", "a\n", "a\0"];

test.each(["runs/log-metric", "runs/log-parameter", "runs/set-tag"])("%s refuses bad names", async (endpoint) => {
  const run_id = await newRun();
  const value = endpoint === "runs/log-metric" ? 1 : "1";
  for (const key of BAD_KEYS) await refuse(endpoint, { run_id, key, value, timestamp: 1 });
  for (const key of ["k".repeat(250), "a b:c/d-e.f_g", "损失"])
    await mlflow(endpoint, { run_id, key, value, timestamp: 1 });
});

test("a batch is stored whole: metrics, params and tags", async () => {
  const run_id = await newRun({ run_name: "a" });
  const metrics = numbered(800, metric);
  await mlflow("runs/log-batch", { run_id, metrics, params: numbered(100, pair), tags: numbered(100, pair) });
  expect(Object.keys(await metricsOf(run_id))).toHaveLength(800);
  expect(Object.keys(await paramsOf(run_id))).toHaveLength(100);
  expect(Object.keys(await tagsOf(run_id))).toHaveLength(101);
});

test("a batch of 100 params and 100 tags as long as they may be is stored and read", async () => {
  const run_id = await newRun();
  const long = (length: number) => (i: number) => ({ key: `key ${i}`, value: "中".repeat(length) });
  await mlflow("runs/log-batch", { run_id, params: numbered(100, long(6000)), tags: numbered(100, long(8000)) });
  const { data } = await getRun(run_id);
  expect(data.params?.map(({ value }) => value.length)).toEqual(Array(100).fill(6000));
  expect(data.tags?.filter(({ key }) => key !== "mlflow.runName").map(({ value }) => value.length)).toEqual(
    Array(100).fill(8000),
  );
});

test.each<[string, Message]>([
  ["1,001 metrics", { metrics: numbered(1001, metric) }],
  ["101 params", { params: numbered(101, pair) }],
  ["101 tags", { tags: numbered(101, pair) }],
  ["1,001 in all", { metrics: numbered(801, metric), params: numbered(100, pair), tags: numbered(100, pair) }],
  ["one param twice", { params: [pair(0), pair(0)], tags: [pair(1)] }],
  ["a changed param", { metrics: [metric(0)], params: [pair(0), { key: "set", value: "2" }], tags: [pair(0)] }],
  ["a bad metric name", { metrics: [metric(0), { ...metric(1), key: "a//b" }], params: [pair(0)] }],
  ["a bad param name", { metrics: [metric(0)], params: [pair(0), { key: "../a", value: "" }] }],
  ["a bad tag name", { metrics: [metric(0)], tags: [pair(0), { key: "a%" }] }],
  ["a metric without value", { metrics: [metric(0), { key: "a", timestamp: 1 }], tags: [pair(0)] }],
  ["a metric without timestamp", { metrics: [metric(0), { key: "a", value: 1 }], tags: [pair(0)] }],
  ["a negative timestamp", { metrics: [metric(0), { ...metric(1), timestamp: -1 }], tags: [pair(0)] }],
  ["a fractional step", { metrics: [metric(0), { ...metric(1), step: 1.5 }], tags: [pair(0)] }],
  ["a metric that is no number", { metrics: [...numbered(998, metric), { ...metric(1), value: "x" }] }],
  ["a param without name", { params: [pair(0), { value: "a" }] }],
  ["no lists", { metrics: {}, params: [pair(0)] }],
  ["a NUL in a tag", { tags: [pair(0), { key: "a", value: "\0" }] }],
  ["half a surrogate pair", { tags: [pair(0), { key: "a", value: "\ud83d" }] }],
])("a batch with %s writes nothing", async (_what, batch) => {
  const run_id = await newRun();
  await mlflow("runs/log-batch", { run_id, params: [{ key: "set", value: "1" }], metrics: [metric(7)] });
  const before = await storedState([run_id]);
  await refuse("runs/log-batch", { run_id, ...batch });
  expect(await storedState([run_id])).toBe(before);
});

test("the last of a tag's values in a batch stays, and params that are there already are fine", async () => {
  const run_id = await newRun({ run_name: "a" });
  const params = [pair(0), pair(1)];
  await mlflow("runs/log-batch", { run_id, params });
  await mlflow("runs/log-batch", {
    run_id,
    params: [...params, pair(2)],
    tags: [pair(0), { key: "key 0", value: "b" }],
  });
  expect(await paramsOf(run_id)).toEqual({ "key 0": "0", "key 1": "1", "key 2": "2" });
  expect(await tagsOf(run_id)).toEqual({ "key 0": "b", "mlflow.runName": "a" });
});

test("a batch sent again and again is stored once", async () => {
  const run_id = await newRun();
  const batch = { run_id, metrics: numbered(20, metric), params: [pair(0)], tags: [pair(0)] };
  await mlflow("runs/log-batch", batch);
  const once = await storedState([run_id]);
  await Promise.all(numbered(5, () => mlflow("runs/log-batch", batch)));
  expect(await storedState([run_id])).toBe(once);
  expect(await historyOf(run_id, "metric 3")).toHaveLength(1);
});

test("of many different values of one param at once, one is stored", async () => {
  const run_id = await newRun();
  const answers = await Promise.all(
    numbered(10, (i) => send("runs/log-parameter", { run_id, key: "a", value: String(i) })) as Promise<Response>[],
  );
  const accepted = answers.flatMap((answer, i) => (answer.status === 200 ? [String(i)] : []));
  expect(accepted).toHaveLength(1);
  expect(await paramsOf(run_id)).toEqual({ a: accepted[0] });
});

const dataset = (name: string, more: Message = {}) => ({
  dataset: { name, digest: "d", source_type: "local", source: "s", ...more },
});

test("inputs are a run's datasets with their tags, and those without schema have none", async () => {
  const run_id = await newRun();
  const tags = [{ key: "mlflow.data.context", value: "train" }, { key: "empty" }];
  await mlflow("runs/log-inputs", { run_id });
  await mlflow("runs/log-inputs", {
    run_id,
    datasets: [{ ...dataset("a", { schema: "{}", profile: "{}" }), tags }, dataset("b", { schema: "" })],
  });
  expect((await getRun(run_id)).inputs).toEqual({
    dataset_inputs: [
      {
        tags: [
          { key: "empty", value: "" },
          { key: "mlflow.data.context", value: "train" },
        ],
        dataset: { name: "a", digest: "d", source_type: "local", source: "s", schema: "{}", profile: "{}" },
      },
      { dataset: { name: "b", digest: "d", source_type: "local", source: "s" } },
    ],
  });
});

test("the first to log a dataset defines it, and the first to log an input tags it", async () => {
  const experiment_id = await newExperiment();
  const [first, second] = [await newRun({ experiment_id }), await newRun({ experiment_id })];
  const tagged = (value: string) => [{ key: "context", value }];
  await mlflow("runs/log-inputs", { run_id: first, datasets: [{ ...dataset("a"), tags: tagged("1") }] });
  for (const run_id of [first, second]) {
    const again = { ...dataset("a", { source: "other", schema: "{}" }), tags: tagged("2") };
    await mlflow("runs/log-inputs", { run_id, datasets: [again, { ...dataset("a"), tags: tagged("3") }] });
  }
  const inputs = async (run_id: string) => (await getRun(run_id)).inputs.dataset_inputs;
  expect(await inputs(first)).toEqual([{ ...dataset("a"), tags: tagged("1") }]);
  expect(await inputs(second)).toEqual([{ ...dataset("a"), tags: tagged("2") }]);
  const elsewhere = await newRun();
  await mlflow("runs/log-inputs", { run_id: elsewhere, datasets: [dataset("a", { source: "other" })] });
  expect(await inputs(elsewhere)).toEqual([dataset("a", { source: "other" })]);
});

test("datasets as long as they may be are read back", async () => {
  const run_id = await newRun();
  const long = dataset("n".repeat(500), {
    digest: "d".repeat(36),
    source: "s".repeat(65_535),
    schema: "é".repeat(300_000),
    profile: '"'.repeat(200_000),
  });
  const tags = [{ key: "k".repeat(255), value: "v".repeat(500) }];
  await mlflow("runs/log-inputs", { run_id, datasets: [{ ...long, tags }, dataset("after")] });
  expect((await getRun(run_id)).inputs.dataset_inputs).toEqual([{ tags, ...long }, dataset("after")]);
});

test.each<[string, Message]>([
  ["a dataset name of 501 characters", dataset("n".repeat(501))],
  ["a digest of 37 characters", dataset("a", { digest: "d".repeat(37) })],
  ["a source of 65,536 characters", dataset("a", { source: "s".repeat(65_536) })],
  ["a schema of 1,048,576 characters", dataset("a", { schema: "s".repeat(1_048_576) })],
  ["a profile of 2 MB", dataset("a", { profile: "é".repeat(1_000_000) })],
  ["a tag name of 256 characters", { ...dataset("a"), tags: [{ key: "k".repeat(256), value: "v" }] }],
  ["a tag value of 501 characters", { ...dataset("a"), tags: [{ key: "k", value: "v".repeat(501) }] }],
  ["a tag without name", { ...dataset("a"), tags: [{ value: "v" }] }],
  ["no dataset", { tags: [] }],
  ["no digest", { dataset: { name: "a" } }],
])("inputs with %s write nothing", async (_what, input) => {
  const run_id = await newRun();
  const before = await storedState();
  await refuse("runs/log-inputs", { run_id, datasets: [dataset("fine"), input] });
  expect(await storedState()).toBe(before);
});

test("logged models are listed in the run's tag, without what searches do not need, and none is lost", async () => {
  const run_id = await newRun();
  const model = (name: string) => ({
    run_id,
    artifact_path: name,
    utc_time_created: "2020-01-01",
    flavors: { sklearn: { version: "1", config: { a: 1 } } },
    signature: { inputs: "x".repeat(20_000) },
  });
  const names = numbered(12, (i) => ({ name: `model ${i} ${"n".repeat(1000)}` })) as { name: string }[];
  await Promise.all(
    names.map(({ name }) => mlflow("runs/log-model", { run_id, model_json: JSON.stringify(model(name)) })),
  );
  const history = JSON.parse((await tagsOf(run_id))["mlflow.log-model.history"] ?? "") as Message[];
  expect(history.map((logged) => logged.artifact_path).sort()).toEqual(names.map(({ name }) => name).sort());
  expect(history[0]).toEqual({
    run_id,
    artifact_path: history[0]?.artifact_path,
    utc_time_created: "2020-01-01",
    model_uuid: null,
    flavors: { sklearn: { version: "1" } },
  });
});

test.each(["nope", "[]", "5", "null", "{}", '{"artifact_path":"m"}', modelJson.replace("{}", "[]")])(
  "%s is no model",
  async (model_json) => {
    const run_id = await newRun();
    await refuse("runs/log-model", { run_id, model_json });
    expect(await tagsOf(run_id)).not.toHaveProperty("mlflow.log-model.history");
  },
);

test("a history of models that is no list, or is too long, is left alone", async () => {
  const run_id = await newRun();
  for (const value of ["no JSON", '{"a":1}']) {
    await mlflow("runs/set-tag", { run_id, key: "mlflow.log-model.history", value });
    await refuse("runs/log-model", { run_id, model_json: modelJson });
    expect((await tagsOf(run_id))["mlflow.log-model.history"]).toBe(value);
  }
  const huge = modelJson.replace('"m"', JSON.stringify("m".repeat(50_001)));
  await refuse("runs/log-model", { run_id, model_json: huge });
});
