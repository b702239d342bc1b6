import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { onNewModelVersion } from "../../src/routes/permissions.ts";
import {
  createRun,
  expectMlflowError,
  fetchWorker,
  type Message,
  mlflow,
  newExperiment,
  send,
} from "../helpers/mlflow.ts";
import {
  getModel,
  getVersion,
  newModel,
  newSource,
  newVersion,
  searchVersions,
  type WireModelVersion,
} from "../helpers/registry.ts";
import { storedState } from "../helpers/state.ts";

const IS_PROMPT = { key: "mlflow.prompt.is_prompt", value: "true" };

test("a new version has what it was given, is ready at once, and counts as a change of its model", async () => {
  const name = await newModel();
  const source = await newSource();
  const tags = [
    { key: "b", value: "1" },
    { key: "a", value: "" },
    { key: "b", value: "2" },
  ];
  const given = { name, ...source, tags, description: "what for", run_link: "http://ci/1" };
  const created = await mlflow("model-versions/create", given);
  const version = await getVersion(name, "1");
  expect(created).toEqual({ model_version: version });
  expect(version).toEqual({
    name,
    version: "1",
    creation_timestamp: version.last_updated_timestamp,
    last_updated_timestamp: expect.any(Number),
    current_stage: "None",
    description: "what for",
    ...source,
    run_link: "http://ci/1",
    status: "READY",
    tags: [
      { key: "a", value: "" },
      { key: "b", value: "2" },
    ],
  });
  const model = await getModel(name);
  expect(model.last_updated_timestamp).toBe(version.creation_timestamp);
  expect(model.latest_versions).toEqual([version]);
});

test("of what was not given, texts are empty and the rest is absent", async () => {
  const version = await newVersion(await newModel());
  expect(version).toMatchObject({ description: "", run_link: "" });
  expect(version).not.toHaveProperty("tags");
  expect(version).not.toHaveProperty("aliases");
});

test("fifty versions at once are numbered from 1 to 50, without gaps or repeats", async () => {
  const name = await newModel();
  const source = await newSource();
  const created = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      newVersion(name, { ...source, tags: [{ key: "n", value: String(index) }] }),
    ),
  );
  expect(created.map(({ version }) => Number(version)).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 50 }, (_, index) => index + 1),
  );
  for (const { version, tags } of created) expect((await getVersion(name, version)).tags).toEqual(tags);
});

test("a deleted version is gone, what it was made of is forgotten, and its number is not given again", async () => {
  const name = await newModel();
  const { source, run_id: runId } = await newSource();
  await newVersion(name);
  await newVersion(name, { source, run_id: runId, run_link: "secret", description: "secret" });
  await mlflow("model-versions/delete", { name, version: "2" }, "DELETE");
  const gone = { name, version: "2" };
  for (const endpoint of ["model-versions/get", "model-versions/get-download-uri"]) {
    await expectMlflowError(send(endpoint, gone), "RESOURCE_DOES_NOT_EXIST");
  }
  await expectMlflowError(send("model-versions/delete", gone, "DELETE"), "RESOURCE_DOES_NOT_EXIST");
  const tagged = send("model-versions/set-tag", { ...gone, key: "k", value: "v" });
  await expectMlflowError(tagged, "RESOURCE_DOES_NOT_EXIST");
  const moved = send("model-versions/transition-stage", { ...gone, stage: "Staging" });
  await expectMlflowError(moved, "RESOURCE_DOES_NOT_EXIST");
  const { results } = await env.DB.prepare(
    "SELECT * FROM model_versions WHERE version = 2 AND current_stage = 'Deleted_Internal'",
  ).all();
  expect(JSON.stringify(results)).not.toMatch(new RegExp(`secret|${runId}`));
  expect((await newVersion(name)).version).toBe("3");
  expect((await searchVersions(`name = '${name}'`)).map(({ version }) => version).sort()).toEqual(["1", "3"]);
});

test("updating sets the description; without one it is taken away", async () => {
  const name = await newModel();
  await newVersion(name);
  const update = async (message: Message) => {
    const changed = { name, version: "1", ...message };
    return (await mlflow<{ model_version: WireModelVersion }>("model-versions/update", changed, "PATCH")).model_version;
  };
  expect((await update({ description: "second" })).description).toBe("second");
  expect((await update({ description: "" })).description).toBe("");
  expect(await update({})).not.toHaveProperty("description");
});

test("tags are set, set again and deleted; deleting one that is not there is fine", async () => {
  const name = await newModel();
  await newVersion(name);
  const tag = { name, version: "1", key: "k" };
  for (const value of ["1", "2"]) await mlflow("model-versions/set-tag", { ...tag, value });
  expect((await getVersion(name, "1")).tags).toEqual([{ key: "k", value: "2" }]);
  for (let times = 0; times < 2; times++) await mlflow("model-versions/delete-tag", tag, "DELETE");
  expect(await getVersion(name, "1")).not.toHaveProperty("tags");
  for (const version of ["2", "0", "99999999999999999999"]) {
    await expectMlflowError(
      send("model-versions/delete-tag", { ...tag, version }, "DELETE"),
      "RESOURCE_DOES_NOT_EXIST",
    );
  }
  await expectMlflowError(send("model-versions/set-tag", { ...tag, version: "x" }), "INVALID_PARAMETER_VALUE");
  await expectMlflowError(send("model-versions/set-tag", { ...tag, key: "a//b" }), "INVALID_PARAMETER_VALUE");
});

describe("stages", () => {
  const move = (name: string, version: string, stage: string, archive = false) =>
    send("model-versions/transition-stage", { name, version, stage, archive_existing_versions: archive });

  const stagesOf = async (name: string) => {
    const versions = await searchVersions(`name = '${name}'`, { order_by: ["version_number ASC"] });
    return versions.map((version) => version.current_stage);
  };

  test("are read in any case; those that stand in the way are archived on request", async () => {
    const name = await newModel();
    for (let count = 0; count < 4; count++) await newVersion(name);
    for (const [version, stage] of [
      ["1", "production"],
      ["2", "PRODUCTION"],
      ["3", "Staging"],
    ] as const) {
      expect((await move(name, version, stage)).status).toBe(200);
    }
    await mlflow("model-versions/delete", { name, version: "1" }, "DELETE");
    expect((await move(name, "4", "Production", true)).status).toBe(200);
    expect(await stagesOf(name)).toEqual(["Archived", "Staging", "Production"]);
    for (const method of ["GET", "POST"] as const) {
      const latest = async (message: Message) => {
        const asked = { name, ...message };
        const found = await mlflow<{ model_versions?: WireModelVersion[] }>(
          "registered-models/get-latest-versions",
          asked,
          method,
        );
        return found.model_versions?.map(({ version }) => version).sort() ?? [];
      };
      expect(await latest({})).toEqual(["2", "3", "4"]);
      expect(await latest({ stages: ["staging", "Archived"] })).toEqual(["2", "3"]);
      expect(await latest({ stages: ["None"] })).toEqual([]);
      const wrong = send("registered-models/get-latest-versions", { name, stages: ["Released"] }, method);
      await expectMlflowError(wrong, "INVALID_PARAMETER_VALUE");
    }
  });

  test("refusals change nothing", async () => {
    const name = await newModel();
    await newVersion(name);
    await move(name, "1", "Production");
    const before = await storedState();
    for (const stage of ["Released", "Deleted_Internal", ""]) {
      await expectMlflowError(move(name, "1", stage), "INVALID_PARAMETER_VALUE");
    }
    for (const stage of ["None", "Archived"]) {
      await expectMlflowError(move(name, "1", stage, true), "INVALID_PARAMETER_VALUE");
    }
    await expectMlflowError(move(name, "9", "Production", true), "RESOURCE_DOES_NOT_EXIST");
    await expectMlflowError(move("nobody", "1", "Production", true), "RESOURCE_DOES_NOT_EXIST");
    expect(await storedState()).toBe(before);
  });
});

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
    "s3://bucket/x",
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
      const on = onNewModelVersion === "public" ? () => [] : onNewModelVersion.on;
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
    expect(() => needed({ source: "file:///etc" })).toThrow();
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

describe("searches", () => {
  test("the last to change comes first; pages follow without gaps", async () => {
    const name = await newModel();
    for (let count = 0; count < 5; count++) await newVersion(name);
    await mlflow("model-versions/transition-stage", { name, version: "2", stage: "Staging" });
    await env.DB.prepare(
      "UPDATE model_versions SET last_update_time = last_update_time + 1000 WHERE current_stage = 'Staging'",
    ).run();
    const numbers: string[] = [];
    let token: string | undefined;
    do {
      const message = { filter: `name = '${name}'`, max_results: 2, ...(token !== undefined && { page_token: token }) };
      const page = await mlflow<{ model_versions: WireModelVersion[]; next_page_token?: string }>(
        "model-versions/search",
        message,
      );
      numbers.push(...page.model_versions.map(({ version }) => version));
      token = page.next_page_token;
    } while (token !== undefined);
    expect(numbers[0]).toBe("2");
    expect(numbers.toSorted()).toEqual(["1", "2", "3", "4", "5"]);
    for (const wrong of [
      { max_results: 0 },
      { max_results: 200_001 },
      { page_token: "x" },
      { filter: "status = 'READY'" },
    ]) {
      await expectMlflowError(send("model-versions/search", wrong), "INVALID_PARAMETER_VALUE");
    }
  });
});

function getArtifact(name: string, version: string, path: string): Promise<Response> {
  return fetchWorker(`/model-versions/get-artifact?${new URLSearchParams({ name, version, path })}`);
}

async function newLoggedModel(experimentId: string, runId: string): Promise<string> {
  const message = { experiment_id: experimentId, name: "m", source_run_id: runId };
  return (await mlflow<{ model: { info: { model_id: string } } }>("logged-models", message)).model.info.model_id;
}
