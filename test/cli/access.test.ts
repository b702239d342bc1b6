import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";
import { trackflare, trackflareWith } from "./import/command.ts";

const ADMIN_PASSWORD = "the admin's own secret";
const PASSWORD = "correct horse battery";

let server: TestServer;

beforeAll(async () => {
  server = await startServer({ env: { TRACKFLARE_ADMIN_PASSWORD: ADMIN_PASSWORD } });
});

afterAll(async () => {
  await server.stop();
});

const asAdmin = () => ({
  MLFLOW_TRACKING_URI: server.url,
  MLFLOW_TRACKING_USERNAME: "admin",
  MLFLOW_TRACKING_PASSWORD: ADMIN_PASSWORD,
});

async function status(secret: string, path = "users/current"): Promise<number> {
  const headers = { Authorization: `Bearer ${secret}` };
  return (await fetch(`${server.url}/api/2.0/mlflow/${path}`, { headers })).status;
}

test("an admin makes a user, the user a token, a job uses it; rotated, revoked, deleted", async () => {
  const made = await trackflareWith(`${PASSWORD}\n`, ["users", "create", "ada"], asAdmin());
  expect(made).toMatchObject({ exitCode: 0, stdout: "" });
  const asAda = {
    MLFLOW_TRACKING_URI: server.url,
    MLFLOW_TRACKING_USERNAME: "ada",
    MLFLOW_TRACKING_PASSWORD: PASSWORD,
  };
  const created = await trackflare(["tokens", "create", "nightly", "--scopes", "read"], asAda);
  expect(created.exitCode, created.stderr).toBe(0);
  expect(created.stdout).toMatch(/^tf_\w+\n$/);
  const secret = created.stdout.trim();
  expect(await status(secret)).toBe(200);
  const [, id = ""] = /Token (\w+) of ada/.exec(created.stderr) ?? [];
  const rotated = await trackflare(["tokens", "rotate", id, "--overlap", "0s"], asAda);
  expect([await status(secret), await status(rotated.stdout.trim())]).toEqual([401, 200]);
  const listed = await trackflare(["tokens", "list"], asAdmin());
  expect(listed.stdout).toMatch(new RegExp(`^${id}  ada   nightly  read    all .* \\d{4}-\\d\\d-\\d\\d`, "m"));
  await trackflare(["tokens", "revoke", id], asAda);
  expect(await status(rotated.stdout.trim())).toBe(401);
  const refused = await trackflare(["users", "list"], asAda);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain("Permission denied");
  const granted = await trackflare(["users", "grant", "ada", "experiment", "0", "EDIT"], asAdmin());
  expect(granted.exitCode, granted.stderr).toBe(0);
  expect((await trackflare(["users", "grants", "ada"], asAdmin())).stdout).toMatch(/^experiment {2}0 {3}EDIT/m);
  const grants = JSON.parse((await trackflare(["users", "grants", "ada", "--json"], asAdmin())).stdout);
  expect(grants).toMatchObject([{ resource_type: "experiment", resource_pattern: "0", permission: "EDIT" }]);
  const users = JSON.parse((await trackflare(["users", "list", "--json"], asAdmin())).stdout);
  expect(users).toContainEqual(expect.objectContaining({ username: "ada", is_admin: false }));
  expect((await trackflare(["users", "delete", "ada"], asAdmin())).exitCode).toBe(0);
  expect((await trackflare(["users", "list"], asAdmin())).stdout).not.toContain("ada");
});

test("wrong usage and wrong values say what is wrong, and ask nobody", async () => {
  const wrong = await trackflare(["tokens", "create", "t", "--expires", "soon"], asAdmin());
  expect(wrong).toMatchObject({ exitCode: 1 });
  expect(wrong.stderr).toContain("--expires must be a time such as 90d");
  expect((await trackflare(["tokens", "make"], asAdmin())).exitCode).toBe(2);
  expect((await trackflare(["tokens", "create"], asAdmin())).exitCode).toBe(2);
  const without = await trackflareWith("", ["users", "create", "bob"], asAdmin());
  expect(without.stderr).toContain("password on stdin");
  const stranger = await trackflare(["users", "list"], { MLFLOW_TRACKING_URI: server.url });
  expect(stranger.exitCode).toBe(1);
  expect(stranger.stderr.match(/MLFLOW_TRACKING_TOKEN/g)).toHaveLength(1);
});
