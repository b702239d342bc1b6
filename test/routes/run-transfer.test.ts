import { describe, expect, test } from "vitest";
import { expectMlflowError } from "../helpers/mlflow.ts";
import { closedServer } from "../helpers/users.ts";

const server = closedServer({ TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS" });
const { admin } = server;
const API = "/api/2.0/mlflow";

async function newExperiment(): Promise<string> {
  const name = `experiment ${crypto.randomUUID()}`;
  return (await admin.ask<{ experiment_id: string }>("POST", `${API}/experiments/create`, { name })).experiment_id;
}

async function newRun(experiment_id: string): Promise<string> {
  const { run } = await admin.ask<{ run: { info: { run_id: string } } }>("POST", `${API}/runs/create`, {
    experiment_id,
  });
  await admin.ask("POST", `${API}/runs/update`, { run_id: run.info.run_id, status: "FINISHED" });
  return run.info.run_id;
}

describe("moving and copying runs", () => {
  // Whoever moves runs takes them from an experiment as by a deletion, and could then delete them in an experiment of their own.
  test.each([
    ["move", "MANAGE", "EDIT"],
    ["copy", "EDIT", "READ"],
  ])("%s needs %s on the runs, and EDIT on their new experiment", async (what, needed, less) => {
    const [from, to] = [await newExperiment(), await newExperiment()];
    const runId = await newRun(from);
    const message = { run_ids: [runId], experiment_id: to, ...(what === "copy" && { copy_id: "c" }) };
    const send = (username: string) => server.as(username).send("POST", `/api/2.0/trackflare/runs/${what}`, message);
    for (const [onFrom, onTo] of [
      [needed, "READ"],
      [less, "MANAGE"],
      [needed, undefined],
      [undefined, "MANAGE"],
    ]) {
      const user = await server.newUser();
      if (onFrom !== undefined) await server.grant(user, "experiment", from, onFrom);
      if (onTo !== undefined) await server.grant(user, "experiment", to, onTo);
      await expectMlflowError(send(user), "PERMISSION_DENIED");
    }
    const allowed = await server.newUser();
    await server.grant(allowed, "experiment", from, needed);
    await server.grant(allowed, "experiment", to, "EDIT");
    expect((await send(allowed)).status).toBe(200);
  });

  test("an editor does not get runs deleted by way of an own experiment", async () => {
    const from = await newExperiment();
    const runId = await newRun(from);
    const editor = await server.newUser();
    await server.grant(editor, "experiment", from, "EDIT");
    const { experiment_id: own } = await server
      .as(editor)
      .ask<{ experiment_id: string }>("POST", `${API}/experiments/create`, { name: crypto.randomUUID() });
    const moving = server.as(editor).send("POST", "/api/2.0/trackflare/runs/move", {
      ...{ run_ids: [runId], experiment_id: own },
    });
    await expectMlflowError(moving, "PERMISSION_DENIED");
    await expectMlflowError(
      server.as(editor).send("POST", `${API}/runs/delete`, { run_id: runId }),
      "PERMISSION_DENIED",
    );
    const { run } = await admin.ask<{ run: { info: object } }>("GET", `${API}/runs/get`, { run_id: runId });
    expect(run.info).toMatchObject({ experiment_id: from, lifecycle_stage: "active" });
  });

  test("takes the logged models of a run only where they may be changed too", async () => {
    const [from, to] = [await newExperiment(), await newExperiment()];
    const runId = await newRun(from);
    await admin.ask("POST", `${API}/logged-models`, { experiment_id: from, name: "net", source_run_id: runId });
    const message = { run_ids: [runId], experiment_id: to };
    const managerWith = async (onModels: string) => {
      const manager = await server.newUser();
      for (const id of [from, to]) await server.grant(manager, "experiment", id, "MANAGE");
      await server.grant(manager, "logged_model", "*", onModels);
      return server.as(manager);
    };
    const [reader, editor] = [await managerWith("READ"), await managerWith("EDIT")];
    const copy = { ...message, copy_id: "c" };
    await expectMlflowError(reader.send("POST", "/api/2.0/trackflare/runs/copy", copy), "PERMISSION_DENIED");
    expect((await editor.send("POST", "/api/2.0/trackflare/runs/copy", copy)).status).toBe(200);
    for (const one of [reader, editor]) {
      await expectMlflowError(one.send("POST", "/api/2.0/trackflare/runs/move", message), "PERMISSION_DENIED");
    }
  });

  test("gives a moved run's files to the readers of its new experiment, and takes them from those of the old", async () => {
    const [from, to] = [await newExperiment(), await newExperiment()];
    const runId = await newRun(from);
    const { model } = await admin.ask<{ model: { info: { model_id: string } } }>("POST", `${API}/logged-models`, {
      ...{ experiment_id: from, name: "net", source_run_id: runId },
    });
    const files = [`${from}/${runId}/artifacts/a.txt`, `${from}/models/${model.info.model_id}/artifacts/MLmodel`];
    const stays = `${from}/notes/read.me`;
    for (const key of [...files, stays]) {
      expect((await admin.send("PUT", `/api/2.0/mlflow-artifacts/artifacts/${key}`)).status).toBe(200);
    }
    const [oldReader, newReader, newEditor] = [await server.newUser(), await server.newUser(), await server.newUser()];
    await server.grant(oldReader, "experiment", from, "READ");
    await server.grant(newReader, "experiment", to, "READ");
    await server.grant(newEditor, "experiment", to, "EDIT");
    const read = async (username: string, key: string) =>
      (await server.as(username).send("GET", `/api/2.0/mlflow-artifacts/artifacts/${key}`)).status;
    for (const key of files) expect([await read(oldReader, key), await read(newReader, key)], key).toEqual([200, 403]);
    await admin.ask("POST", "/api/2.0/trackflare/runs/move", { run_ids: [runId], experiment_id: to });
    for (const key of files) {
      expect([await read(oldReader, key), await read(newReader, key)], key).toEqual([403, 200]);
      const put = (username: string) => server.as(username).send("PUT", `/api/2.0/mlflow-artifacts/artifacts/${key}`);
      expect([(await put(oldReader)).status, (await put(newReader)).status, (await put(newEditor)).status]).toEqual([
        403, 403, 200,
      ]);
      // Another spelling of the same key, as if a client had encoded it twice.
      const last = runId.slice(-1).charCodeAt(0).toString(16);
      expect(await read(oldReader, key.replace(runId, `${runId.slice(0, -1)}%25${last}`))).not.toBe(200);
    }
    expect([await read(oldReader, stays), await read(newReader, stays)]).toEqual([200, 403]);
  });
});
