import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { StartFailure, startServer, type TestServer } from "../server.ts";

const PASSWORD = "correct horse battery";

const dataDir = mkdtempSync(join(tmpdir(), "trackflare-first-admin-"));
let server: TestServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
  rmSync(dataDir, { recursive: true, force: true });
});

async function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<TestServer> {
  await server?.stop();
  server = await startServer({ dataDir, args, env });
  return server;
}

const ask = (path: string, init: RequestInit = {}, username?: string, password = PASSWORD) =>
  fetch(`${server?.url}${path}`, {
    ...init,
    headers: {
      "Content-Type": "application/json",
      ...(username !== undefined && { Authorization: `Basic ${btoa(`${username}:${password}`)}` }),
      ...(init.headers as Record<string, string>),
    },
  });

/** Sends the request of the set-up page. */
const setUp = (token: string, username: string, password = PASSWORD) =>
  ask("/ui-api/setup", {
    method: "POST",
    headers: { Origin: server?.url ?? "", "X-Trackflare-Page": "1" },
    body: JSON.stringify({ token, username, password }),
  });

const tokenOf = ({ output }: TestServer) => /#\/set-up\?token=([\w-]{43})$/m.exec(output())?.[1];

const CURRENT = "/api/2.0/mlflow/users/current";
const LOGIN = ["--app-name", "basic-auth"];

const API = "/api/2.0/mlflow";

async function post<T = object>(path: string, message: object): Promise<T> {
  const answer = await ask(path, { method: "POST", body: JSON.stringify(message) });
  expect(answer.status, path).toBe(200);
  return (await answer.json()) as T;
}

/** One of each kind of thing that a server keeps, and where it is read. */
async function makeThings(): Promise<readonly string[]> {
  const { experiment_id } = await post<{ experiment_id: string }>(`${API}/experiments/create`, { name: "open" });
  const { run } = await post<{ run: { info: { run_id: string } } }>(`${API}/runs/create`, { experiment_id });
  const { run_id } = run.info;
  const metrics = Array.from({ length: 300 }, (_, step) => ({
    key: "loss",
    value: 1 / (step + 1),
    timestamp: step,
    step,
  }));
  await post(`${API}/runs/log-batch`, {
    run_id,
    metrics,
    params: [{ key: "lr", value: "0.1" }],
    tags: [{ key: "team", value: "vision" }],
  });
  const file = `/api/2.0/mlflow-artifacts/artifacts/${experiment_id}/${run_id}/artifacts/a.txt`;
  expect((await ask(file, { method: "PUT", body: "logged while open" })).status).toBe(200);
  const { model } = await post<{ model: { info: { model_id: string } } }>(`${API}/logged-models`, { experiment_id });
  await post(`${API}/registered-models/create`, { name: "net" });
  await post(`${API}/model-versions/create`, { name: "net", source: `runs:/${run_id}/model`, run_id });
  await post(`${API}/users/create`, { username: "carol", password: PASSWORD });
  await post("/api/3.0/mlflow/users/permissions/grant", {
    ...{ username: "carol", resource_type: "experiment", resource_id: experiment_id, permission: "EDIT" },
  });
  return [
    `${API}/experiments/get?experiment_id=${experiment_id}`,
    `${API}/runs/get?run_id=${run_id}`,
    `${API}/metrics/get-history?run_id=${run_id}&metric_key=loss`,
    `${API}/artifacts/list?run_id=${run_id}`,
    file,
    `${API}/logged-models/${model.info.model_id}`,
    `${API}/registered-models/get?name=net`,
    `${API}/model-versions/get?name=net&version=1`,
    `${API}/users/get?username=carol`,
    "/api/3.0/mlflow/users/permissions/list?username=carol",
  ];
}

async function textsAt(places: readonly string[], username?: string): Promise<string[]> {
  return await Promise.all(
    places.map(async (place) => {
      const answer = await ask(place, {}, username);
      expect(answer.status, place).toBe(200);
      return await answer.text();
    }),
  );
}

test("the printed link makes one admin, once; what was logged before is there; a restart prints no link", async () => {
  await start([]);
  const places = await makeThings();
  const before = await textsAt(places);
  const first = tokenOf(await start(LOGIN));
  expect(first).toBeDefined();
  expect((await ask("/api/2.0/mlflow/experiments/get?experiment_id=0")).status).toBe(401);
  const token = tokenOf(await start(LOGIN)) ?? "";
  expect(token).not.toBe(first);
  expect((await setUp(first ?? "", "eve")).status).toBe(403);
  expect((await setUp(token, "ada", "password1234")).status).toBe(400);
  const both = await Promise.all(["ada", "bob"].map((name) => setUp(token, name)));
  expect(both.map(({ status }) => status).toSorted()).toEqual([200, 403]);
  const admin = both[0]?.status === 200 ? "ada" : "bob";
  expect((await setUp(token, "eve")).status).toBe(403);
  const current = await (await ask(CURRENT, {}, admin)).json();
  expect(current).toMatchObject({ user: { username: admin, is_admin: true } });
  expect(await textsAt(places, admin)).toEqual(before);
  // Users and grants that were made while the server was open count from now on.
  expect(await (await ask(CURRENT, {}, "carol")).json()).toMatchObject({ user: { username: "carol" } });
  const last = await ask(
    "/api/2.0/mlflow/users/update-admin",
    { method: "PATCH", body: JSON.stringify({ username: admin, is_admin: false }) },
    admin,
  );
  expect(last.status).toBe(400);
  const { entries } = (await (
    await ask(`/api/2.0/trackflare/audit?action=user.create&target_id=${admin}`, {}, admin)
  ).json()) as {
    entries: object[];
  };
  expect(entries).toMatchObject([{ username: admin, credential: "set-up", target_id: admin }]);
  expect(tokenOf(await start(LOGIN))).toBeUndefined();
  expect(await (await ask(CURRENT, {}, admin)).json()).toMatchObject({ user: { is_admin: true } });
}, 120_000);

test("MLflow's variables and ini file make the admin; its shipped password is refused", async () => {
  await start([], { MLFLOW_AUTH_ADMIN_USERNAME: "root", MLFLOW_AUTH_ADMIN_PASSWORD: PASSWORD });
  expect(await (await ask(CURRENT, {}, "root")).json()).toMatchObject({ user: { username: "root", is_admin: true } });
  const ini = join(dataDir, "basic_auth.ini");
  const text = (password: string) => `; of MLflow
[mlflow]
default_permission = NO_PERMISSIONS
database_uri = sqlite:///basic_auth.db
admin_username = boss
admin_password = ${password}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
`;
  writeFileSync(ini, text(PASSWORD));
  const { output } = await start(LOGIN, { MLFLOW_AUTH_CONFIG_PATH: ini });
  expect(output()).toContain("Without effect: database_uri (MLFLOW_AUTH_CONFIG_PATH).");
  expect(output()).not.toContain("set-up");
  expect(await (await ask(CURRENT, {}, "boss")).json()).toMatchObject({ user: { username: "boss", is_admin: true } });
  const user = { username: "ada", password: PASSWORD };
  await ask("/api/2.0/mlflow/users/create", { method: "POST", body: JSON.stringify(user) }, "boss");
  expect((await ask("/api/2.0/mlflow/experiments/get?experiment_id=0", {}, "ada")).status).toBe(403);
  await server?.stop();
  server = undefined;
  writeFileSync(ini, text("password1234"));
  const refused = startServer({ dataDir, args: LOGIN, env: { MLFLOW_AUTH_CONFIG_PATH: ini } });
  await expect(refused).rejects.toThrow(StartFailure);
  await expect(refused).rejects.toThrow("must not be the password that MLflow shipped");
}, 120_000);
