import { expect, test } from "vitest";
import { newModel } from "../helpers/logged-models.ts";
import { expectMlflowError, fetchWorker, getRun, newExperiment, newRun, send } from "../helpers/mlflow.ts";

const upload = (query: string, body?: BodyInit) =>
  fetchWorker(`/ajax-api/2.0/mlflow/upload-artifact${query}`, { method: "POST", body: body ?? null });

test("an uploaded artifact is the run's", async () => {
  const runId = await newRun();
  const answer = await upload(`?run_uuid=${runId}&path=${encodeURIComponent("notes/ä b.json")}`, `{"a":1}`);
  expect([answer.status, await answer.text(), answer.headers.get("Content-Type")]).toEqual([
    200,
    "",
    "application/json",
  ]);
  const file = await fetchWorker(`/get-artifact?run_id=${runId}&path=notes/${encodeURIComponent("ä b.json")}`);
  expect(await file.text()).toBe(`{"a":1}`);
  const listed = await fetchWorker(`/api/2.0/mlflow/artifacts/list?run_id=${runId}&path=notes`);
  const { artifact_uri: root_uri } = (await getRun(runId)).info;
  expect(await listed.json()).toEqual({ root_uri, files: [{ path: "notes/ä b.json", is_dir: false, file_size: 7 }] });
});

test("10 MiB are uploaded, and not a byte more", async () => {
  const runId = await newRun();
  const limit = 10 * 1024 * 1024;
  expect((await upload(`?run_uuid=${runId}&path=a`, new Uint8Array(limit))).status).toBe(200);
  await expectMlflowError(upload(`?run_uuid=${runId}&path=b`, new Uint8Array(limit + 1)), "INVALID_PARAMETER_VALUE");
});

test.each([
  ["no run", "?path=a"],
  ["no path", "?run_uuid=RUN"],
  ["a path above the run", "?run_uuid=RUN&path=../a"],
  ["the run itself as path", "?run_uuid=RUN&path=/"],
  ["an encoded climb", "?run_uuid=RUN&path=%252e%252e/a"],
])("an upload with %s is refused", async (_what, query) => {
  const runId = await newRun();
  await expectMlflowError(upload(query.replace("RUN", runId), "x"), "INVALID_PARAMETER_VALUE");
});

test("an upload of nothing, and one to no run, are refused", async () => {
  const runId = await newRun();
  await expectMlflowError(upload(`?run_uuid=${runId}&path=a`), "INVALID_PARAMETER_VALUE");
  await expectMlflowError(upload("?run_uuid=none&path=a", "x"), "RESOURCE_DOES_NOT_EXIST");
  await expectMlflowError(upload("?run_uuid=none&path=a"), "INVALID_PARAMETER_VALUE");
});

test("no URL is presigned, and what is wrong with a request is said first", async () => {
  const runId = await newRun();
  const { model_id } = (await newModel({ experiment_id: await newExperiment() })).info;
  const ask = (what: "upload" | "download", message: object, code: Parameters<typeof expectMlflowError>[1]) =>
    expectMlflowError(send(`artifacts/presigned-${what}-url`, { path: "a", ...message }), code);
  expect(await ask("upload", { run_id: runId }, "INVALID_PARAMETER_VALUE")).toContain("not supported");
  expect(await ask("upload", { model_id }, "INVALID_PARAMETER_VALUE")).toContain("not supported");
  expect(await ask("download", { run_id: runId }, "INVALID_PARAMETER_VALUE")).toContain("not supported");
  expect(await ask("upload", {}, "INVALID_PARAMETER_VALUE")).toContain("Exactly one of");
  expect(await ask("upload", { run_id: runId, model_id }, "INVALID_PARAMETER_VALUE")).toContain("Exactly one of");
  expect(await ask("upload", { run_id: runId, path: "../a" }, "INVALID_PARAMETER_VALUE")).toBe(
    'Invalid path: the name ".." leads to another folder.',
  );
  expect(await ask("download", { run_id: runId, expiration: 0 }, "INVALID_PARAMETER_VALUE")).toContain("expiration");
  await ask("upload", { run_id: "none" }, "RESOURCE_DOES_NOT_EXIST");
  await ask("upload", { model_id: "m-none" }, "RESOURCE_DOES_NOT_EXIST");
  await ask("download", { run_id: "none" }, "RESOURCE_DOES_NOT_EXIST");
});
