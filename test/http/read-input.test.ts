import { expect, test } from "vitest";
import {
  expectMlflowError,
  fetchWorker,
  getExperiment,
  getRun,
  newExperiment,
  newRun,
  ORIGIN,
  postText,
  tagsOf,
} from "../helpers/mlflow.ts";
import { storedState } from "../helpers/state.ts";

const CREATE = "/api/2.0/mlflow/experiments/create";
const name = () => `name ${crypto.randomUUID()}`;
const created = async (response: Response) =>
  getExperiment(((await response.json()) as { experiment_id: string }).experiment_id);

test.each(["application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8"])(
  "a body is read as %s",
  async (contentType) => {
    const text = name();
    const experiment = await created(await postText("experiments/create", JSON.stringify({ name: text }), contentType));
    expect(experiment.name).toBe(text);
  },
);

test.each([
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=a",
  "text/plain; application/json",
  "application/jsonx",
  "application/json-patch+json",
  "",
])("a body that says %j is refused unread", async (contentType) => {
  const before = await storedState();
  const answer = postText("experiments/create", JSON.stringify({ name: name() }), contentType);
  await expectMlflowError(answer, "INVALID_PARAMETER_VALUE");
  expect(await storedState()).toBe(before);
});

test("a body without content type is refused, under every prefix", async () => {
  for (const prefix of ["/api/2.0", "/ajax-api/2.0", "/api/2.0/preview"]) {
    const body = new TextEncoder().encode(JSON.stringify({ name: name() }));
    const answer = fetchWorker(`${prefix}/mlflow/experiments/create`, { method: "POST", body });
    expect(await expectMlflowError(answer, "INVALID_PARAMETER_VALUE")).toContain("Content-Type header is missing");
  }
});

test.each([
  "{",
  "nope",
  '{"name":"a"}x',
  '{"name":NaN}',
  "{'name':'a'}",
  '"not JSON again"',
  "[]",
  "5",
  "null",
  "\ufffe",
  '{"name":"\ud83d"}',
])("%j is no message", async (body) => {
  const before = await storedState();
  await expectMlflowError(postText("experiments/create", body), "INVALID_PARAMETER_VALUE");
  expect(await storedState()).toBe(before);
});

test("bytes that are no UTF-8 are no message", async () => {
  const body = new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]);
  const answer = fetchWorker(CREATE, { method: "POST", body, headers: { "Content-Type": "application/json" } });
  expect(await expectMlflowError(answer, "INVALID_PARAMETER_VALUE")).toContain("UTF-8");
});

test("an empty body is an empty message", async () => {
  expect(await expectMlflowError(postText("experiments/create", ""), "INVALID_PARAMETER_VALUE")).toContain("'name'");
  const created = await postText("runs/create", " ");
  expect(created.status).toBe(200);
});

test("a message may be encoded twice, as the oldest clients send it, and begin with a byte order mark", async () => {
  for (const encode of [(json: string) => JSON.stringify(json), (json: string) => `\ufeff${json}`]) {
    const text = name();
    const body = encode(JSON.stringify({ name: text }));
    expect((await created(await postText("experiments/create", body))).name).toBe(text);
  }
});

test.each([
  ["lists", "[", "]"],
  ["objects", '{"a":', "}"],
])("%s nested 5,000 deep are ignored where unknown and refused where known", async (_what, open, close) => {
  const deep = `${open.repeat(5000)}${open === "[" ? "" : "1"}${close.repeat(5000)}`;
  const known = [`{"name":${deep}}`, `{"name":"a","tags":${deep}}`, `{"name":"a","tags":[${deep}]}`, deep];
  for (const body of known) await expectMlflowError(postText("experiments/create", body), "INVALID_PARAMETER_VALUE");
  const unknown = `{"name":${JSON.stringify(name())},"unknown":${deep}}`;
  expect((await postText("experiments/create", unknown)).status).toBe(200);
  // The integer needs the exact parser, which walks the whole value.
  const exact = await postText("experiments/create", unknown.replace("}", "}").replace(/^{/, '{"n":9007199254740993,'));
  expect([200, 400]).toContain(exact.status);
});

test("a body of more than 8 MiB is refused, whatever length it says", async () => {
  const experimentId = await newExperiment();
  const body = (bytes: number) => {
    const start = `{"experiment_id":"${experimentId}","key":"a","value":"1","pad":"`;
    return `${start}${"x".repeat(bytes - start.length - 2)}"}`;
  };
  const limit = 8 * 1024 * 1024;
  expect((await postText("experiments/set-experiment-tag", body(limit))).status).toBe(200);
  await expectMlflowError(postText("experiments/set-experiment-tag", body(limit + 1)), "REQUEST_TOO_LARGE");
  const chunks = new Blob([body(limit + 1)]).stream();
  const unsaid = fetchWorker("/api/2.0/mlflow/experiments/set-experiment-tag", {
    method: "POST",
    body: chunks,
    headers: { "Content-Type": "application/json" },
  });
  await expectMlflowError(unsaid, "REQUEST_TOO_LARGE");
});

test("a GET is read from its query, and one without query needs one", async () => {
  const runId = await newRun({ tags: [{ key: "a", value: "b" }] });
  expect(await tagsOf(runId)).toMatchObject({ a: "b" });
  for (const query of ["", "?", "?#"]) {
    const answer = fetchWorker(`/api/2.0/mlflow/runs/get${query}`);
    expect(await expectMlflowError(answer, "INVALID_PARAMETER_VALUE")).toContain("'run_id'");
  }
  const encoded = `${ORIGIN}/api/2.0/mlflow/runs/get?run_id=${[...runId].map((c) => `%${c.charCodeAt(0).toString(16)}`).join("")}`;
  expect(await (await fetchWorker(encoded)).json()).toEqual({ run: await getRun(runId) });
});
