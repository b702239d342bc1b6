import { expect, test } from "vitest";
import {
  expectMlflowError,
  getRun,
  historyOf,
  type Message,
  metricsOf,
  mlflow,
  newRun,
  paramsOf,
  send,
  tagsOf,
} from "../../helpers/mlflow.ts";
import { storedState } from "../../helpers/state.ts";

const refuse = (endpoint: string, message: Message) =>
  expectMlflowError(send(endpoint, message), "INVALID_PARAMETER_VALUE");

const numbered = (count: number, make: (i: number) => object) => Array.from({ length: count }, (_, i) => make(i));
const metric = (i: number) => ({ key: `metric ${i}`, value: i, timestamp: 1, step: i });
const pair = (i: number) => ({ key: `key ${i}`, value: String(i) });

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

test.each(["mlflow.loggedArtifacts", "mlflow.log-model.history"])(
  "%s, a list, is kept whole or refused",
  async (key) => {
    const list = (count: number) =>
      JSON.stringify(numbered(count, (i) => ({ path: `tables/${i}.json`, type: "table" })));
    const run_id = await newRun({ tags: [{ key, value: list(1000) }] });
    expect((await tagsOf(run_id))[key]).toBe(list(1000));
    await mlflow("runs/set-tag", { run_id, key, value: list(2000) });
    await mlflow("runs/log-batch", { run_id, tags: [{ key, value: list(3000) }] });
    expect((await tagsOf(run_id))[key]).toBe(list(3000));
    const message = await refuse("runs/set-tag", { run_id, key, value: list(10_000) });
    expect(message).toContain("250000");
    expect(message.length).toBeLessThan(600);
    expect((await tagsOf(run_id))[key]).toBe(list(3000));
  },
);

test("a tag is set again and cut at 8,000 characters, and deleted once", async () => {
  const run_id = await newRun();
  await mlflow("runs/set-tag", { run_id, key: "a", value: "1" });
  await mlflow("runs/set-tag", { run_id, key: "a", value: "x".repeat(8001) });
  expect((await tagsOf(run_id)).a).toBe("x".repeat(8000));
  await mlflow("runs/delete-tag", { run_id, key: "a" });
  expect(await tagsOf(run_id)).not.toHaveProperty("a");
  await expectMlflowError(send("runs/delete-tag", { run_id, key: "a" }), "RESOURCE_DOES_NOT_EXIST");
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
