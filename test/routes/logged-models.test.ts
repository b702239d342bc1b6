import { beforeAll, expect, test } from "vitest";
import { getModel, newModel, onModel, onModelOk, type WireModel } from "../helpers/logged-models.ts";
import {
  expectMlflowError,
  fetchWorker,
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
} from "../helpers/mlflow.ts";
import { storedState } from "../helpers/state.ts";

let experimentId: string;
beforeAll(async () => {
  experimentId = await newExperiment();
});

const create = (message: Message = {}) => newModel({ experiment_id: experimentId, ...message });

test("a new model is pending, beside the runs of its experiment", async () => {
  const tags = [{ key: "b" }, { key: "a", value: "1" }];
  const params = [{ key: "lr", value: "0.1" }];
  const model = await create({ name: "net", model_type: "agent", source_run_id: "r", tags, params });
  const { model_id: modelId, creation_timestamp_ms: createdMs } = model.info;
  expect(modelId).toMatch(/^m-[0-9a-f]{32}$/);
  expect(model).toEqual({
    info: {
      model_id: modelId,
      experiment_id: experimentId,
      name: "net",
      creation_timestamp_ms: createdMs,
      last_updated_timestamp_ms: createdMs,
      artifact_uri: `mlflow-artifacts:/${experimentId}/models/${modelId}/artifacts`,
      status: "LOGGED_MODEL_PENDING",
      model_type: "agent",
      source_run_id: "r",
      tags: [
        { key: "a", value: "1" },
        { key: "b", value: "" },
      ],
    },
    data: { params: [{ key: "lr", value: "0.1" }] },
  });
  expect(await getModel(modelId)).toEqual(model);
});

test("without a name a model gets one, and without more it has empty ones", async () => {
  const model = await create({ name: "" });
  expect(model.info).toMatchObject({ name: expect.stringMatching(/^[a-z]+-[a-z]+-\d+$/), model_type: "" });
  expect(model.data).toEqual({});
});

test.each<[string, Message, "BAD_REQUEST" | "INVALID_PARAMETER_VALUE" | "RESOURCE_DOES_NOT_EXIST"]>([
  ["no experiment", { experiment_id: undefined }, "INVALID_PARAMETER_VALUE"],
  ["an experiment id that is no number", { experiment_id: "x" }, "INVALID_PARAMETER_VALUE"],
  ["an unknown experiment", { experiment_id: "987654" }, "RESOURCE_DOES_NOT_EXIST"],
  ["a name with a dot", { name: "a.b" }, "INVALID_PARAMETER_VALUE"],
  ["a long name", { name: "n".repeat(501) }, "INVALID_PARAMETER_VALUE"],
  ["a long param key", { params: [{ key: "k".repeat(256), value: "" }] }, "INVALID_PARAMETER_VALUE"],
  ["a long tag value", { tags: [{ key: "k", value: "v".repeat(100_001) }] }, "INVALID_PARAMETER_VALUE"],
  ["a param twice", { params: [{ key: "a" }, { key: "a" }] }, "BAD_REQUEST"],
  ["a tag twice", { tags: [{ key: "a" }, { key: "a" }] }, "BAD_REQUEST"],
])("a model is refused with %s", async (_what, message, code) => {
  const before = await storedState();
  await expectMlflowError(send("logged-models", { experiment_id: experimentId, ...message }), code);
  expect(await storedState()).toBe(before);
});

test("a status is a name or a number, and follows any other", async () => {
  const { model_id: modelId } = (await create()).info;
  const finalize = async (status: unknown) =>
    (await onModelOk<{ model: WireModel }>("PATCH", modelId, { model_id: modelId, status })).model.info.status;
  expect(await finalize("LOGGED_MODEL_READY")).toBe("LOGGED_MODEL_READY");
  expect(await finalize(3)).toBe("LOGGED_MODEL_UPLOAD_FAILED");
  expect(await finalize(0)).toBe("LOGGED_MODEL_STATUS_UNSPECIFIED");
  expect(await finalize("LOGGED_MODEL_PENDING")).toBe("LOGGED_MODEL_PENDING");
  for (const status of ["READY", 4, -1, "", null]) {
    await expectMlflowError(onModel("PATCH", modelId, { status }), "INVALID_PARAMETER_VALUE");
  }
  expect((await getModel(modelId)).info.status).toBe("LOGGED_MODEL_PENDING");
});

test("where the body names another model, the path's is meant, as in MLflow 3.18", async () => {
  const [one, other] = [(await create()).info.model_id, await create()];
  const otherId = other.info.model_id;
  for (const [method, path, body] of [
    ["PATCH", one, { status: "LOGGED_MODEL_READY" }],
    ["PATCH", `${one}/tags`, { tags: [{ key: "a", value: "1" }] }],
    ["POST", `${one}/params`, { params: [{ key: "a", value: "1" }] }],
  ] as const) {
    await onModelOk(method, path, { ...body, model_id: otherId });
    await onModelOk(method, path, { ...body, modelId: otherId });
  }
  const changed = await getModel(one);
  expect([changed.info.status, changed.info.tags?.length, changed.data.params?.length]).toEqual([
    "LOGGED_MODEL_READY",
    1,
    1,
  ]);
  await onModelOk("DELETE", `${one}/tags/a`, { model_id: otherId });
  await onModelOk("DELETE", one, { model_id: otherId });
  expect(await getModel(otherId)).toEqual(other);
});

test("tags are set, changed and deleted, also with what a path encodes", async () => {
  const { model_id: modelId } = (await create({ tags: [{ key: "a", value: "1" }] })).info;
  const tags = [
    { key: "a", value: "2" },
    { key: "x/y z", value: "ä" },
    { key: "twice", value: "1" },
    { key: "twice", value: "2" },
  ];
  expect(await onModelOk("PATCH", `${modelId}/tags`, { tags })).toEqual({});
  expect((await getModel(modelId)).info.tags).toEqual([tags[0], tags[3], tags[1]]);
  expect(await onModelOk("DELETE", `${modelId}/tags/${encodeURIComponent("x/y z")}`)).toEqual({});
  await expectMlflowError(onModel("DELETE", `${modelId}/tags/nothing`), "RESOURCE_DOES_NOT_EXIST");
  expect((await getModel(modelId)).info.tags).toEqual([tags[0], tags[3]]);
});

test("params are added, all or none, and a repeat is fine", async () => {
  const { model_id: modelId } = (await create({ params: [{ key: "a", value: "1" }] })).info;
  const params = [
    { key: "b", value: "2" },
    { key: "c", value: "" },
  ];
  for (const _ of [1, 2]) expect(await onModelOk("POST", `${modelId}/params`, { params })).toEqual({});
  const before = await storedState();
  const changed = [
    { key: "d", value: "new" },
    { key: "a", value: "changed" },
  ];
  await expectMlflowError(onModel("POST", `${modelId}/params`, { params: changed }), "BAD_REQUEST");
  await expectMlflowError(
    onModel("POST", `${modelId}/params`, { params: [{ key: "e" }, { key: "e" }] }),
    "BAD_REQUEST",
  );
  expect(await storedState()).toBe(before);
  expect((await getModel(modelId)).data.params).toEqual([{ key: "a", value: "1" }, ...params]);
});

test("more params than one statement binds", async () => {
  const { model_id: modelId } = (await create()).info;
  const params = Array.from({ length: 15 }, (_, i) => ({ key: `p${10 + i}`, value: "ä".repeat(100_000) }));
  await onModelOk("POST", `${modelId}/params`, { params });
  expect((await getModel(modelId)).data.params).toEqual(params);
});

test("a deleted model is gone for readers, and still takes what MLflow lets it take", async () => {
  const { model_id: modelId } = (await create()).info;
  for (const _ of [1, 2]) expect(await onModelOk("DELETE", modelId)).toEqual({});
  await expectMlflowError(onModel("GET", modelId), "RESOURCE_DOES_NOT_EXIST");
  await expectMlflowError(onModel("GET", `${modelId}/artifacts/directories`), "RESOURCE_DOES_NOT_EXIST");
  await onModelOk("PATCH", `${modelId}/tags`, { tags: [{ key: "a", value: "1" }] });
  const { model } = await onModelOk<{ model: WireModel }>("GET", `${modelId}?allow_deleted=true`);
  expect(model.info.tags).toEqual([{ key: "a", value: "1" }]);
  await expectMlflowError(onModel("GET", `${modelId}?allow_deleted=false`), "RESOURCE_DOES_NOT_EXIST");
});

test.each([
  ["GET", "m-none"],
  ["DELETE", "m-none"],
  ["PATCH", "m-none"],
  ["PATCH", "m-none/tags"],
  ["DELETE", "m-none/tags/a"],
  ["POST", "m-none/params"],
  ["GET", "m-none/artifacts/directories"],
  ["GET", "m-none/artifacts/files?artifact_file_path=a"],
])("%s %s: there is no such model", async (method, path) => {
  const body = method === "GET" ? undefined : { status: 2, tags: [{ key: "a" }], params: [{ key: "a" }] };
  await expectMlflowError(onModel(method, path, body), "RESOURCE_DOES_NOT_EXIST");
});

test("metrics with a model are the run's, and the model's with run and dataset", async () => {
  const runId = await newRun({ experiment_id: await newExperiment() });
  const { model_id: modelId } = (await create()).info;
  const first = { key: "acc", value: 0.1 + 0.2, timestamp: 10, step: 1 };
  const dataset = { dataset_name: "d", dataset_digest: "x" };
  for (const _ of [1, 2]) {
    await mlflow("runs/log-metric", { run_id: runId, ...first, model_id: modelId, ...dataset });
    await mlflow("runs/log-batch", {
      run_id: runId,
      metrics: [
        { key: "tiny", value: 5e-324, timestamp: 20, step: 2, model_id: modelId },
        { key: "nan", value: "NaN", timestamp: 20, model_id: modelId },
        { key: "far", value: "-Infinity", timestamp: 20, model_id: modelId },
        { key: "plain", value: 1, timestamp: 20 },
      ],
      params: [{ key: "p", value: "1" }],
    });
  }
  const of = { run_id: runId, model_id: modelId };
  expect((await getModel(modelId)).data.metrics).toEqual([
    { ...first, ...of, ...dataset },
    { key: "far", value: -Number.MAX_VALUE, timestamp: 20, step: 0, ...of },
    { key: "nan", value: "NaN", timestamp: 20, step: 0, ...of },
    { key: "tiny", value: 5e-324, timestamp: 20, step: 2, ...of },
  ]);
  expect(Object.keys(await metricsOf(runId))).toEqual(["acc", "far", "nan", "plain", "tiny"]);
  expect((await metricsOf(runId)).acc).toEqual(first);
  expect(await historyOf(runId, "acc")).toEqual([first]);
});

test("steps and times of a model's metrics are exact over all of int64", async () => {
  const { model_id: modelId } = (await create()).info;
  const runId = await newRun();
  await mlflow("runs/log-metric", {
    ...{ run_id: runId, key: "a", value: 1, model_id: modelId },
    ...{ timestamp: "9223372036854775807", step: "-9223372036854775808" },
  });
  const text = await (await onModel("GET", modelId)).text();
  expect(text).toContain(`"timestamp":9223372036854775807,"step":-9223372036854775808`);
});

test("of two values at one time and step the model keeps the greater, in either order", async () => {
  const runId = await newRun();
  for (const values of [
    [1, 2],
    [2, 1],
  ]) {
    const { model_id: modelId } = (await create()).info;
    for (const value of values) {
      await mlflow("runs/log-metric", { run_id: runId, key: "a", value, timestamp: 1, model_id: modelId });
    }
    expect((await getModel(modelId)).data.metrics).toMatchObject([{ value: 2 }]);
  }
});

test.each<[string, object, "BAD_REQUEST" | "INVALID_PARAMETER_VALUE"]>([
  ["an unknown model", { model_id: "m-none" }, "BAD_REQUEST"],
  ["a dataset without digest", { dataset_name: "d" }, "INVALID_PARAMETER_VALUE"],
  ["a digest without dataset", { dataset_digest: "d" }, "INVALID_PARAMETER_VALUE"],
  ["a long model id", { model_id: "m".repeat(251) }, "INVALID_PARAMETER_VALUE"],
])("a metric with %s is refused, with all of its batch", async (_what, fields, code) => {
  const runId = await newRun();
  const { model_id: modelId } = (await create()).info;
  const metric = { key: "a", value: 1, timestamp: 1 };
  const before = await storedState([runId]);
  await expectMlflowError(send("runs/log-metric", { run_id: runId, ...metric, ...fields }), code);
  const metrics = [
    { ...metric, model_id: modelId },
    { ...metric, ...fields },
  ];
  const batch = { metrics, params: [{ key: "p", value: "1" }], tags: [{ key: "t", value: "1" }] };
  await expectMlflowError(send("runs/log-batch", { run_id: runId, ...batch }), code);
  expect(await storedState([runId])).toBe(before);
});

test("a deleted run measures no model", async () => {
  const runId = await newRun();
  const { model_id: modelId } = (await create()).info;
  await mlflow("runs/delete", { run_id: runId });
  const message = { run_id: runId, key: "a", value: 1, timestamp: 1, model_id: modelId };
  await expectMlflowError(send("runs/log-metric", message), "INVALID_PARAMETER_VALUE");
  await expectMlflowError(send("runs/log-metric", { ...message, run_id: "none" }), "RESOURCE_DOES_NOT_EXIST");
  expect((await getModel(modelId)).data).toEqual({});
});

test("a run tells the models that it made, also at rest, and alone those that it used", async () => {
  const ids = [(await create()).info.model_id, (await create()).info.model_id].sort();
  const runId = await newRun({ experiment_id: experimentId });
  const other = await newRun({ experiment_id: experimentId });
  for (const _ of [1, 2]) expect(await getRun(runId)).toMatchObject({ inputs: {}, outputs: {} });
  const models = ids.map((model_id, step) => ({ model_id, step: step || undefined }));
  await mlflow("runs/outputs", { run_id: runId, models });
  const outputs = { model_outputs: ids.map((model_id, step) => ({ model_id, step })) };
  for (const _ of [1, 2]) expect(await getRun(runId)).toMatchObject({ inputs: {}, outputs });
  await mlflow("runs/outputs", { run_id: runId, models: [{ model_id: ids[0], step: 7 }] });
  outputs.model_outputs[0]!.step = 7;
  const dataset = { name: "d", digest: "x", source_type: "s", source: "s" };
  await mlflow("runs/log-inputs", { run_id: runId, datasets: [{ dataset }], models: [{ model_id: "m-elsewhere" }] });
  await mlflow("runs/log-inputs", { run_id: other, models: [{ model_id: ids[0] }, { model_id: ids[0] }] });
  const inputs = { dataset_inputs: [{ dataset }] };
  for (const _ of [1, 2]) {
    const model_inputs = [{ model_id: "m-elsewhere" }];
    expect(await getRun(runId)).toMatchObject({ inputs: { ...inputs, model_inputs }, outputs });
    expect((await getRun(other)).inputs).toEqual({ model_inputs: [{ model_id: ids[0] }] });
    const found = await searchRuns({ experiment_ids: [experimentId] });
    expect(found.find(({ info }) => info.run_id === runId)).toMatchObject({ inputs, outputs });
    expect(found.flatMap((run) => Object.keys(run.inputs))).toEqual(["dataset_inputs"]);
  }
  expect(await paramsOf(runId)).toEqual({});
});

test.each([
  ["runs/outputs", {}],
  ["runs/outputs", { models: [{}] }],
  ["runs/outputs", { models: [{ model_id: "m".repeat(251) }] }],
  ["runs/log-inputs", { models: [{}] }],
])("%s refuses %j", async (endpoint, message) => {
  const runId = await newRun();
  await expectMlflowError(send(endpoint, { run_id: runId, ...message }), "INVALID_PARAMETER_VALUE");
  await expectMlflowError(send(endpoint, { run_id: "none", models: [{ model_id: "m" }] }), "RESOURCE_DOES_NOT_EXIST");
});

test("files are listed and read below the model, and nowhere else", async () => {
  const { model_id: modelId } = (await create()).info;
  const key = `${experimentId}/models/${modelId}/artifacts/data/a b.txt`;
  await fetchWorker(`/api/2.0/mlflow-artifacts/artifacts/${encodeURI(key)}`, { method: "PUT", body: "text" });
  const root_uri = `mlflow-artifacts:/${experimentId}/models/${modelId}/artifacts`;
  expect(await onModelOk("GET", `${modelId}/artifacts/directories`)).toEqual({
    root_uri,
    files: [{ path: "data", is_dir: true }],
  });
  expect(await onModelOk("GET", `${modelId}/artifacts/directories?artifact_directory_path=data`)).toEqual({
    root_uri,
    files: [{ path: "data/a b.txt", is_dir: false, file_size: 4 }],
  });
  const file = await onModel("GET", `${modelId}/artifacts/files?artifact_file_path=data/a%20b.txt`);
  expect(await file.text()).toBe("text");
  expect(file.headers.get("Content-Disposition")).toContain("attachment");
  await expectMlflowError(onModel("GET", `${modelId}/artifacts/files`), "BAD_REQUEST");
  await expectMlflowError(
    onModel("GET", `${modelId}/artifacts/files?artifact_file_path=data`),
    "RESOURCE_DOES_NOT_EXIST",
  );
  for (const path of ["..", "../x", "/x", "a/../../x", "%2e%2e/x"]) {
    for (const of of ["directories?artifact_directory_path", "files?artifact_file_path"]) {
      await expectMlflowError(onModel("GET", `${modelId}/artifacts/${of}=${path}`), "INVALID_PARAMETER_VALUE");
    }
  }
});

test("pages of a search hold each model once, and a token belongs to its search", async () => {
  const of = await newExperiment();
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.unshift((await newModel({ experiment_id: of, name: `m${i % 2}` })).info.model_id);
  const search = { experiment_ids: [of], max_results: 2, order_by: [{ field_name: "name", ascending: false }] };
  const found: string[] = [];
  let token: string | undefined;
  do {
    const page = await mlflow<{ models: WireModel[]; next_page_token?: string }>("logged-models/search", {
      ...search,
      page_token: token,
    });
    found.push(...page.models.map(({ info }) => info.model_id));
    token = page.next_page_token;
    if (token !== undefined) {
      const other = { ...search, order_by: [], page_token: token };
      await expectMlflowError(send("logged-models/search", other), "INVALID_PARAMETER_VALUE");
    }
  } while (token !== undefined);
  expect(new Set(found)).toEqual(new Set(ids));
  expect(found).toHaveLength(5);
});

test.each<[string, Message]>([
  ["no experiments named", { experiment_ids: undefined }],
  ["an experiment that is no number", { experiment_ids: ["x"] }],
  ["a negative size", { max_results: -1 }],
  ["a token that is none", { page_token: "xx" }],
  ["a dataset without name", { datasets: [{ dataset_digest: "x" }] }],
  ["an order without field", { order_by: [{}] }],
  ["an order by params", { order_by: [{ field_name: "params.a" }] }],
  ["eleven orders", { order_by: Array.from({ length: 11 }, (_, i) => ({ field_name: `metrics.${i}` })) }],
])("a search is refused with %s", async (_what, message) => {
  await expectMlflowError(
    send("logged-models/search", { experiment_ids: [experimentId], ...message }),
    "INVALID_PARAMETER_VALUE",
  );
});

test("a search of no experiments, or of one that is not there, is empty", async () => {
  expect(await mlflow("logged-models/search", { experiment_ids: [] })).toEqual({});
  expect(await mlflow("logged-models/search", { experiment_ids: ["987654321"] })).toEqual({});
});
