import { expect, test } from "vitest";
import {
  expectMlflowError,
  fetchWorker,
  getExperiment,
  getRun,
  mlflow,
  newExperiment,
  newRun,
  searchRuns,
  send,
  type WireExperiment,
} from "../helpers/mlflow.ts";

const uniqueName = () => `name ${crypto.randomUUID()}`;

function pairs(record: Readonly<Record<string, string>>) {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}

test("a new experiment has what it was given, and a location below mlflow-artifacts", async () => {
  const name = uniqueName();
  const before = Date.now();
  const id = await newExperiment({ name, tags: pairs({ b: "2", a: "1" }) });
  expect(id).toMatch(/^[1-9]\d*$/);
  const experiment = await getExperiment(id);
  expect(experiment).toEqual({
    experiment_id: id,
    name,
    artifact_location: `mlflow-artifacts:/${id}`,
    lifecycle_stage: "active",
    creation_time: experiment.last_update_time,
    last_update_time: expect.any(Number),
    tags: pairs({ a: "1", b: "2" }),
  });
  expect(experiment.creation_time).toBeGreaterThanOrEqual(before);
  expect(await mlflow("experiments/get-by-name", { experiment_name: name })).toEqual({ experiment });
});

test.each(["", " ", "\t", "\n ", "\u00a0"])(
  "the blank name %j is refused, for a new experiment and an old one",
  async (name) => {
    await expectMlflowError(send("experiments/create", { name }), "INVALID_PARAMETER_VALUE");
    const id = await newExperiment();
    const before = await getExperiment(id);
    await expectMlflowError(
      send("experiments/update", { experiment_id: id, new_name: name }),
      "INVALID_PARAMETER_VALUE",
    );
    expect(await getExperiment(id)).toEqual(before);
  },
);

test("without tags there is no list of them; of two tags of one key the later stays", async () => {
  expect(await getExperiment(await newExperiment())).not.toHaveProperty("tags");
  const tags = [...pairs({ a: "1" }), ...pairs({ a: "2" }), { key: "b" }];
  expect((await getExperiment(await newExperiment({ tags }))).tags).toEqual(pairs({ a: "2", b: "" }));
});

test("experiment 0 is Default", async () => {
  expect(await getExperiment("0")).toMatchObject({ name: "Default", artifact_location: "mlflow-artifacts:/0" });
});

test("a name belongs to one experiment, deleted or not, and case counts", async () => {
  const name = uniqueName();
  const id = await newExperiment({ name });
  expect(await expectMlflowError(send("experiments/create", { name }), "RESOURCE_ALREADY_EXISTS")).toContain(name);
  await mlflow("experiments/delete", { experiment_id: id });
  const message = await expectMlflowError(send("experiments/create", { name }), "RESOURCE_ALREADY_EXISTS");
  expect(message).toContain("deleted state");
  await newExperiment({ name: name.toUpperCase() });
});

test("of many creations of one name at once, one succeeds", async () => {
  const name = uniqueName();
  const answers = await Promise.all(Array.from({ length: 20 }, () => send("experiments/create", { name })));
  expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array<number>(19).fill(400)]);
});

test.each([
  ["no name", {}],
  ["an empty name", { name: "" }],
  ["a number for a name", { name: 5 }],
  ["501 characters", { name: "é".repeat(501) }],
  ["a NUL", { name: "a\0b" }],
  ["tags that are no list", { name: uniqueName(), tags: { key: "a" } }],
  ["a tag without key", { name: uniqueName(), tags: [{ value: "a" }] }],
  ["a tag of 251 characters", { name: uniqueName(), tags: [{ key: "k".repeat(251), value: "" }] }],
  ["a tag value of 20,001 characters", { name: uniqueName(), tags: [{ key: "k", value: "v".repeat(20_001) }] }],
  ["a location in a run", { name: uniqueName(), artifact_location: "runs:/a/b" }],
  ["a location that climbs", { name: uniqueName(), artifact_location: "mlflow-artifacts:/a/../b" }],
  ["a location with a fragment", { name: uniqueName(), artifact_location: "mlflow-artifacts:/a#b" }],
])("refuses to create an experiment with %s", async (_what, message) => {
  await expectMlflowError(send("experiments/create", message), "INVALID_PARAMETER_VALUE");
});

test("names of 500 characters, of any script and with spaces around are names", async () => {
  const suffix = crypto.randomUUID();
  for (const name of [`${"😀".repeat(500 - suffix.length)}${suffix}`, `実験/${suffix}`, ` ${suffix}\n`]) {
    expect((await getExperiment(await newExperiment({ name }))).name).toBe(name);
  }
});

test.each([
  ["experiments/get", { experiment_id: "999999999" }],
  ["experiments/get", { experiment_id: "-1" }],
  ["experiments/get", { experiment_id: "00" }],
  ["experiments/get", { experiment_id: "99999999999999999999999" }],
  ["experiments/get-by-name", { experiment_name: "there is none" }],
  ["experiments/update", { experiment_id: "999999999", new_name: "a" }],
  ["experiments/delete", { experiment_id: "999999999" }],
  ["experiments/restore", { experiment_id: "999999999" }],
  ["experiments/set-experiment-tag", { experiment_id: "999999999", key: "a", value: "b" }],
  ["experiments/delete-experiment-tag", { experiment_id: "999999999", key: "a" }],
  ["runs/create", { experiment_id: "999999999" }],
])("%s of %j: there is none", async (endpoint, message) => {
  await expectMlflowError(send(endpoint, message), "RESOURCE_DOES_NOT_EXIST");
});

test.each(["experiments/get", "experiments/delete", "experiments/restore", "runs/create"])(
  "%s refuses ids that are no integers",
  async (endpoint) => {
    for (const id of ["abc", "1.0", " 1", "1e3", "0x1"]) {
      await expectMlflowError(send(endpoint, { experiment_id: id }), "INVALID_PARAMETER_VALUE");
    }
  },
);

test("rename gives a new name, and the old one becomes free", async () => {
  const [from, to] = [uniqueName(), uniqueName()];
  const id = await newExperiment({ name: from });
  await mlflow("experiments/update", { experiment_id: id, new_name: to });
  await mlflow("experiments/update", { experiment_id: id, new_name: to });
  expect((await getExperiment(id)).name).toBe(to);
  await newExperiment({ name: from });
  await expectMlflowError(send("experiments/update", { experiment_id: id, new_name: from }), "BAD_REQUEST");
  for (const new_name of ["", undefined, "n".repeat(501)]) {
    await expectMlflowError(send("experiments/update", { experiment_id: id, new_name }), "INVALID_PARAMETER_VALUE");
  }
  expect((await getExperiment(id)).name).toBe(to);
});

test("delete and restore take all runs along, also those that were deleted before", async () => {
  const experimentId = await newExperiment();
  const [kept, deletedBefore] = [
    await newRun({ experiment_id: experimentId }),
    await newRun({ experiment_id: experimentId }),
  ];
  await mlflow("runs/delete", { run_id: deletedBefore });
  const stages = async () => [
    (await getExperiment(experimentId)).lifecycle_stage,
    (await getRun(kept)).info.lifecycle_stage,
    (await getRun(deletedBefore)).info.lifecycle_stage,
  ];
  await mlflow("experiments/delete", { experiment_id: experimentId });
  expect(await stages()).toEqual(["deleted", "deleted", "deleted"]);
  await expectMlflowError(send("experiments/delete", { experiment_id: experimentId }), "RESOURCE_DOES_NOT_EXIST");
  await mlflow("experiments/restore", { experiment_id: experimentId });
  expect(await stages()).toEqual(["active", "active", "active"]);
  await expectMlflowError(send("experiments/restore", { experiment_id: experimentId }), "RESOURCE_DOES_NOT_EXIST");
});

test("a deleted experiment is read, and takes no name, tag or run", async () => {
  const id = await newExperiment({ tags: pairs({ a: "1" }) });
  await mlflow("experiments/delete", { experiment_id: id });
  const deleted = await getExperiment(id);
  expect(deleted).toMatchObject({ lifecycle_stage: "deleted", tags: pairs({ a: "1" }) });
  for (const [endpoint, message] of [
    ["experiments/update", { new_name: uniqueName() }],
    ["experiments/set-experiment-tag", { key: "a", value: "2" }],
    ["experiments/delete-experiment-tag", { key: "a" }],
    ["runs/create", {}],
  ] as const) {
    await expectMlflowError(send(endpoint, { experiment_id: id, ...message }), "INVALID_PARAMETER_VALUE");
  }
  expect(await getExperiment(id)).toEqual(deleted);
  expect(await searchRuns({ experiment_ids: [id], run_view_type: "ALL" })).toEqual([]);
});

test("a tag is set, set again, and deleted once", async () => {
  const id = await newExperiment();
  const setTag = (tag: object) => mlflow("experiments/set-experiment-tag", { experiment_id: id, ...tag });
  await setTag({ key: "a", value: "1" });
  await setTag({ key: "a", value: "2" });
  await setTag({ key: "empty" });
  await setTag({ key: "k".repeat(250), value: "v".repeat(20_000) });
  expect((await getExperiment(id)).tags).toEqual(pairs({ a: "2", empty: "", ["k".repeat(250)]: "v".repeat(20_000) }));
  await mlflow("experiments/delete-experiment-tag", { experiment_id: id, key: "a" });
  const again = send("experiments/delete-experiment-tag", { experiment_id: id, key: "a" });
  await expectMlflowError(again, "RESOURCE_DOES_NOT_EXIST");
});

test.each(["", "k".repeat(251), "a//b", "a/./b", "../a", "..a", "/a", "a/", ".", "a$", "a\n", "%"])(
  "%j is no tag name",
  async (key) => {
    const message = { experiment_id: "0", key, value: "v" };
    await expectMlflowError(send("experiments/set-experiment-tag", message), "INVALID_PARAMETER_VALUE");
  },
);

test.each(["a", "a.b-c_d/e f:g", "é中ß", "٣", "a..", "...a".slice(3), " "])("%j is a tag name", async (key) => {
  const id = await newExperiment();
  await mlflow("experiments/set-experiment-tag", { experiment_id: id, key, value: "v" });
  expect((await getExperiment(id)).tags).toEqual([{ key, value: "v" }]);
});

test("tags of 4 MB in all are read back, alone and in a search", async () => {
  const name = uniqueName();
  const tags = Array.from({ length: 100 }, (_, i) => ({ key: `tag ${i}`, value: "é".repeat(20_000) }));
  const id = await newExperiment({ name, tags });
  const { experiments } = await mlflow<{ experiments: WireExperiment[] }>("experiments/search", {
    filter: `name = '${name}'`,
    max_results: 10,
  });
  expect(experiments).toEqual([await getExperiment(id)]);
  expect(experiments[0]?.tags).toHaveLength(100);
});

test("every change of an experiment shows in its last update time, its tags apart", async () => {
  const id = await newExperiment();
  let before = (await getExperiment(id)).last_update_time;
  for (const [endpoint, message] of [
    ["experiments/update", { new_name: uniqueName() }],
    ["experiments/delete", {}],
    ["experiments/restore", {}],
  ] as const) {
    while (Date.now() <= before) await new Promise((resolve) => setTimeout(resolve, 1));
    await mlflow(endpoint, { experiment_id: id, ...message });
    const after = (await getExperiment(id)).last_update_time;
    expect(after, endpoint).toBeGreaterThan(before);
    before = after;
  }
  while (Date.now() <= before) await new Promise((resolve) => setTimeout(resolve, 1));
  await mlflow("experiments/set-experiment-tag", { experiment_id: id, key: "a", value: "1" });
  await mlflow("experiments/delete-experiment-tag", { experiment_id: id, key: "a" });
  expect((await getExperiment(id)).last_update_time).toBe(before);
});

test("search by GET and by POST, and the list of old clients, agree", async () => {
  const name = uniqueName();
  const ids = [await newExperiment({ name }), await newExperiment({ name: `${name} 2` })];
  const message = { filter: `name LIKE '${name}%'`, max_results: 10, order_by: ["experiment_id ASC"] };
  const byPost = await mlflow<{ experiments: WireExperiment[] }>("experiments/search", message);
  expect(byPost.experiments.map((found) => found.experiment_id)).toEqual(ids);
  expect(byPost).not.toHaveProperty("next_page_token");
  const query = new URLSearchParams({ filter: message.filter, max_results: "10", order_by: "experiment_id ASC" });
  const byGet = await fetchWorker(`/ajax-api/2.0/mlflow/experiments/search?${query}`);
  expect(await byGet.json()).toEqual(byPost);
  const listed = await mlflow<{ experiments: WireExperiment[] }>("experiments/list", {});
  expect(listed.experiments).toEqual(expect.arrayContaining(byPost.experiments));
});

test("search answers 1,000 without max_results, and refuses less than one and more than 50,000", async () => {
  await mlflow("experiments/search", {});
  for (const max_results of [0, -1, 50_001, "x"]) {
    await expectMlflowError(send("experiments/search", { max_results }), "INVALID_PARAMETER_VALUE");
  }
  expect(await mlflow("experiments/search", { filter: "name = 'there is none'", max_results: 1 })).toEqual({});
});

test("preview and ajax paths answer alike", async () => {
  for (const prefix of ["/api/2.0", "/ajax-api/2.0", "/api/2.0/preview"]) {
    const response = await fetchWorker(`${prefix}/mlflow/experiments/get?experiment_id=0`);
    expect(await response.json()).toEqual({ experiment: await getExperiment("0") });
  }
});
