import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { expectMlflowError, type Message, mlflow, send } from "../helpers/mlflow.ts";
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
