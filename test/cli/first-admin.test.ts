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

test("the printed link makes one admin, once; what was logged before is there; a restart prints no link", async () => {
  await start([]);
  const made = await ask("/api/2.0/mlflow/experiments/create", {
    method: "POST",
    body: JSON.stringify({ name: "made while open" }),
  });
  const { experiment_id } = (await made.json()) as { experiment_id: string };
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
  const found = await ask(`/api/2.0/mlflow/experiments/get?experiment_id=${experiment_id}`, {}, admin);
  expect(await found.json()).toMatchObject({ experiment: { name: "made while open" } });
  const last = await ask(
    "/api/2.0/mlflow/users/update-admin",
    { method: "PATCH", body: JSON.stringify({ username: admin, is_admin: false }) },
    admin,
  );
  expect(last.status).toBe(400);
  const { entries } = (await (await ask("/api/2.0/trackflare/audit?action=user.create", {}, admin)).json()) as {
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
