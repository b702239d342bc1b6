import { beforeAll, describe, expect, test } from "vitest";
import type { Message, Method } from "../helpers/mlflow.ts";
import { closedServer } from "../helpers/users.ts";

const server = closedServer({ TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS" });
const { admin } = server;

interface Things {
  readonly experimentId: string;
  readonly experimentName: string;
  readonly runId: string;
  readonly modelId: string;
  readonly name: string;
}

const mlflow = (path: string) => `/api/2.0/mlflow/${path}`;

/** An experiment with a run and a logged model, and a registered model with a version of the run's. */
async function newThings(): Promise<Things> {
  const [experimentName, name] = [`experiment ${crypto.randomUUID()}`, `model ${crypto.randomUUID()}`];
  const { experiment_id } = await admin.ask<{ experiment_id: string }>("POST", mlflow("experiments/create"), {
    name: experimentName,
  });
  const { run } = await admin.ask<{ run: { info: { run_id: string } } }>("POST", mlflow("runs/create"), {
    experiment_id,
  });
  const run_id = run.info.run_id;
  await admin.ask("POST", mlflow("runs/log-metric"), { run_id, key: "m", value: 1, timestamp: 1 });
  const { model } = await admin.ask<{ model: { info: { model_id: string } } }>("POST", mlflow("logged-models"), {
    experiment_id,
    name: "m",
  });
  await admin.send("PUT", `/api/2.0/mlflow-artifacts/artifacts/${experiment_id}/${run_id}/artifacts/a.txt`);
  await admin.ask("POST", mlflow("registered-models/create"), { name });
  const source = `mlflow-artifacts:/${experiment_id}/${run_id}/artifacts`;
  await admin.ask("POST", mlflow("model-versions/create"), { name, source, run_id });
  await admin.ask("POST", mlflow("registered-models/alias"), { name, alias: "best", version: "1" });
  return { experimentId: experiment_id, experimentName, runId: run_id, modelId: model.info.model_id, name };
}

type Call = readonly [method: Method | "PUT", path: string, message: (things: Things) => Message];
type Level = "READ" | "EDIT" | "MANAGE";

const onExperiment = ({ experimentId: experiment_id }: Things) => ({ experiment_id });
const onRun = ({ runId: run_id }: Things) => ({ run_id });
const onName = ({ name }: Things) => ({ name });
const tagged = (of: (things: Things) => Message) => (things: Things) => ({ ...of(things), key: "t", value: "v" });
const artifacts = "/api/2.0/mlflow-artifacts/artifacts/@experiment/@run/artifacts/a.txt";

/** The level that each call needs on the experiment, by MLflow's rules. Calls that change much come last. */
const EXPERIMENT_CALLS: Readonly<Record<Level, readonly Call[]>> = {
  READ: [
    ["GET", mlflow("experiments/get"), onExperiment],
    ["GET", mlflow("experiments/get-by-name"), ({ experimentName }) => ({ experiment_name: experimentName })],
    ["POST", mlflow("experiments/search-datasets"), ({ experimentId }) => ({ experiment_ids: [experimentId] })],
    ["GET", mlflow("runs/get"), onRun],
    ["GET", mlflow("metrics/get-history"), (of) => ({ ...onRun(of), metric_key: "m" })],
    ["GET", mlflow("metrics/get-history-bulk"), ({ runId }) => ({ run_id: runId, metric_key: "m" })],
    [
      "GET",
      "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval",
      ({ runId }) => ({ run_ids: runId, metric_key: "m" }),
    ],
    ["GET", mlflow("artifacts/list"), onRun],
    ["GET", "/get-artifact", (of) => ({ ...onRun(of), path: "a.txt" })],
    ["GET", artifacts, () => ({})],
    ["GET", "/api/2.0/mlflow-artifacts/artifacts", ({ experimentId }) => ({ path: experimentId })],
    ["GET", mlflow("logged-models/@model"), () => ({})],
    ["GET", "/ui-api/folder-zip", (of) => onRun(of)],
    ["GET", "/ui-api/preview", (of) => ({ ...onRun(of), path: "a.txt" })],
    ["GET", "/ui-api/artifact", (of) => ({ ...onRun(of), path: "a.txt" })],
    ["POST", mlflow("artifacts/presigned-download-url"), (of) => ({ ...onRun(of), path: "a.txt" })],
    ["POST", "/ui-api/live", ({ runId }) => ({ run_ids: [runId] })],
    [
      "POST",
      "/graphql",
      ({ runId }) => ({ query: `{ mlflowGetRun(input: {runId: "${runId}"}) { run { info { runId } } } }` }),
    ],
  ],
  EDIT: [
    ["POST", mlflow("experiments/set-experiment-tag"), tagged(onExperiment)],
    ["POST", mlflow("runs/create"), onExperiment],
    ["POST", mlflow("runs/set-tag"), tagged(onRun)],
    ["POST", mlflow("runs/log-parameter"), tagged(onRun)],
    ["POST", mlflow("runs/log-metric"), (of) => ({ ...onRun(of), key: "m", value: 1, timestamp: 1 })],
    ["POST", mlflow("runs/log-batch"), onRun],
    ["POST", mlflow("runs/log-inputs"), onRun],
    ["POST", mlflow("runs/outputs"), (of) => ({ ...onRun(of), models: [{ model_id: "m-1", step: 1 }] })],
    ["POST", mlflow("runs/delete-tag"), tagged(onRun)],
    ["POST", mlflow("runs/log-model"), (of) => ({ ...onRun(of), model_json: "{}" })],
    ["POST", mlflow("experiments/update"), (of) => ({ ...onExperiment(of), new_name: of.experimentName })],
    ["POST", mlflow("experiments/delete-experiment-tag"), tagged(onExperiment)],
    ["POST", mlflow("logged-models/@model/params"), () => ({ params: [] })],
    [
      "POST",
      "/api/2.0/mlflow-artifacts/mpu/create/@experiment/@run/artifacts/a.txt",
      () => ({ path: "a.txt", num_parts: 1 }),
    ],
    ["POST", mlflow("artifacts/presigned-upload-url"), (of) => ({ ...onRun(of), path: "a.txt" })],
    ["POST", mlflow("runs/update"), onRun],
    ["POST", mlflow("logged-models"), (of) => ({ ...onExperiment(of), name: "another" })],
    ["PATCH", mlflow("logged-models/@model/tags"), () => ({ tags: [{ key: "t", value: "v" }] })],
    ["PUT", artifacts, () => ({})],
  ],
  MANAGE: [
    ["POST", mlflow("runs/delete"), onRun],
    ["POST", mlflow("runs/restore"), onRun],
    ["DELETE", artifacts, () => ({})],
    ["DELETE", mlflow("logged-models/@model"), () => ({})],
    ["POST", mlflow("experiments/delete"), onExperiment],
    ["POST", mlflow("experiments/restore"), onExperiment],
  ],
};

const MODEL_CALLS: Readonly<Record<Level, readonly Call[]>> = {
  READ: [
    ["GET", mlflow("registered-models/get"), onName],
    ["GET", mlflow("registered-models/alias"), (of) => ({ ...onName(of), alias: "best" })],
    ["POST", mlflow("registered-models/get-latest-versions"), onName],
    ["GET", mlflow("model-versions/get"), (of) => ({ ...onName(of), version: "1" })],
    ["GET", mlflow("model-versions/get-download-uri"), (of) => ({ ...onName(of), version: "1" })],
    ["GET", "/model-versions/get-artifact", (of) => ({ ...onName(of), version: "1", path: "a.txt" })],
  ],
  EDIT: [
    ["PATCH", mlflow("registered-models/update"), (of) => ({ ...onName(of), description: "d" })],
    ["POST", mlflow("registered-models/set-tag"), tagged(onName)],
    ["POST", mlflow("registered-models/alias"), (of) => ({ ...onName(of), alias: "best", version: "1" })],
    ["POST", mlflow("model-versions/transition-stage"), (of) => ({ ...onName(of), version: "1", stage: "Staging" })],
  ],
  MANAGE: [
    ["POST", mlflow("registered-models/rename"), (of) => ({ ...onName(of), new_name: of.name })],
    ["DELETE", mlflow("model-versions/delete"), (of) => ({ ...onName(of), version: "1" })],
    // Called below one prefix only, because the first call deletes the thing.
    ["DELETE", "/ajax-api/2.0/mlflow/registered-models/delete", onName],
  ],
};

const RANKS = { none: 0, DENY: 0, READ: 1, USE: 2, EDIT: 3, MANAGE: 4 } as const;

function pathOf(path: string, { experimentId, runId, modelId }: Things): string {
  return path.replace("@experiment", experimentId).replace("@run", runId).replace("@model", modelId);
}

/** The outcome of every call by this user: refused, or answered by the handler. */
async function outcomes(username: string, calls: Readonly<Record<Level, readonly Call[]>>, things: Things) {
  const user = server.as(username);
  const found: Record<string, string> = {};
  for (const [level, ofLevel] of Object.entries(calls)) {
    for (const [method, path, message] of ofLevel) {
      for (const prefix of path.startsWith("/api/") ? ["/api/", "/ajax-api/"] : [""]) {
        const target = pathOf(path, things).replace(/^\/api\//, prefix || "/");
        const response = await user.send(method, prefix === "" ? pathOf(path, things) : target, message(things));
        const { status } = response;
        await response.body?.cancel();
        found[`${level} ${method} ${path} ${prefix}`] =
          status === 403 || status === 401 ? "refused" : status < 500 || status === 501 ? "answered" : `${status}`;
      }
    }
  }
  return found;
}

function expected(held: keyof typeof RANKS, found: Readonly<Record<string, string>>): Record<string, string> {
  const reaches = (call: string) => RANKS[held] >= RANKS[call.split(" ")[0] as Level];
  return Object.fromEntries(Object.keys(found).map((call) => [call, reaches(call) ? "answered" : "refused"]));
}

describe.each(["none", "DENY", "READ", "USE", "EDIT", "MANAGE"] as const)("a user who holds %s", (held) => {
  test.each([
    { type: "experiment", calls: EXPERIMENT_CALLS, id: (of: Things) => of.experimentId },
    { type: "registered_model", calls: MODEL_CALLS, id: (of: Things) => of.name },
  ])("on one $type may do just what the level allows, by every prefix", async ({ type, calls, id }) => {
    const [things, others] = [await newThings(), await newThings()];
    const username = await server.newUser();
    if (held !== "none") await server.grant(username, type, id(things), held);
    const ofOthers = await outcomes(username, calls, others);
    expect(ofOthers).toEqual(expected("none", ofOthers));
    const found = await outcomes(username, calls, things);
    expect(found).toEqual(expected(held, found));
  });
});

describe("lists hold what the caller may read", () => {
  let [mine, hidden]: (Things | undefined)[] = [];
  let user = admin;

  beforeAll(async () => {
    [mine, hidden] = [await newThings(), await newThings()];
    const username = await server.newUser();
    user = server.as(username);
    await server.grant(username, "experiment", mine.experimentId, "READ");
    await server.grant(username, "registered_model", mine.name, "READ");
  });

  test("searches of experiments, runs and models, with exact pages", async () => {
    const { experiments } = await user.ask<{ experiments: { experiment_id: string }[] }>(
      "POST",
      mlflow("experiments/search"),
      { max_results: 1 },
    );
    expect(experiments.map((of) => of.experiment_id)).toEqual([mine?.experimentId]);
    const both = { experiment_ids: [hidden?.experimentId, mine?.experimentId] };
    const { runs } = await user.ask<{ runs: { info: { run_id: string } }[] }>("POST", mlflow("runs/search"), both);
    expect(runs.map(({ info }) => info.run_id)).toEqual([mine?.runId]);
    const { models } = await user.ask<{ models: { info: { model_id: string } }[] }>(
      "POST",
      mlflow("logged-models/search"),
      both,
    );
    expect(models.map(({ info }) => info.model_id)).toEqual([mine?.modelId]);
    const registered = await user.ask("GET", mlflow("registered-models/search"), { max_results: 1 });
    expect(registered).toMatchObject({ registered_models: [{ name: mine?.name }] });
    expect(registered).not.toHaveProperty("next_page_token");
    const versions = await user.ask("GET", mlflow("model-versions/search"), { max_results: 1 });
    expect(versions).toMatchObject({ model_versions: [{ name: mine?.name }] });
    expect(await user.ask("POST", mlflow("runs/search"), { experiment_ids: [hidden?.experimentId] })).toEqual({});
  });

  test("the lists of the web UI", async () => {
    const listed = await user.ask<{ experiments: { experiment_id: string }[] }>("GET", "/ui-api/experiments");
    expect(listed.experiments.map((of) => of.experiment_id)).toEqual([mine?.experimentId]);
    const found = await user.ask("GET", "/ui-api/find", { text: "e" });
    expect(found).toMatchObject({
      experiments: [{ experiment_id: mine?.experimentId }],
      models: [{ name: mine?.name }],
    });
    const ofHidden = await user.ask("GET", "/ui-api/find", { text: hidden?.runId });
    expect(ofHidden).toEqual({ experiments: [], runs: [], models: [] });
    const table = await user.ask("POST", "/ui-api/runs", { experiment_ids: [hidden?.experimentId], count: true });
    expect(table).toMatchObject({ total: 0 });
    const keys = await user.ask("GET", "/ui-api/keys", { experiment_ids: [hidden?.experimentId] });
    expect(keys).toMatchObject({ metrics: [], runs: 0 });
  });

  test("one of five hundred is a page of one, without a token", async () => {
    const names = Array.from({ length: 500 }, () => crypto.randomUUID());
    for (let first = 0; first < names.length; first += 50) {
      await Promise.all(
        names.slice(first, first + 50).map((name) => admin.ask("POST", mlflow("experiments/create"), { name })),
      );
    }
    for (const order_by of [[], ["name ASC"], ["name DESC"], ["creation_time DESC"]]) {
      const page = await user.ask("POST", mlflow("experiments/search"), { max_results: 10, order_by });
      expect(page).toMatchObject({ experiments: [{ experiment_id: mine?.experimentId }] });
      expect((page.experiments as unknown[]).length).toBe(1);
      expect(page).not.toHaveProperty("next_page_token");
    }
  });

  test("a page token of one is no other's", async () => {
    const page = await admin.ask<{ next_page_token: string }>("POST", mlflow("experiments/search"), { max_results: 1 });
    const stolen = await user.send("POST", mlflow("experiments/search"), {
      max_results: 1,
      page_token: page.next_page_token,
    });
    expect(stolen.status).toBe(400);
  });
});

describe("what a call touches beside its own thing", () => {
  test("metrics of a foreign logged model, versions of a foreign run, a rename, a root of another's are refused", async () => {
    const [mine, hidden] = [await newThings(), await newThings()];
    const username = await server.newUser();
    await server.grant(username, "experiment", mine.experimentId, "MANAGE");
    await server.grant(username, "registered_model", mine.name, "MANAGE");
    const user = server.as(username);
    const refused = async (method: Method, path: string, message: Message) =>
      expect((await user.send(method, path, message)).status, path).toBe(403);
    const point = { key: "m", value: 1, timestamp: 1, model_id: hidden.modelId };
    await refused("POST", mlflow("runs/log-batch"), { run_id: mine.runId, metrics: [point] });
    await refused("POST", mlflow("runs/log-metric"), { run_id: mine.runId, ...point });
    const source = `mlflow-artifacts:/${hidden.experimentId}/${hidden.runId}/artifacts`;
    await refused("POST", mlflow("model-versions/create"), { name: mine.name, source });
    await refused("POST", mlflow("model-versions/create"), { name: mine.name, source: `models:/${hidden.name}/1` });
    const own = `mlflow-artifacts:/${mine.experimentId}/${mine.runId}/artifacts`;
    await refused("POST", mlflow("model-versions/create"), { name: mine.name, source: own, run_id: hidden.runId });
    await refused("POST", mlflow("experiments/create"), {
      name: crypto.randomUUID(),
      artifact_location: `mlflow-artifacts:/${hidden.experimentId}`,
    });
    await refused("GET", "/api/2.0/mlflow-artifacts/artifacts", {});
    await refused("GET", `/api/2.0/mlflow-artifacts/artifacts/0${mine.experimentId}/${mine.runId}/artifacts/a.txt`, {});
    await refused("GET", mlflow("runs/get"), { run_id: "0".repeat(32) });
    await refused("GET", mlflow("experiments/get"), { experiment_id: "999999" });
  });
});

describe("deletion for good", () => {
  test("is for who manages each of the things, and of the whole trash for admins", async () => {
    const [mine, foreign] = [await newThings(), await newThings()];
    for (const { runId: run_id } of [mine, foreign]) await admin.ask("POST", mlflow("runs/delete"), { run_id });
    const username = await server.newUser();
    await server.grant(username, "experiment", mine.experimentId, "EDIT");
    const user = server.as(username);
    const gc = async (message: Message) => (await user.send("POST", "/api/2.0/trackflare/gc", message)).status;
    expect(await gc({ run_ids: [mine.runId] })).toBe(403);
    await admin.ask("PATCH", mlflow("experiments/permissions/update"), {
      experiment_id: mine.experimentId,
      username,
      permission: "MANAGE",
    });
    expect(await gc({ run_ids: [mine.runId, foreign.runId] })).toBe(403);
    expect(await gc({ run_ids: [mine.runId], experiment_ids: [foreign.experimentId] })).toBe(403);
    expect(await gc({ logged_model_ids: [foreign.modelId] })).toBe(403);
    expect(await gc({ all: true })).toBe(403);
    expect(await gc({ all: true, dry_run: true })).toBe(403);
    const ask = (run_id: string) => admin.send("GET", mlflow("runs/get"), { run_id });
    expect((await ask(mine.runId)).status).toBe(200);
    expect(await gc({ run_ids: [mine.runId] })).toBe(200);
    expect((await ask(mine.runId)).status).toBe(404);
    expect((await ask(foreign.runId)).status).toBe(200);
  });
});

describe("a grant on another kind of things", () => {
  test.each(["run", "logged_model"])("on every %s keeps an experiment's manager from its trash", async (kind) => {
    const things = await newThings();
    const { experimentId: experiment_id } = things;
    await admin.ask("POST", mlflow("experiments/delete"), { experiment_id });
    const username = await server.newUser();
    await server.grant(username, "experiment", experiment_id, "MANAGE");
    await server.grant(username, kind, "*", "EDIT");
    const gc = async () =>
      (await server.as(username).send("POST", "/api/2.0/trackflare/gc", { experiment_ids: [experiment_id] })).status;
    expect(await gc()).toBe(403);
    expect((await admin.send("GET", mlflow("runs/get"), { run_id: things.runId })).status).toBe(200);
    await admin.ask("POST", "/api/3.0/mlflow/users/permissions/revoke", {
      ...{ username, resource_type: kind, resource_id: "*" },
    });
    expect(await gc()).toBe(200);
  });

  test("is not reached by an editor who makes a prompt of a model, or a model of a prompt", async () => {
    const username = await server.newUser();
    const user = server.as(username);
    const tag = { key: "mlflow.prompt.is_prompt", value: "true" };
    for (const [type, other, tags, change] of [
      ["registered_model", "prompt", [], ["POST", "set-tag"]],
      ["prompt", "registered_model", [tag], ["DELETE", "delete-tag"]],
      ["prompt", "registered_model", [tag], ["POST", "set-tag"]],
    ] as const) {
      const name = `model ${crypto.randomUUID()}`;
      await admin.ask("POST", mlflow("registered-models/create"), { name, tags });
      await server.grant(username, type, name, "EDIT");
      const [method, verb] = change;
      const value = tags.length === 0 ? "true" : "false";
      const flip = () => user.send(method, mlflow(`registered-models/${verb}`), { name, key: tag.key, value });
      expect((await flip()).status, `${type} ${verb}`).toBe(403);
      expect((await user.send("POST", mlflow("registered-models/set-tag"), { name, key: "t", value })).status).toBe(
        200,
      );
      const grantAgain = async (permission: string) => {
        const named = { username, resource_type: type, resource_id: name };
        await admin.ask("POST", "/api/3.0/mlflow/users/permissions/revoke", named);
        await server.grant(username, type, name, permission);
      };
      await grantAgain("MANAGE");
      expect((await flip()).status, `${type} ${verb}`).toBe(200);
      // Grants on the other kind apply now, and the user has none.
      expect((await user.send("GET", mlflow("registered-models/get"), { name })).status, other).toBe(403);
    }
  });
});

describe("who makes a thing manages it", () => {
  test("and shares it, until the grant is revoked", async () => {
    const [maker, other] = [await server.newUser(), await server.newUser()];
    const { experiment_id } = await server
      .as(maker)
      .ask<{ experiment_id: string }>("POST", mlflow("experiments/create"), { name: crypto.randomUUID() });
    const name = `model ${crypto.randomUUID()}`;
    await server.as(maker).ask("POST", mlflow("registered-models/create"), { name });
    const share = { username: other, resource_type: "experiment", resource_id: experiment_id };
    const permissions = (verb: string) => `/api/3.0/mlflow/users/permissions/${verb}`;
    const isRefused = async () =>
      (await server.as(other).send("GET", mlflow("experiments/get"), { experiment_id })).status === 403;
    expect(await isRefused()).toBe(true);
    const byOther = await server.as(other).send("POST", permissions("grant"), { ...share, permission: "READ" });
    expect(byOther.status).toBe(403);
    await server.as(maker).ask("POST", permissions("grant"), { ...share, permission: "READ" });
    expect(await isRefused()).toBe(false);
    const again = await server.as(maker).send("POST", permissions("grant"), { ...share, permission: "EDIT" });
    expect(await again.json()).toMatchObject({ error_code: "RESOURCE_ALREADY_EXISTS" });
    await server.as(maker).ask("POST", permissions("revoke"), share);
    expect(await isRefused()).toBe(true);
    const { permissions: held } = await server
      .as(maker)
      .ask<{ permissions: Message[] }>("GET", "/api/3.0/mlflow/users/current/permissions");
    expect(held).toMatchObject([
      { resource_type: "experiment", resource_pattern: experiment_id, permission: "MANAGE" },
      { resource_type: "registered_model", resource_pattern: name, permission: "MANAGE" },
    ]);
    // A later model with the same name is another model.
    await server.as(maker).ask("POST", mlflow("registered-models/rename"), { name, new_name: `${name}2` });
    await server.as(maker).ask("DELETE", mlflow("registered-models/delete"), { name: `${name}2` });
    await server.as(other).ask("POST", mlflow("registered-models/create"), { name });
    expect((await server.as(maker).send("GET", mlflow("registered-models/get"), { name })).status).toBe(403);
  });
});

describe("a DENY and the default permission", () => {
  const open = closedServer();

  test("nobody is below READ by default, but who is denied", async () => {
    const things = await newThings();
    const [denied, plain] = [await open.newUser(), await open.newUser()];
    await open.grant(denied, "experiment", "*", "DENY");
    await open.grant(denied, "experiment", things.experimentId, "MANAGE");
    const status = async (username: string) =>
      (await open.as(username).send("GET", mlflow("experiments/get"), { experiment_id: things.experimentId })).status;
    expect(await status(plain)).toBe(200);
    expect(await status(denied)).toBe(403);
    expect(await open.as(denied).ask("POST", mlflow("experiments/search"), { max_results: 5 })).toEqual({});
  });

  test("a grant on all runs or all logged models opens none of an experiment that may not be read", async () => {
    const things = await newThings();
    const username = await open.newUser();
    await open.grant(username, "experiment", things.experimentId, "DENY");
    await open.grant(username, "run", "*", "MANAGE");
    await open.grant(username, "logged_model", "*", "MANAGE");
    const user = open.as(username);
    const status = async (method: Method, path: string, message: Message) =>
      (await user.send(method, mlflow(path), message)).status;
    expect(await status("GET", "runs/get", { run_id: things.runId })).toBe(403);
    expect(await status("POST", "runs/set-tag", { run_id: things.runId, key: "t", value: "v" })).toBe(403);
    expect(await status("GET", `logged-models/${things.modelId}`, {})).toBe(403);
    expect(
      await status("POST", "model-versions/create", {
        name: things.name,
        source: `runs:/${things.runId}/m`,
        run_id: things.runId,
      }),
    ).toBe(403);
    expect(await user.ask("POST", mlflow("runs/search"), { experiment_ids: [things.experimentId] })).toEqual({});
    expect(await user.ask("POST", mlflow("logged-models/search"), { experiment_ids: [things.experimentId] })).toEqual(
      {},
    );
  });

  test("a DENY on all runs or all logged models forbids making one", async () => {
    const things = await newThings();
    for (const [type, path] of [
      ["run", "runs/create"],
      ["logged_model", "logged-models"],
    ] as const) {
      const username = await open.newUser();
      await open.grant(username, "experiment", things.experimentId, "EDIT");
      const create = () =>
        open.as(username).send("POST", mlflow(path), { experiment_id: things.experimentId, name: "made" });
      expect((await create()).status).toBe(200);
      await open.grant(username, type, "*", "DENY");
      expect((await create()).status).toBe(403);
    }
  });

  test("a grant on runs decides for runs alone", async () => {
    const things = await newThings();
    const username = await open.newUser();
    await open.grant(username, "run", "*", "DENY");
    const user = open.as(username);
    const status = async (path: string, message: Message) => (await user.send("GET", mlflow(path), message)).status;
    expect(await status("experiments/get", { experiment_id: things.experimentId })).toBe(200);
    expect(await status("runs/get", { run_id: things.runId })).toBe(403);
    expect(await user.ask("POST", mlflow("runs/search"), { experiment_ids: [things.experimentId] })).toEqual({});
  });
});
