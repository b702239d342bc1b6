import { describe, expect, test } from "vitest";
import { expectMlflowError, type Message } from "../../helpers/mlflow.ts";
import { closedServer } from "../../helpers/users.ts";

const server = closedServer({ TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS" });
const { admin } = server;
const API = "/api/2.0/mlflow";

interface Listed extends Message {
  readonly may_manage: boolean;
  readonly stays?: string;
}

interface Page {
  readonly things: readonly Listed[];
  readonly next_page_token?: string;
}

const list = (username: string | undefined, query: Message) =>
  (username === undefined ? admin : server.as(username)).ask<Page>("GET", "/ui-api/trash", query);

async function newExperiment(): Promise<string> {
  const name = `experiment ${crypto.randomUUID()}`;
  return (await admin.ask<{ experiment_id: string }>("POST", `${API}/experiments/create`, { name })).experiment_id;
}

async function deletedRun(experiment_id: string, run_name: string): Promise<string> {
  const { run } = await admin.ask<{ run: { info: { run_id: string } } }>("POST", `${API}/runs/create`, {
    experiment_id,
    run_name,
  });
  await admin.ask("POST", `${API}/runs/delete`, { run_id: run.info.run_id });
  return run.info.run_id;
}

async function newModel(experiment_id: string): Promise<string> {
  const { model } = await admin.ask<{ model: { info: { model_id: string } } }>("POST", `${API}/logged-models`, {
    experiment_id,
    name: "net",
  });
  return model.info.model_id;
}

describe("the list of the trash", () => {
  test("has what the caller may see, and says what the caller may delete for good", async () => {
    const [open, hidden] = [await newExperiment(), await newExperiment()];
    const [manager, reader] = [await server.newUser(), await server.newUser()];
    await server.grant(manager, "experiment", open, "MANAGE");
    await server.grant(reader, "experiment", open, "READ");
    const first = await deletedRun(open, "first");
    const second = await deletedRun(open, "second");
    await deletedRun(hidden, "secret");
    const ids = (page: Page) => page.things.map(({ run_id }) => run_id);
    const mine = await list(manager, { kind: "run" });
    expect(new Set(ids(mine))).toEqual(new Set([first, second]));
    expect(mine.things.every(({ may_manage }) => may_manage)).toBe(true);
    expect(mine.things[0]).toMatchObject({ experiment_id: open, deleted_time: expect.any(Number) });
    const read = await list(reader, { kind: "run" });
    expect(read.things.map(({ may_manage }) => may_manage)).toEqual([false, false]);
    expect(ids(await list(reader, { kind: "run", experiment_ids: [hidden] }))).toEqual([]);
    expect(new Set(ids(await list(undefined, { kind: "run", experiment_ids: [open] })))).toEqual(
      new Set([first, second]),
    );
    // The server makes the same decision.
    await expectMlflowError(
      server.as(reader).send("POST", "/api/2.0/trackflare/gc", { run_ids: [first] }),
      "PERMISSION_DENIED",
    );
    await server.as(manager).ask("POST", "/api/2.0/trackflare/gc", { run_ids: [first] });
    expect(ids(await list(manager, { kind: "run" }))).toEqual([second]);
  });

  test("has experiments with the number of their runs, without these runs one by one", async () => {
    const experiment = await newExperiment();
    const manager = await server.newUser();
    await server.grant(manager, "experiment", experiment, "MANAGE");
    await deletedRun(experiment, "one");
    await admin.ask("POST", `${API}/experiments/delete`, { experiment_id: experiment });
    expect((await list(manager, { kind: "experiment" })).things).toMatchObject([
      { experiment_id: experiment, run_count: 1, may_manage: true },
    ]);
    expect((await list(manager, { kind: "run" })).things).toEqual([]);
  });

  test("continues by its token, and takes no token of another list", async () => {
    const experiment = await newExperiment();
    const ids = new Set<string>();
    for (let i = 0; i < 101; i++) ids.add(await deletedRun(experiment, `run ${i}`));
    const query = { kind: "run", experiment_ids: [experiment] };
    const first = await list(undefined, query);
    expect(first.things).toHaveLength(100);
    const rest = await list(undefined, { ...query, page_token: first.next_page_token });
    expect(new Set([...first.things, ...rest.things].map(({ run_id }) => run_id))).toEqual(ids);
    expect(rest.next_page_token).toBeUndefined();
    for (const token of [first.next_page_token, "no token"]) {
      const wrong = admin.send("GET", "/ui-api/trash", { kind: "logged_model", page_token: token });
      await expectMlflowError(wrong, "INVALID_PARAMETER_VALUE");
    }
    // Nor does another caller's token lead anywhere, whatever that caller may see.
    const reader = await server.newUser();
    await server.grant(reader, "experiment", experiment, "READ");
    const another = server.as(reader).send("GET", "/ui-api/trash", { ...query, page_token: first.next_page_token });
    await expectMlflowError(another, "INVALID_PARAMETER_VALUE");
  });

  test("a logged model leaves it when it is restored", async () => {
    const experiment = await newExperiment();
    const [manager, editor] = [await server.newUser(), await server.newUser()];
    await server.grant(manager, "experiment", experiment, "MANAGE");
    await server.grant(editor, "experiment", experiment, "EDIT");
    const modelId = await newModel(experiment);
    await admin.ask("DELETE", `${API}/logged-models/${modelId}`);
    expect((await list(manager, { kind: "logged_model" })).things).toMatchObject([
      { model_id: modelId, name: "net", may_manage: true },
    ]);
    const restore = "/api/2.0/trackflare/logged-models/restore";
    await expectMlflowError(server.as(editor).send("POST", restore, { model_id: modelId }), "PERMISSION_DENIED");
    await server.as(manager).ask("POST", restore, { model_id: modelId });
    expect((await list(manager, { kind: "logged_model" })).things).toEqual([]);
    await server.as(manager).ask("GET", `${API}/logged-models/${modelId}`);
    const missing = admin.send("POST", restore, { model_id: "m-no-such" });
    await expectMlflowError(missing, "RESOURCE_DOES_NOT_EXIST");
  });
});
