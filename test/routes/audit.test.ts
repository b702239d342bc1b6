import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { expectMlflowError, fetchWorker, type Message } from "../helpers/mlflow.ts";
import { ADMIN_PASSWORD, closedServer, PASSWORD } from "../helpers/users.ts";

const server = closedServer({ TRACKFLARE_DEFAULT_PERMISSION: "READ" });
const { admin } = server;

const mlflow = (path: string) => `/api/2.0/mlflow/${path}`;
const v3 = (path: string) => `/api/3.0/mlflow/${path}`;
const AUDIT = "/api/2.0/trackflare/audit";

interface Entry extends Message {
  readonly entry_id: string;
  readonly time: number;
  readonly action: string;
  readonly target_id: string;
}

interface Page {
  readonly entries: Entry[];
  readonly next_page_token?: string;
}

const entries = async (filter: Message): Promise<Entry[]> => (await admin.ask<Page>("GET", AUDIT, filter)).entries;

const actions = async (filter: Message): Promise<string[]> => (await entries(filter)).map(({ action }) => action);

const count = async () => (await env.DB.prepare("SELECT count(*) AS n FROM audit_log").first<{ n: number }>())?.n;

async function newExperiment(name = `experiment ${crypto.randomUUID()}`): Promise<string> {
  return (await admin.ask<{ experiment_id: string }>("POST", mlflow("experiments/create"), { name })).experiment_id;
}

async function newRun(experiment_id: string): Promise<string> {
  const { run } = await admin.ask<{ run: { info: { run_id: string } } }>("POST", mlflow("runs/create"), {
    experiment_id,
  });
  return run.info.run_id;
}

describe("the audit log", () => {
  test("tells who did what to a user, by what, and never a password or a token's secret", async () => {
    const username = await server.newUser();
    await admin.ask("PATCH", mlflow("users/update-password"), { username, password: `${PASSWORD} two` });
    await admin.ask("PATCH", mlflow("users/update-admin"), { username, is_admin: true });
    const { secret, token_id } = await server.newToken(username, { scopes: ["read", "write", "admin"] });
    const experiment_id = await newExperiment();
    await server.by(`Bearer ${secret}`).ask("POST", mlflow("experiments/delete"), { experiment_id });
    await server.grant(username, "experiment", experiment_id, "EDIT");
    await admin.ask("DELETE", mlflow("users/delete"), { username });
    expect(await actions({ target_type: "user", target_id: username })).toEqual([
      "user.delete",
      "grant.set",
      "user.admin",
      "user.password",
      "user.create",
    ]);
    const [deleted] = await entries({ username });
    expect(deleted).toMatchObject({
      action: "experiment.delete",
      credential: `token ${token_id}`,
      target_type: "experiment",
      target_id: experiment_id,
    });
    const [made] = await entries({ target_type: "token", target_id: token_id });
    expect(made).toMatchObject({ username: "admin", credential: "settings", action: "token.create" });
    expect(made?.detail).toMatchObject({ username, scopes: ["read", "write", "admin"] });
    const { results } = await env.DB.prepare("SELECT * FROM audit_log").all();
    expect(JSON.stringify(results)).not.toContain(secret.slice(16, 40));
    expect(JSON.stringify(results)).not.toContain(PASSWORD);
  });

  test("has the request's id, and the client's address as the edge tells it", async () => {
    const experiment_id = await newExperiment();
    const headers = {
      Authorization: `Basic ${btoa(`admin:${ADMIN_PASSWORD}`)}`,
      "Content-Type": "application/json",
      "X-Request-Id": "request-of-a-client",
      "CF-Connecting-IP": "203.0.113.7",
    };
    const body = JSON.stringify({ experiment_id });
    await fetchWorker(mlflow("experiments/delete"), { method: "POST", headers, body }, server.env);
    const [entry] = await entries({ target_type: "experiment", target_id: experiment_id });
    expect(entry).toMatchObject({ request_id: "request-of-a-client", address: "203.0.113.7" });
    expect(Math.abs((entry?.time ?? 0) - Date.now())).toBeLessThan(600_000);
  });

  test("tells of deletions, restores, stages and aliases", async () => {
    const experiment_id = await newExperiment();
    const run_id = await newRun(experiment_id);
    await admin.ask("POST", mlflow("runs/delete"), { run_id });
    await admin.ask("POST", mlflow("runs/restore"), { run_id });
    expect(await actions({ target_type: "run", target_id: run_id })).toEqual(["run.restore", "run.delete"]);
    const { model } = await admin.ask<{ model: { info: { model_id: string } } }>("POST", mlflow("logged-models"), {
      experiment_id,
    });
    const { model_id } = model.info;
    await admin.ask("DELETE", mlflow(`logged-models/${model_id}`));
    await admin.ask("POST", "/api/2.0/trackflare/logged-models/restore", { model_id });
    expect(await actions({ target_type: "logged_model", target_id: model_id })).toEqual([
      "logged_model.restore",
      "logged_model.delete",
    ]);
    await admin.ask("POST", mlflow("experiments/delete"), { experiment_id });
    await admin.ask("POST", mlflow("experiments/restore"), { experiment_id });
    expect(await actions({ target_type: "experiment", target_id: experiment_id })).toEqual([
      "experiment.restore",
      "experiment.delete",
    ]);
    const name = `model ${crypto.randomUUID()}`;
    await admin.ask("POST", mlflow("registered-models/create"), { name });
    await admin.ask("POST", mlflow("model-versions/create"), {
      name,
      run_id,
      source: `mlflow-artifacts:/${experiment_id}/${run_id}/artifacts/m`,
    });
    await admin.ask("POST", mlflow("registered-models/alias"), { name, alias: "champion", version: "1" });
    await admin.ask("POST", mlflow("model-versions/transition-stage"), {
      name,
      version: "1",
      stage: "Production",
      archive_existing_versions: true,
    });
    await admin.ask("DELETE", mlflow("registered-models/alias"), { name, alias: "champion" });
    await admin.ask("DELETE", mlflow("model-versions/delete"), { name, version: "1" });
    expect(await actions({ target_type: "model_version", target_id: `${name}/1` })).toEqual([
      "model_version.delete",
      "model_version.stage",
      "alias.set",
    ]);
    await admin.ask("POST", mlflow("registered-models/rename"), { name, new_name: `${name} two` });
    await admin.ask("DELETE", mlflow("registered-models/delete"), { name: `${name} two` });
    expect(await actions({ target_type: "registered_model", target_id: name })).toEqual([
      "registered_model.rename",
      "alias.delete",
    ]);
    expect(await actions({ target_type: "registered_model", target_id: `${name} two` })).toEqual([
      "registered_model.delete",
    ]);
  });

  test("tells of roles", async () => {
    const username = await server.newUser();
    const name = `role ${crypto.randomUUID()}`;
    const { role } = await admin.ask<{ role: { id: number } }>("POST", v3("roles/create"), {
      name,
      workspace: "default",
    });
    const role_id = role.id;
    const { role_permission } = await admin.ask<{ role_permission: { id: number } }>(
      "POST",
      v3("roles/permissions/add"),
      { role_id, resource_type: "experiment", resource_pattern: "*", permission: "EDIT" },
    );
    await admin.ask("DELETE", v3("roles/permissions/remove"), { role_permission_id: role_permission.id });
    await admin.ask("POST", v3("roles/assign"), { username, role_id });
    await admin.ask("DELETE", v3("roles/unassign"), { username, role_id });
    await admin.ask("PATCH", v3("roles/update"), { role_id, description: "those who read" });
    await admin.ask("DELETE", v3("roles/delete"), { role_id });
    expect(await actions({ target_type: "role", target_id: name })).toEqual([
      "role.delete",
      "role.update",
      "role.unassign",
      "role.assign",
      "role.permission",
      "role.permission",
      "role.create",
    ]);
  });

  test("tells what was deleted for good, in one entry a transaction", async () => {
    const experiment_id = await newExperiment();
    const run_ids = [await newRun(experiment_id), await newRun(experiment_id)];
    for (const run_id of run_ids) await admin.ask("POST", mlflow("runs/delete"), { run_id });
    await admin.ask("POST", "/api/2.0/trackflare/gc", { run_ids });
    const [purged] = await entries({ action: "trash.purge" });
    expect(purged).toMatchObject({ target_type: "run", target_id: "" });
    const { ids = [] } = (purged?.detail ?? {}) as { ids?: string[] };
    expect(ids.toSorted()).toEqual(run_ids.toSorted());
    await admin.ask("POST", mlflow("experiments/delete"), { experiment_id });
    await admin.ask("POST", "/api/2.0/trackflare/gc", { experiment_ids: [experiment_id] });
    expect(await actions({ target_type: "experiment", target_id: experiment_id })).toEqual([
      "trash.purge",
      "experiment.delete",
    ]);
  });

  test("has one entry for a command that imports by many requests", async () => {
    const command = crypto.randomUUID();
    for (const id of ["770001", "770002"]) {
      await admin.ask("POST", "/api/2.0/trackflare/import/experiments", {
        command,
        records: [{ experimentId: id, name: `imported ${id} ${command}`, digest: "d" }],
      });
    }
    expect(await actions({ target_type: "server", target_id: command })).toEqual(["server.import"]);
  });

  test("has no entry for a change that was refused, or that changed nothing", async () => {
    const before = await count();
    await admin.send("DELETE", mlflow("users/delete"), { username: "nobody of this name" });
    await admin.send("POST", mlflow("runs/delete"), { run_id: crypto.randomUUID().replaceAll("-", "") });
    await admin.send("POST", mlflow("experiments/restore"), { experiment_id: await newExperiment() });
    await admin.send("POST", "/api/2.0/trackflare/tokens/revoke", { token_id: "k3J9xQ0aB7Zt" });
    expect(await count()).toBe(before);
  });

  test("changes nothing where an entry cannot be written", async () => {
    const username = await server.newUser();
    await env.DB.prepare(
      "CREATE TRIGGER audit_full BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'the log is full'); END",
    ).run();
    try {
      expect((await admin.send("DELETE", mlflow("users/delete"), { username })).status).toBe(500);
    } finally {
      await env.DB.prepare("DROP TRIGGER audit_full").run();
    }
    await admin.ask("GET", mlflow("users/get"), { username });
  });

  test("is added to and never changed, by whatever statement", async () => {
    await server.newUser();
    for (const sql of ["UPDATE audit_log SET username = 'x'", "DELETE FROM audit_log"]) {
      await expect(env.DB.prepare(sql).run()).rejects.toThrow("never changed");
    }
  });

  test("comes in pages and as lines of JSON, for admins alone", async () => {
    const target_id = await newExperiment();
    const filter = { target_type: "experiment", target_id };
    for (const verb of ["delete", "restore", "delete"]) {
      await admin.ask("POST", mlflow(`experiments/${verb}`), { experiment_id: target_id });
    }
    const first = await admin.ask<Page>("GET", AUDIT, { ...filter, max_results: 2 });
    expect(first.entries).toHaveLength(2);
    const page_token = first.next_page_token ?? "";
    const rest = await admin.ask<Page>("GET", AUDIT, { ...filter, max_results: 2, page_token });
    expect(rest).toEqual({ entries: [expect.objectContaining({ action: "experiment.delete" })] });
    await expectMlflowError(admin.send("GET", AUDIT, { page_token }), "INVALID_PARAMETER_VALUE");
    const exported = await admin.send("GET", `${AUDIT}/export`, filter);
    expect(exported.headers.get("Content-Type")).toBe("application/x-ndjson");
    const lines = Buffer.from(await exported.arrayBuffer())
      .toString()
      .trim()
      .split("\n");
    expect(lines.map((line) => JSON.parse(line) as Entry)).toEqual([...first.entries, ...rest.entries]);
    const to_time = first.entries[0]?.time ?? 0;
    expect((await entries({ ...filter, to_time })).every(({ time }) => time < to_time)).toBe(true);
    expect(await entries({ ...filter, from_time: Date.now() + 60_000 })).toEqual([]);
    const username = await server.newUser();
    await expectMlflowError(server.as(username).send("GET", AUDIT), "PERMISSION_DENIED");
    await expectMlflowError(server.as(username).send("GET", `${AUDIT}/export`), "PERMISSION_DENIED");
  });
});
