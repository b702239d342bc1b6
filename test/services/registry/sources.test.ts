import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { onNewModelVersion } from "../../../src/routes/permissions.ts";
import {
  createRun,
  expectMlflowError,
  fetchWorker,
  type Message,
  mlflow,
  newExperiment,
  send,
} from "../../helpers/mlflow.ts";
import { newModel, newSource, newVersion, searchVersions } from "../../helpers/registry.ts";
import { storedState } from "../../helpers/state.ts";

const IS_PROMPT = { key: "mlflow.prompt.is_prompt", value: "true" };

describe("sources", () => {
  const create = (message: Message) => send("model-versions/create", message);

  test.each([
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    " file:///etc",
    "file:etc",
    "/etc",
    "//etc",
    "//proc/self/root",
    "etc/passwd",
    "C:\\x",
    "C:x",
    "\\\\server\\share",
    "http://127.0.0.1:9/api/2.0/mlflow-artifacts/artifacts/x",
    "https://example.com/x",
    "ftp://example.com/x",
    "hdfs://example.com/x",
    "dbfs:/x?y#z",
    "mlflow-artifacts:/",
    "mlflow-artifacts:x",
    "mlflow-artifacts://example.com/x",
    "runs:/",
    "runs:",
    "runs://example.com/a",
    "models:/",
    "models:/a/",
    "models:/a/1/2",
    "models:/../1",
    "models:/a/..",
    "models:/@a",
    "models:/a@",
    "models://example.com/a/1",
    "dummy-source",
    "prompt-template",
    "data:text/plain,x",
    "x".repeat(100_001),
  ])("%.60s is none", async (source) => {
    const name = await newModel();
    const { run_id } = await newSource();
    const before = await storedState();
    for (const message of [{}, { run_id }, { model_id: `m-${run_id}` }]) {
      await expectMlflowError(create({ name, source, ...message }), "INVALID_PARAMETER_VALUE");
    }
    expect(await storedState()).toBe(before);
  });

  test("a run's files are registered under that run only", async () => {
    const name = await newModel();
    const [mine, other] = [await newSource(), await newSource()];
    const foreign = [
      other.source,
      `runs:/${other.run_id}/model`,
      mine.source.replace("/model", "/../../../../x"),
      mine.source.replace("/model", "/%2e%2e/x"),
      mine.source.replace("/model", "/%252e%252e/x"),
      mine.source.replace("/artifacts/model", "/artifactsx"),
      mine.source.replace(/\/artifacts\/model$/, ""),
      mine.source.replace("mlflow-artifacts:/", "mlflow-artifacts://host/"),
      `${mine.source}?a=b`,
      `${mine.source}#a`,
      `${mine.source}\\..\\x`,
      `runs:/${mine.run_id}/../x`,
    ];
    for (const source of foreign) {
      await expectMlflowError(create({ name, source, run_id: mine.run_id }), "INVALID_PARAMETER_VALUE");
    }
    for (const source of [mine.source, `runs:/${mine.run_id}/model`]) {
      await expectMlflowError(create({ name, source }), "INVALID_PARAMETER_VALUE");
      await expectMlflowError(create({ name, source, run_id: "nobody" }), "INVALID_PARAMETER_VALUE");
      expect((await create({ name, source, run_id: mine.run_id })).status).toBe(200);
    }
    const both = create({ name, ...mine, runId: other.run_id });
    await expectMlflowError(both, "INVALID_PARAMETER_VALUE");
  });

  test("a version made of another takes over its run and its files, and is not made of anything later", async () => {
    const [from, to] = [await newModel(), await newModel()];
    const first = await newVersion(from);
    await newVersion(from);
    await mlflow("registered-models/alias", { name: from, alias: "best", version: "1" });
    await mlflow("model-versions/transition-stage", { name: from, version: "1", stage: "Production" });
    for (const selector of ["/1", "/01", "@best", "/production"]) {
      const made = await newVersion(to, { source: `models:/${from}${selector}` });
      expect(made).toMatchObject({ source: `models:/${from}/1`, run_id: first.run_id });
    }
    expect((await newVersion(to, { source: `models:/${from}/Latest` })).source).toBe(`models:/${from}/2`);
    const chained = await newVersion(to, { source: `models:/${to}/1` });
    await mlflow("registered-models/delete", { name: from }, "DELETE");
    const location = await mlflow("model-versions/get-download-uri", { name: to, version: chained.version });
    expect(location).toEqual({ artifact_uri: first.source });
  });

  test("a version made of another cannot claim another run, nor be made of a prompt or of nothing", async () => {
    const [name, prompt] = [await newModel(), await newModel({ tags: [IS_PROMPT] })];
    await newVersion(name);
    await newVersion(prompt, { source: "dummy-source", tags: [IS_PROMPT] });
    const refused: [Message, "INVALID_PARAMETER_VALUE" | "RESOURCE_DOES_NOT_EXIST"][] = [
      [{ source: `models:/${name}/1`, run_id: "other" }, "INVALID_PARAMETER_VALUE"],
      [{ source: `models:/${name}/1`, model_id: "m-1" }, "INVALID_PARAMETER_VALUE"],
      [{ source: `models:/${prompt}/1` }, "INVALID_PARAMETER_VALUE"],
      [{ source: `models:/${name}/Production` }, "INVALID_PARAMETER_VALUE"],
      [{ source: `models:/${name}/Released` }, "INVALID_PARAMETER_VALUE"],
      [{ source: `models:/${name}@nobody` }, "INVALID_PARAMETER_VALUE"],
      [{ source: `models:/${name}/9` }, "RESOURCE_DOES_NOT_EXIST"],
      [{ source: "models:/nobody/1" }, "RESOURCE_DOES_NOT_EXIST"],
    ];
    for (const [message, code] of refused) await expectMlflowError(create({ name, ...message }), code);
  });

  test("a logged model's files are registered under that model, which is told", async () => {
    const name = await newModel();
    const { info } = await createRun({ experiment_id: await newExperiment() });
    const modelId = await newLoggedModel(info.experiment_id, info.run_id);
    const artifacts = `mlflow-artifacts:/${info.experiment_id}/models/${modelId}/artifacts`;
    const named = await newVersion(name, { source: `models:/${modelId}`, model_id: modelId });
    expect(named).toMatchObject({ version: "1", source: `models:/${modelId}`, run_id: info.run_id });
    expect(await mlflow("model-versions/get-download-uri", { name, version: "1" })).toEqual({
      artifact_uri: artifacts,
    });
    await newVersion(name, { source: `${artifacts}/part`, model_id: modelId });
    const tag = await env.DB.prepare(
      "SELECT value FROM logged_model_tags WHERE model_id = ? AND key = 'mlflow.modelVersions'",
    )
      .bind(modelId)
      .first<{ value: string }>();
    expect(JSON.parse(tag?.value ?? "")).toEqual([
      { name, version: 1 },
      { name, version: 2 },
    ]);
    for (const message of [
      { source: `models:/${modelId}` },
      { source: `models:/${modelId}`, run_id: info.run_id },
      { source: `models:/${modelId}`, model_id: "m-other" },
      { source: "models:/m-other", model_id: "m-other" },
      { source: artifacts, run_id: info.run_id },
      { source: artifacts, model_id: "m-other" },
      { source: `${info.artifact_uri}/model`, run_id: info.run_id, model_id: modelId },
      { source: `runs:/${info.run_id}/model`, run_id: info.run_id, model_id: modelId },
    ]) {
      await expectMlflowError(create({ name, ...message }), "INVALID_PARAMETER_VALUE");
    }
  });

  test("who may read the model may read its source, so whoever makes a version must", () => {
    const needed = (message: Message) => {
      const on = typeof onNewModelVersion === "string" ? () => [] : onNewModelVersion.on;
      return on({ name: "n", source: "", ...message });
    };
    const model = { kind: "registeredModel", name: "n" };
    const read = (resource: object) => ({ ...resource, level: "READ" });
    const run = read({ kind: "run", runId: "r1" });
    expect(needed({ source: "runs:/r1/a", runId: "r1" })).toEqual([model, run, run]);
    expect(needed({ source: "mlflow-artifacts:/1/r1/artifacts", runId: "r1" })).toEqual([
      model,
      read({ kind: "artifact", objectKey: "1/r1/artifacts" }),
      run,
    ]);
    expect(needed({ source: "models:/m-1", modelId: "m-2" })).toEqual([
      model,
      read({ kind: "loggedModel", modelId: "m-1" }),
      read({ kind: "loggedModel", modelId: "m-2" }),
    ]);
    expect(needed({ source: "models:/other/1" })).toEqual([model, read({ kind: "registeredModel", name: "other" })]);
    expect(needed({ source: "dummy-source", tags: [IS_PROMPT] })).toEqual([model]);
    expect(needed({ source: "s3://bucket/x" })).toEqual([model]);
    expect(() => needed({ source: "file:etc" })).toThrow();
  });
});

describe("prompts", () => {
  test("have a placeholder for a source, and no other", async () => {
    const name = await newModel({ tags: [IS_PROMPT] });
    for (const source of ["dummy-source", "prompt-template"]) {
      const text = { key: "mlflow.prompt.text", value: "Hi {{name}}" };
      expect((await newVersion(name, { source, tags: [IS_PROMPT, text] })).tags).toEqual([IS_PROMPT, text]);
    }
    const before = await storedState();
    for (const source of ["file:///etc", "/etc", "s3://b/x", "mlflow-artifacts:/0", "models:/a/1", "x"]) {
      const refused = send("model-versions/create", { name, source, tags: [IS_PROMPT] });
      await expectMlflowError(refused, "INVALID_PARAMETER_VALUE");
    }
    const isNone = [IS_PROMPT, { ...IS_PROMPT, value: "false" }];
    const refused = send("model-versions/create", { name, source: "dummy-source", tags: isNone });
    await expectMlflowError(refused, "INVALID_PARAMETER_VALUE");
    expect(await storedState()).toBe(before);
  });

  test("are not found unless asked for, and are never served as files", async () => {
    const name = await newModel({ tags: [IS_PROMPT] });
    await newVersion(name, { source: "dummy-source", tags: [IS_PROMPT] });
    expect(await searchVersions(`name = '${name}'`)).toEqual([]);
    expect(await searchVersions(`tags.\`mlflow.prompt.is_prompt\` = 'true' AND name = '${name}'`)).toHaveLength(1);
    await expectMlflowError(getArtifact(name, "1", "x"), "RESOURCE_DOES_NOT_EXIST");
  });
});

describe("files of a version", () => {
  test("are those of its source, by any way that it is named", async () => {
    const { info } = await createRun({ experiment_id: await newExperiment() });
    const path = info.artifact_uri.replace("mlflow-artifacts:/", "");
    const upload = `/api/2.0/mlflow-artifacts/artifacts/${path}/model/MLmodel`;
    expect((await fetchWorker(upload, { method: "PUT", body: "flavors: {}" })).status).toBe(200);
    const name = await newModel();
    await newVersion(name, { source: `${info.artifact_uri}/model`, run_id: info.run_id });
    await newVersion(name, { source: `runs:/${info.run_id}/model`, run_id: info.run_id });
    await newVersion(name, { source: `runs:/${info.run_id}`, run_id: info.run_id });
    await newVersion(name, { source: `models:/${name}/2` });
    for (const [version, file] of [
      ["1", "MLmodel"],
      ["2", "MLmodel"],
      ["3", "model/MLmodel"],
      ["4", "MLmodel"],
    ] as const) {
      const response = await getArtifact(name, version, file);
      expect(await response.text(), version).toBe("flavors: {}");
      expect(response.headers.get("Content-Disposition")).toContain('filename="MLmodel"');
    }
    for (const file of ["../model/MLmodel", "/etc/passwd", "a/../../x", "%2e%2e/x"]) {
      await expectMlflowError(getArtifact(name, "1", file), "INVALID_PARAMETER_VALUE");
    }
    await expectMlflowError(getArtifact(name, "1", "nothing"), "RESOURCE_DOES_NOT_EXIST");
    await expectMlflowError(getArtifact(name, "9", "MLmodel"), "RESOURCE_DOES_NOT_EXIST");
    await expectMlflowError(
      fetchWorker(`/model-versions/get-artifact?name=${name}&version=1`),
      "INVALID_PARAMETER_VALUE",
    );
  });
});

function getArtifact(name: string, version: string, path: string): Promise<Response> {
  return fetchWorker(`/model-versions/get-artifact?${new URLSearchParams({ name, version, path })}`);
}

async function newLoggedModel(experimentId: string, runId: string): Promise<string> {
  const message = { experiment_id: experimentId, name: "m", source_run_id: runId };
  return (await mlflow<{ model: { info: { model_id: string } } }>("logged-models", message)).model.info.model_id;
}
