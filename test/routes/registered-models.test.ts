import { describe, expect, test } from "vitest";
import { expectMlflowError, mlflow, send } from "../helpers/mlflow.ts";
import {
  getModel,
  newModel,
  newVersion,
  searchVersions,
  type WireModelVersion,
  type WireRegisteredModel,
} from "../helpers/registry.ts";
import { storedState } from "../helpers/state.ts";

const uniqueName = () => `name ${crypto.randomUUID()}`;

test("a new registered model has what it was given; of two tags of one key the later stays", async () => {
  const name = uniqueName();
  const before = Date.now();
  const tags = [{ key: "b", value: "1" }, { key: "a", value: "1" }, { key: "b", value: "2" }, { key: "c" }];
  const created = await mlflow("registered-models/create", { name, tags, description: "what for" });
  const model = await getModel(name);
  expect(created).toEqual({ registered_model: model });
  expect(model).toEqual({
    name,
    creation_timestamp: model.last_updated_timestamp,
    last_updated_timestamp: expect.any(Number),
    description: "what for",
    tags: [
      { key: "a", value: "1" },
      { key: "b", value: "2" },
      { key: "c", value: "" },
    ],
  });
  expect(model.creation_timestamp).toBeGreaterThanOrEqual(before);
});

test("names are kept as they are: case counts and nothing is decoded", async () => {
  const name = uniqueName();
  for (const one of [name, name.toUpperCase(), `${name}%20x`, `${name} x`, ` ${name} `, `${name}é☀`]) {
    expect((await getModel(await newModel({ name: one, description: one }))).description).toBe(one);
  }
  await expectMlflowError(send("registered-models/create", { name }), "RESOURCE_ALREADY_EXISTS");
});

test("of fifty creations of one name at once, one succeeds", async () => {
  const name = uniqueName();
  const answers = await Promise.all(Array.from({ length: 50 }, () => send("registered-models/create", { name })));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(49).fill(400)]);
  await expectMlflowError(answers.find(({ status }) => status === 400)!, "RESOURCE_ALREADY_EXISTS");
});

test.each([
  ["no name", {}],
  ["an empty name", { name: "" }],
  ["a blank name", { name: "  " }],
  ["a slash", { name: "a/b" }],
  ["a colon", { name: "a:b" }],
  ["a dot", { name: "." }],
  ["a climbing name", { name: "..a" }],
  ["a number for a name", { name: 5 }],
  ["a NUL", { name: "a\0b" }],
  ["10,001 characters", { name: "é".repeat(10_001) }],
  ["a long description", { name: uniqueName(), description: "x".repeat(100_001) }],
  ["a tag without key", { name: uniqueName(), tags: [{ value: "a" }] }],
  ["a tag that is no path", { name: uniqueName(), tags: [{ key: "a//b", value: "a" }] }],
  ["a tag of 251 characters", { name: uniqueName(), tags: [{ key: "k".repeat(251), value: "" }] }],
  ["a tag value of 100,001 characters", { name: uniqueName(), tags: [{ key: "k", value: "v".repeat(100_001) }] }],
])("refuses to create a registered model with %s", async (_what, message) => {
  const before = await storedState();
  await expectMlflowError(send("registered-models/create", message), "INVALID_PARAMETER_VALUE");
  expect(await storedState()).toBe(before);
});

test("the longest texts are kept", async () => {
  const value = "☀".repeat(100_000);
  const tags = Array.from({ length: 4 }, (_, index) => ({ key: `k${index}`, value }));
  const name = await newModel({ name: "é".repeat(10_000), tags, description: value });
  expect(await getModel(name)).toMatchObject({ name, tags, description: value });
});

test("updating sets the description; without one it is taken away", async () => {
  const name = await newModel({ description: "first" });
  const update = (message: object) =>
    mlflow<{ registered_model: WireRegisteredModel }>("registered-models/update", { name, ...message }, "PATCH");
  expect((await update({ description: "second" })).registered_model.description).toBe("second");
  expect((await update({})).registered_model).not.toHaveProperty("description");
  await expectMlflowError(send("registered-models/update", { name: uniqueName() }, "PATCH"), "RESOURCE_DOES_NOT_EXIST");
});

test("tags are set, set again and deleted; deleting one that is not there is fine", async () => {
  const name = await newModel();
  for (const value of ["1", "2"]) await mlflow("registered-models/set-tag", { name, key: "k", value });
  expect((await getModel(name)).tags).toEqual([{ key: "k", value: "2" }]);
  for (let times = 0; times < 2; times++) await mlflow("registered-models/delete-tag", { name, key: "k" }, "DELETE");
  expect(await getModel(name)).not.toHaveProperty("tags");
  const nobody = { name: uniqueName(), key: "k" };
  await expectMlflowError(send("registered-models/set-tag", nobody), "RESOURCE_DOES_NOT_EXIST");
  await expectMlflowError(send("registered-models/delete-tag", nobody, "DELETE"), "RESOURCE_DOES_NOT_EXIST");
});

describe("renaming", () => {
  test("takes versions, tags and aliases along", async () => {
    const [name, newName] = [await newModel({ tags: [{ key: "k", value: "v" }] }), uniqueName()];
    await newVersion(name, { tags: [{ key: "a", value: "b" }] });
    await mlflow("registered-models/alias", { name, alias: "best", version: "1" });
    const before = await getModel(name);
    const renamed = await mlflow("registered-models/rename", { name, new_name: newName });
    const after = await getModel(newName);
    expect(renamed).toEqual({ registered_model: after });
    expect(after).toMatchObject({ name: newName, tags: before.tags, aliases: [{ alias: "best", version: "1" }] });
    expect(after.latest_versions).toMatchObject([{ name: newName, version: "1", tags: [{ key: "a", value: "b" }] }]);
    await expectMlflowError(send("registered-models/get", { name }), "RESOURCE_DOES_NOT_EXIST");
    expect(await searchVersions(`name = '${name}'`)).toEqual([]);
  });

  test("to its own name changes nothing but the time; to a name that is taken is refused", async () => {
    const [name, other] = [await newModel(), await newModel()];
    await mlflow("registered-models/rename", { name, new_name: name });
    const before = await storedState();
    const refused = send("registered-models/rename", { name, new_name: other });
    await expectMlflowError(refused, "RESOURCE_ALREADY_EXISTS");
    await expectMlflowError(send("registered-models/rename", { name, new_name: "a/b" }), "INVALID_PARAMETER_VALUE");
    await expectMlflowError(
      send("registered-models/rename", { name: uniqueName(), new_name: uniqueName() }),
      "RESOURCE_DOES_NOT_EXIST",
    );
    expect(await storedState()).toBe(before);
  });
});

test("deleting is for good and leaves nothing behind; the name is free, and versions begin at 1 again", async () => {
  // The audit log keeps its entries.
  const stored = async () => ({ ...JSON.parse(await storedState()), audit_log: undefined });
  const before = await stored();
  const name = await newModel({ tags: [{ key: "k", value: "v" }] });
  const source = { source: "dummy-source", tags: [{ key: "mlflow.prompt.is_prompt", value: "true" }] };
  for (let count = 0; count < 3; count++) await newVersion(name, source);
  await mlflow("model-versions/delete", { name, version: "3" }, "DELETE");
  await mlflow("registered-models/alias", { name, alias: "best", version: "1" });
  await mlflow("registered-models/delete", { name }, "DELETE");
  expect(await stored()).toEqual(before);
  await expectMlflowError(send("registered-models/delete", { name }, "DELETE"), "RESOURCE_DOES_NOT_EXIST");
  await newModel({ name });
  expect((await newVersion(name, source)).version).toBe("1");
});

describe("aliases", () => {
  const get = (name: string, alias: string) => send("registered-models/alias", { name, alias }, "GET");

  test("move, tell case apart, and go with their version", async () => {
    const name = await newModel();
    await newVersion(name);
    await newVersion(name);
    for (const [alias, version] of [
      ["best", "1"],
      ["Best", "1"],
      ["best", "2"],
      ["näch-ste_1", "2"],
    ]) {
      await mlflow("registered-models/alias", { name, alias, version });
    }
    const version = await get(name, "best").then((response) => response.json<{ model_version: WireModelVersion }>());
    expect(version.model_version).toMatchObject({ name, version: "2", aliases: ["best", "näch-ste_1"] });
    expect((await searchVersions(`name = '${name}' AND version_number = 2`))[0]?.aliases).toHaveLength(2);
    await mlflow("model-versions/delete", { name, version: "2" }, "DELETE");
    expect((await getModel(name)).aliases).toEqual([{ alias: "Best", version: "1" }]);
    for (let times = 0; times < 2; times++) await mlflow("registered-models/alias", { name, alias: "Best" }, "DELETE");
    await expectMlflowError(get(name, "Best"), "INVALID_PARAMETER_VALUE");
  });

  test("latest is the newest version whatever its stage, and nobody may set it", async () => {
    const name = await newModel();
    await expectMlflowError(get(name, "latest"), "RESOURCE_DOES_NOT_EXIST");
    await newVersion(name);
    await newVersion(name);
    await mlflow("model-versions/transition-stage", { name, version: "1", stage: "Production" });
    const newest = await get(name, "LATEST").then((response) => response.json<{ model_version: WireModelVersion }>());
    expect(newest.model_version.version).toBe("2");
  });

  test.each(["latest", "Latest", "v1", "V23", "a b", "a/b", "a.b", "x".repeat(256)])(
    "%s cannot be set",
    async (alias) => {
      const name = await newModel();
      await newVersion(name);
      const refused = send("registered-models/alias", { name, alias, version: "1" });
      await expectMlflowError(refused, "INVALID_PARAMETER_VALUE");
    },
  );

  test("stand for versions that are there", async () => {
    const name = await newModel();
    for (const version of ["1", "0", "-1", "99999999999999999999"]) {
      const refused = send("registered-models/alias", { name, alias: "a", version });
      await expectMlflowError(refused, "RESOURCE_DOES_NOT_EXIST");
    }
    const wrong = send("registered-models/alias", { name, alias: "a", version: "one" });
    await expectMlflowError(wrong, "INVALID_PARAMETER_VALUE");
    await expectMlflowError(get(uniqueName(), "a"), "RESOURCE_DOES_NOT_EXIST");
  });
});

describe("searches", () => {
  test("pages of models, with what belongs to them", async () => {
    const prefix = crypto.randomUUID();
    for (const letter of ["c", "a", "b"])
      await newModel({ name: `${prefix}-${letter}`, tags: [{ key: "l", value: letter }] });
    await newVersion(`${prefix}-b`);
    const filter = `name LIKE '${prefix}-%'`;
    const page = (message: object) =>
      mlflow<{ registered_models?: readonly WireRegisteredModel[]; next_page_token?: string }>(
        "registered-models/search",
        { filter, ...message },
      );
    const first = await page({ max_results: 2 });
    expect(first.registered_models).toEqual([await getModel(`${prefix}-a`), await getModel(`${prefix}-b`)]);
    const second = await page({ max_results: 2, page_token: first.next_page_token });
    expect(second).toEqual({ registered_models: [await getModel(`${prefix}-c`)] });
    expect(await page({ filter: "name = 'nobody'" })).toEqual({});
    expect(await page({ order_by: ["name DESC"], max_results: 1 })).toMatchObject({
      registered_models: [{ name: `${prefix}-c` }],
    });
    const list = await mlflow("registered-models/list", { max_results: 1000 }, "GET");
    expect(JSON.stringify(list)).toContain(`${prefix}-a`);
    for (const wrong of [{ max_results: 0 }, { max_results: 1001 }, { page_token: "x" }, { filter: "run_id = 'x'" }]) {
      await expectMlflowError(send("registered-models/search", wrong), "INVALID_PARAMETER_VALUE");
    }
  });

  test("more models than are read at once", async () => {
    const prefix = crypto.randomUUID();
    const names = Array.from({ length: 210 }, (_, index) => `${prefix} ${String(index).padStart(3, "0")}`);
    await Promise.all(names.map((name) => newModel({ name })));
    const message = { filter: `name LIKE '${prefix}%'`, max_results: 1000 };
    const found = await mlflow<{ registered_models: readonly WireRegisteredModel[] }>(
      "registered-models/search",
      message,
    );
    expect(found.registered_models.map(({ name }) => name)).toEqual(names);
  });

  test("prompts are left out unless the filter asks for them, and share the models' names", async () => {
    const isPrompt = { key: "mlflow.prompt.is_prompt", value: "true" };
    const name = await newModel({ tags: [isPrompt] });
    const find = async (filter: string) => {
      const message = { filter: `${filter}name = '${name}'` };
      const found = await mlflow<{ registered_models?: readonly object[] }>("registered-models/search", message);
      return found.registered_models?.length ?? 0;
    };
    expect(await find("")).toBe(0);
    expect(await find("tags.`mlflow.prompt.is_prompt` != 'true' AND ")).toBe(0);
    expect(await find("tags.`mlflow.prompt.is_prompt` = 'true' AND ")).toBe(1);
    expect(await find("tags.`mlflow.prompt.is_prompt` != 'false' AND ")).toBe(1);
    const asModel = await expectMlflowError(send("registered-models/create", { name }), "RESOURCE_ALREADY_EXISTS");
    expect(asModel).toContain("taken by a Prompt");
    const again = { name, tags: [isPrompt] };
    const asPrompt = await expectMlflowError(send("registered-models/create", again), "RESOURCE_ALREADY_EXISTS");
    expect(asPrompt).toContain("Prompt (name=");
  });
});
