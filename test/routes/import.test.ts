import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import {
  expectMlflowError,
  fetchWorker,
  getExperiment,
  getRun,
  historyOf,
  type Message,
  mlflow,
  searchRuns,
} from "../helpers/mlflow.ts";
import { getModel, getVersion } from "../helpers/registry.ts";
import { storedState } from "../helpers/state.ts";

function post(name: string, records: readonly Message[]): Promise<Response> {
  return fetchWorker(`/api/2.0/trackflare/import/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ command: "one import", records }),
  });
}

async function write(name: string, records: readonly Message[]): Promise<Message> {
  const response = await post(name, records);
  const body = await response.text();
  expect(response.status, `${name}: ${body}`).toBe(200);
  return JSON.parse(body);
}

const EXPERIMENT_ID = "512345678901234567";
let number = 0;
const newRunId = () => `${++number}`.padStart(32, "a");

const experiment = (fields: Message = {}): Message => ({
  experiment_id: EXPERIMENT_ID,
  name: "imported",
  artifact_location: `mlflow-artifacts:/${EXPERIMENT_ID}`,
  lifecycle_stage: "active",
  creation_time_ms: 1_500_000_000_001,
  last_update_time_ms: 1_500_000_000_002,
  tags: [{ key: "mlflow.note.content", value: "from elsewhere" }],
  digest: "d1",
  ...fields,
});

const run = (fields: Message = {}): Message => ({
  run_id: newRunId(),
  experiment_id: EXPERIMENT_ID,
  run_name: "old-timer",
  user_id: "ada",
  status: "FINISHED",
  start_time_ms: 1_500_000_001_000,
  end_time_ms: 1_500_000_002_000,
  artifact_uri: "mlflow-artifacts:/1/x/artifacts",
  params: [{ key: "lr", value: "0.1" }],
  tags: [{ key: "mlflow.runName", value: "old-timer" }],
  dataset_inputs: [
    {
      dataset: { name: "train", digest: "f00d", source_type: "local", source: "{}", profile: "{}" },
      tags: [{ key: "mlflow.data.context", value: "training" }],
    },
  ],
  model_inputs: ["m-1"],
  model_outputs: [{ model_id: "m-2", step: "3" }],
  ...fields,
});

const series = (key: string, values: readonly (number | string)[]): Message => ({
  key,
  timestamps: values.map((_, i) => 1_500_000_001_000 + i),
  steps: values.map((_, i) => i),
  values,
});

/** Imports runs completely, as the command does. */
async function importRuns(runs: readonly Message[], points: readonly Message[], end: Message = {}): Promise<void> {
  await write("experiments", [experiment()]);
  await write("runs", runs);
  await write("points", points);
  await write(
    "finished-runs",
    runs.map((of) => ({ run_id: of.run_id, digest: "r1", ...end })),
  );
}

test("a run of another experiment here is refused, and so is nothing else changed", async () => {
  await write("experiments", [
    experiment(),
    experiment({ experiment_id: "77", name: "other", artifact_location: "s3://b/77" }),
  ]);
  const here = run({ experiment_id: "77" });
  await write("runs", [here]);
  const before = await storedState();
  await expectMlflowError(post("runs", [{ ...here, experiment_id: EXPERIMENT_ID }, run()]), "RESOURCE_ALREADY_EXISTS");
  expect(await storedState()).toEqual(before);
});

test("points of a metric that has one already are kept beside it", async () => {
  const one = run();
  const points = (value: number, at: number) => ({
    run_id: one.run_id,
    metrics: [{ key: "loss", timestamps: [at], steps: [at], values: [value] }],
  });
  await importRuns([one], [points(1, 1)]);
  await write("points", [points(2, 2)]);
  expect((await historyOf(String(one.run_id), "loss")).map(({ value }) => value)).toEqual([1, 2]);
});

test("an experiment keeps its id, times and tags, and the untouched Default becomes what it was", async () => {
  const first = experiment({ experiment_id: "0", name: "Default", creation_time_ms: 7, artifact_location: "s3://b/0" });
  await write("experiments", [experiment(), first]);
  expect(await getExperiment(EXPERIMENT_ID)).toEqual({
    experiment_id: EXPERIMENT_ID,
    name: "imported",
    artifact_location: `mlflow-artifacts:/${EXPERIMENT_ID}`,
    lifecycle_stage: "active",
    creation_time: 1_500_000_000_001,
    last_update_time: 1_500_000_000_002,
    tags: [{ key: "mlflow.note.content", value: "from elsewhere" }],
  });
  expect(await getExperiment("0")).toMatchObject({ creation_time: 7, artifact_location: "s3://b/0" });
});

test("a run keeps its id, times, user, params, tags, inputs and outputs", async () => {
  const imported = run();
  await importRuns([imported], []);
  const found = await getRun(String(imported.run_id));
  expect(found).toMatchObject({
    info: {
      run_id: imported.run_id,
      experiment_id: EXPERIMENT_ID,
      run_name: "old-timer",
      user_id: "ada",
      status: "FINISHED",
      start_time: 1_500_000_001_000,
      end_time: 1_500_000_002_000,
      artifact_uri: "mlflow-artifacts:/1/x/artifacts",
      lifecycle_stage: "active",
    },
    data: { params: [{ key: "lr", value: "0.1" }], tags: [{ key: "mlflow.runName", value: "old-timer" }] },
    inputs: {
      dataset_inputs: [{ dataset: { name: "train", digest: "f00d" }, tags: [{ value: "training" }] }],
      model_inputs: [{ model_id: "m-1" }],
    },
    outputs: { model_outputs: [{ model_id: "m-2", step: 3 }] },
  });
});

test("points are bit-exact, in D1 alone where each metric has one and in the object otherwise", async () => {
  const [one, many] = [run(), run()];
  const values = [0.1, 5e-324, 1.7976931348623157e308, "NaN", 0.30000000000000004];
  const steps = ["-9223372036854775808", -1, 0, 1, "9223372036854775807"];
  await importRuns(
    [one, many],
    [
      { run_id: one.run_id, metrics: [series("acc", [0.30000000000000004])] },
      { run_id: many.run_id, metrics: [{ ...series("loss", values), steps }, series("one", [1])] },
    ],
  );
  const objects = await env.DB.prepare("SELECT run_id, has_object, live_epoch FROM runs WHERE run_id IN (?, ?)")
    .bind(one.run_id, many.run_id)
    .all();
  expect(objects.results).toEqual(
    expect.arrayContaining([
      { run_id: one.run_id, has_object: 0, live_epoch: null },
      { run_id: many.run_id, has_object: 1, live_epoch: null },
    ]),
  );
  expect(await historyOf(String(one.run_id), "acc")).toMatchObject([{ value: 0.30000000000000004 }]);
  expect((await historyOf(String(many.run_id), "loss")).map(({ value }) => value)).toEqual(values);
  const raw = await fetchWorker(`/api/2.0/mlflow/metrics/get-history?run_id=${many.run_id}&metric_key=loss`);
  expect(await raw.text()).toContain('"step":9223372036854775807');
  const [found] = await searchRuns({
    experiment_ids: [EXPERIMENT_ID],
    filter: "metrics.loss = 0.30000000000000004",
  });
  expect(found?.info.run_id).toBe(many.run_id);
});

test("a deleted run keeps its points and when it was deleted", async () => {
  const gone = run();
  await importRuns([gone], [{ run_id: gone.run_id, metrics: [series("loss", [3, 2, 1])] }], {
    lifecycle_stage: "deleted",
    deleted_time_ms: 1_600_000_000_000,
  });
  expect((await getRun(String(gone.run_id))).info.lifecycle_stage).toBe("deleted");
  expect(await historyOf(String(gone.run_id), "loss")).toHaveLength(3);
  const row = await env.DB.prepare("SELECT deleted_time FROM runs WHERE run_id = ?").bind(gone.run_id).first();
  expect(row).toEqual({ deleted_time: 1_600_000_000_000 });
});

test("the same again changes nothing, and is known before it is sent", async () => {
  const runs = [run(), run()];
  const points = [
    { run_id: runs[0]!.run_id, metrics: [series("acc", [1])] },
    { run_id: runs[1]!.run_id, metrics: [series("loss", [3, "NaN", 1])] },
  ];
  const ids = runs.map((of) => String(of.run_id));
  const gone = { lifecycle_stage: "deleted", deleted_time_ms: 5 };
  await importRuns(runs, points, gone);
  const seen = await Promise.all(ids.map(async (id) => [await getRun(id), await historyOf(id, "loss")]));
  const state = await storedState();
  await importRuns(runs, points, gone);
  expect(await storedState()).toBe(state);
  expect(await Promise.all(ids.map(async (id) => [await getRun(id), await historyOf(id, "loss")]))).toEqual(seen);
  const asked = [...ids, "never"].map((id) => ({ kind: "run", id, digest: "r1" }));
  const known = await write("known", [...asked, { kind: "experiment", id: EXPERIMENT_ID, digest: "changed" }]);
  expect(known).toEqual({ records: ids.map((id) => ({ kind: "run", id })) });
});

test("what changed where it came from is taken over, points too, also of a run that is deleted", async () => {
  const changing = run();
  const gone = { lifecycle_stage: "deleted", deleted_time_ms: 5 };
  await importRuns([changing], [{ run_id: changing.run_id, metrics: [series("loss", [1])] }], gone);
  const later = { ...changing, status: "KILLED", tags: [{ key: "more", value: "yes" }] };
  await importRuns([later], [{ run_id: changing.run_id, metrics: [series("loss", [1, 2, 3])] }], gone);
  const found = await getRun(String(changing.run_id));
  expect(found.info).toMatchObject({ status: "KILLED", lifecycle_stage: "deleted" });
  expect(await historyOf(String(changing.run_id), "loss")).toHaveLength(3);
});

test("a logged model and a registered model keep their ids, times, numbers, stages and aliases", async () => {
  const imported = run();
  await importRuns([imported], []);
  await write("logged-models", [
    {
      model_id: "m-of-old",
      experiment_id: EXPERIMENT_ID,
      name: "net",
      model_type: "sklearn",
      source_run_id: imported.run_id,
      status: "LOGGED_MODEL_READY",
      artifact_uri: "mlflow-artifacts:/1/models/m-of-old/artifacts",
      creation_time_ms: 11,
      last_update_time_ms: 12,
      params: [{ key: "C", value: "1" }],
      tags: [{ key: "team", value: "vision" }],
      metrics: [{ model_id: "m-of-old", run_id: imported.run_id, key: "acc", value: 0.1, timestamp: 5, step: 1 }],
      digest: "m1",
    },
  ]);
  const answer = await fetchWorker("/api/2.0/mlflow/logged-models/m-of-old");
  expect(await answer.json()).toMatchObject({
    model: {
      info: { model_id: "m-of-old", creation_timestamp_ms: 11, last_updated_timestamp_ms: 12, model_type: "sklearn" },
      data: { params: [{ key: "C", value: "1" }], metrics: [{ key: "acc", value: 0.1, step: 1 }] },
    },
  });
  const version = (number: number, fields: Message) => ({
    version: number,
    current_stage: "None",
    source: "models:/m-of-old",
    creation_time_ms: 21,
    last_update_time_ms: 22,
    ...fields,
  });
  await write("registered-models", [
    {
      name: "iris",
      description: "flowers",
      creation_time_ms: 31,
      last_update_time_ms: 32,
      tags: [{ key: "team", value: "vision" }],
      aliases: [{ alias: "champion", version: 5 }],
      versions: [
        version(2, { current_stage: "Deleted_Internal" }),
        version(5, { current_stage: "Production", run_id: imported.run_id, tags: [{ key: "ok", value: "yes" }] }),
      ],
      digest: "g1",
    },
  ]);
  expect(await getModel("iris")).toMatchObject({
    creation_timestamp: 31,
    last_updated_timestamp: 32,
    aliases: [{ alias: "champion", version: "5" }],
    latest_versions: [{ version: "5", current_stage: "Production" }],
  });
  expect(await getVersion("iris", "5")).toMatchObject({ creation_timestamp: 21, tags: [{ key: "ok" }] });
  const next = await mlflow<{ model_version: Message }>("model-versions/create", {
    name: "iris",
    source: `runs:/${imported.run_id}/model`,
    run_id: imported.run_id,
  });
  expect(next.model_version.version).toBe("6");
});

test("what cannot be written is refused as a whole, and nothing changes", async () => {
  await write("experiments", [experiment()]);
  const own = await mlflow<{ experiment_id: string }>("experiments/create", { name: "of this server" });
  const state = await storedState();
  const refused: [string, Message[], Parameters<typeof expectMlflowError>[1]][] = [
    ["experiments", [experiment({ experiment_id: own.experiment_id, name: "x" })], "RESOURCE_ALREADY_EXISTS"],
    ["experiments", [experiment({ experiment_id: "99", name: "of this server" })], "RESOURCE_ALREADY_EXISTS"],
    ["experiments", [experiment({ experiment_id: "1e3" })], "INVALID_PARAMETER_VALUE"],
    ["runs", [run(), run({ experiment_id: "424242" })], "RESOURCE_DOES_NOT_EXIST"],
    ["runs", [run(), run({ run_id: "../x" })], "INVALID_PARAMETER_VALUE"],
    ["runs", [run(), run({ status: "DONE" })], "INVALID_PARAMETER_VALUE"],
    ["points", [{ run_id: "nobody", metrics: [series("a", [1])] }], "RESOURCE_DOES_NOT_EXIST"],
    ["finished-runs", [{ run_id: "nobody", digest: "d" }], "RESOURCE_DOES_NOT_EXIST"],
    ["registered-models", [{ name: "a/b", digest: "d" }], "INVALID_PARAMETER_VALUE"],
    ["known", Array.from({ length: 1001 }, () => ({ kind: "run", id: "x", digest: "d" })), "INVALID_PARAMETER_VALUE"],
  ];
  for (const [name, records, code] of refused) await expectMlflowError(post(name, records), code);
  expect(await storedState()).toBe(state);
});

test("a param of another value is refused, with all of its request", async () => {
  const [first, second] = [run(), run()];
  await importRuns([first], []);
  const state = await storedState();
  const changed = { ...first, params: [{ key: "lr", value: "0.2" }] };
  await expectMlflowError(post("runs", [second, changed]), "INVALID_PARAMETER_VALUE");
  expect(await storedState()).toBe(state);
});

test("points of ten thousand metrics with the longest names of MLflow arrive, beside those of another run", async () => {
  const [many, few] = [run(), run()];
  await write("experiments", [experiment()]);
  await write("runs", [many, few]);
  const points = { timestamps: [1, 2], steps: [0, 1], values: [0.25, 0.5] };
  const keys = Array.from({ length: 10_000 }, (_, index) => String(index).padStart(250, "k"));
  await write("points", [
    { run_id: many.run_id, metrics: keys.map((key) => ({ key, ...points })) },
    { run_id: few.run_id, metrics: [{ key: "loss", ...points }] },
  ]);
  for (const [{ run_id }, key] of [
    [many, keys[0]],
    [many, keys.at(-1)],
    [few, "loss"],
  ] as const) {
    expect((await historyOf(run_id as string, key!)).map(({ value }) => value)).toEqual([0.25, 0.5]);
  }
});
