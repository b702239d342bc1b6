import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startMlflow } from "../../differential/servers.ts";
import { startServer, type TestServer } from "../../server.ts";
import { python, trackflare, transferReport } from "./command.ts";

const ADMIN_PASSWORD = "the admin's own secret";
const folder = mkdtempSync(join(tmpdir(), "trackflare-access-"));
let mlflow: Awaited<ReturnType<typeof startMlflow>>;
let mlflowUri: string;

beforeAll(async () => {
  const settings = join(folder, "basic_auth.ini");
  // With the cache, MLflow hashes a password once, and not for each of a hundred requests.
  writeFileSync(
    settings,
    `[mlflow]
default_permission = READ
database_uri = sqlite:///basic_auth.db
admin_username = admin
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = 600
`,
  );
  const env = {
    MLFLOW_AUTH_CONFIG_PATH: settings,
    MLFLOW_AUTH_ADMIN_PASSWORD: ADMIN_PASSWORD,
    MLFLOW_FLASK_SERVER_SECRET_KEY: "k",
  };
  mlflow = await startMlflow({ folder, flags: ["--app-name", "basic-auth"], env });
  mlflowUri = withLogin(mlflow.url);
  await python(join(import.meta.dirname, "users.py"), [mlflow.url], {
    MLFLOW_TRACKING_USERNAME: "admin",
    MLFLOW_TRACKING_PASSWORD: ADMIN_PASSWORD,
  });
});
afterAll(async () => {
  await mlflow?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function withLogin(url: string, name = "admin", password = ADMIN_PASSWORD): string {
  return url.replace("://", `://${encodeURIComponent(name)}:${encodeURIComponent(password)}@`);
}

async function startWithLogin(): Promise<TestServer> {
  return await startServer({ env: { TRACKFLARE_ADMIN_PASSWORD: ADMIN_PASSWORD } });
}

/** Users with their grants, and roles with their grants and members, as MLflow's API tells them. */
async function accessOf(uri: string): Promise<unknown> {
  const { origin, username, password } = new URL(uri);
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const headers = { Authorization: `Basic ${Buffer.from(login).toString("base64")}` };
  const ask = async (path: string) => {
    const answer = await fetch(`${origin}/api/${path}`, { headers });
    expect(answer.status, path).toBe(200);
    return await answer.json();
  };
  type Grant = { role_name?: string; resource_type: string; resource_pattern: string; permission: string };
  type Role = { name: string; description: string; permissions: Grant[] };
  const told = ({ resource_type, resource_pattern, permission }: Grant) =>
    `${permission} ${resource_type} ${resource_pattern}`;
  const isOwn = (name = "") => name.startsWith("__user_");
  const users: unknown[] = [];
  const { users: listed } = (await ask("2.0/mlflow/users/list")) as {
    users: { username: string; is_admin: boolean; roles: Role[] }[];
  };
  for (const { username, is_admin, roles } of listed.filter(({ username }) => username !== "admin")) {
    const path = `3.0/mlflow/users/permissions/list?username=${encodeURIComponent(username)}`;
    const { permissions } = (await ask(path)) as { permissions: Grant[] };
    const own = permissions
      .filter(({ role_name }) => isOwn(role_name))
      .map(told)
      .sort();
    users.push({ username, is_admin, own, roles: roles.map(({ name }) => name).filter((name) => !isOwn(name)) });
  }
  const { roles } = (await ask("3.0/mlflow/roles/list?workspace=default")) as { roles: Role[] };
  const shared = roles.filter(({ name }) => !isOwn(name));
  return {
    users: users.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    roles: shared.map(({ name, description, permissions }) => ({
      name,
      description,
      grants: permissions.map(told).sort(),
    })),
  };
}

test("users, grants and roles of a server with a login arrive, and a second import writes nothing", async () => {
  const server = await startWithLogin();
  try {
    const passwords = join(folder, "passwords.csv");
    const words = ["import", mlflowUri, "--to", withLogin(server.url), "--passwords", passwords];
    const report = await transferReport(words);
    expect(report.users).toMatchObject({ read: 4, written: 3, skipped: 1, failed: 0 });
    const theirs = await accessOf(mlflowUri);
    expect(JSON.stringify(theirs)).toContain("MANAGE experiment");
    expect(await accessOf(withLogin(server.url))).toEqual(theirs);

    const lines = readFileSync(passwords, "utf8").trim().split("\n");
    expect(lines).toHaveLength(3);
    expect(statSync(passwords).mode & 0o777).toBe(0o600);
    const [, password = ""] = /^ada,(.*)$/m.exec(lines.join("\n")) ?? [];
    const asAda = withLogin(server.url, "ada", password);
    expect((await trackflare(["users", "grants", "ada", "--tracking-uri", asAda])).stdout).toMatch(
      /^experiment .*EDIT/m,
    );

    const again = await transferReport(words);
    for (const kind of ["users", "roles", "grants"] as const) {
      expect(again[kind], kind).toMatchObject({ written: 0, skipped: report[kind].read, failed: 0 });
    }
    expect(readFileSync(passwords, "utf8").trim().split("\n")).toEqual(lines);
  } finally {
    await server.stop();
  }
});

test("the database of MLflow's login is a source of its own; passwords that nobody knows are told", async () => {
  const server = await startWithLogin();
  try {
    await transferReport(["import", join(folder, "mlflow.db"), "--to", withLogin(server.url)]);
    const words = ["import", join(folder, "basic_auth.db"), "--to", withLogin(server.url)];
    const report = await transferReport(words, 3);
    expect(report.problems).toHaveLength(1);
    expect(report.problems[0]!.where).toBe("passwords of 3 users");
    expect(await accessOf(withLogin(server.url))).toEqual(await accessOf(mlflowUri));
    expect((await transferReport(words)).users).toMatchObject({ written: 0, skipped: 4 });
  } finally {
    await server.stop();
  }
});

test("what is there stays, a grant on nothing is told, and the rest arrives, a denial too", async () => {
  const server = await startWithLogin();
  const file = join(folder, "older.db");
  // As MLflow 2.8 made it: roles came later.
  const db = new DatabaseSync(file);
  db.exec(`
    CREATE TABLE users (id INTEGER PRIMARY KEY, username VARCHAR(255), password_hash VARCHAR(255), is_admin BOOLEAN);
    CREATE TABLE experiment_permissions (id INTEGER PRIMARY KEY, experiment_id VARCHAR(255), user_id INTEGER, permission VARCHAR(255));
    CREATE TABLE registered_model_permissions (id INTEGER PRIMARY KEY, name VARCHAR(255), user_id INTEGER, permission VARCHAR(255));
    INSERT INTO users VALUES (1, 'ada', 'scrypt:x', 1), (2, 'bob', 'scrypt:y', 0), (3, '', 'z', 0);
    INSERT INTO experiment_permissions VALUES (1, '0', 1, 'READ'), (2, '0', 2, 'MANAGE'), (3, '999', 2, 'READ');
    INSERT INTO registered_model_permissions VALUES (1, 'gone', 2, 'EDIT'), (2, 'net', 2, 'NO_PERMISSIONS');
  `);
  db.close();
  try {
    const uri = withLogin(server.url);
    const asAdmin = { MLFLOW_TRACKING_URI: uri };
    const login = Buffer.from(`admin:${ADMIN_PASSWORD}`).toString("base64");
    const headers = { Authorization: `Basic ${login}`, "Content-Type": "application/json" };
    const post = async (path: string, message: object) => {
      const body = JSON.stringify(message);
      const answer = await fetch(`${server.url}/api/2.0/mlflow/${path}`, { method: "POST", headers, body });
      expect(answer.status, path).toBe(200);
    };
    await post("users/create", { username: "ada", password: "her own password" });
    await post("registered-models/create", { name: "net" });
    expect((await trackflare(["users", "grant", "ada", "experiment", "0", "EDIT"], asAdmin)).exitCode).toBe(0);
    const report = await transferReport(["import", file, "--to", uri, "--passwords", join(folder, "more.csv")], 3);
    expect(report.users).toMatchObject({ read: 3, written: 1, skipped: 1, failed: 1 });
    expect(report.grants).toMatchObject({ read: 5, written: 2, failed: 3 });
    const told = report.problems.map(({ where, why }) => `${where}: ${why}`).join("\n");
    expect(told).toContain("user ada: an admin there, and none here");
    expect(told).toContain("READ of user ada on experiment 0: EDIT is there, and stays");
    expect(told).toMatch(/READ of user bob on experiment 999: .*no experiment '999'/i);
    expect(told).toMatch(/EDIT of user bob on registered_model gone: /);
    const hers = withLogin(server.url, "ada", "her own password");
    expect((await trackflare(["users", "grants", "ada", "--tracking-uri", hers])).stdout).toMatch(
      /^experiment +0 +EDIT/m,
    );
    const bobs = (await trackflare(["users", "grants", "bob"], asAdmin)).stdout;
    expect(bobs).toMatch(/^experiment +0 +MANAGE/m);
    expect(bobs).toMatch(/^registered_model +net +DENY/m);
  } finally {
    await server.stop();
  }
});

test("whoever may not read the users of the source is told so, and the rest arrives", async () => {
  const server = await startWithLogin();
  try {
    const asAda = withLogin(mlflow.url, "ada", "a long password");
    const report = await transferReport(
      ["import", asAda, "--to", withLogin(server.url), "--passwords", join(folder, "none.csv")],
      3,
    );
    expect(report.problems.map(({ where }) => where)).toContain("users and grants");
    expect(report.experiments).toMatchObject({ failed: 0 });
  } finally {
    await server.stop();
  }
});
