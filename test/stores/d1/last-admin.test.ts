import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { deleteUser, insertUser, updateIsAdmin } from "../../../src/stores/d1/access/users.ts";
import { migrate } from "../../../src/stores/d1/connection/migrate.ts";

beforeAll(() => migrate(env.DB));

beforeEach(async () => {
  await env.DB.prepare("DELETE FROM users").run();
  for (const username of ["ada", "bob", "eve"]) {
    await insertUser(env.DB, { username, passwordHash: "none", nowMs: 1 });
  }
  await env.DB.prepare("UPDATE users SET is_admin = username <> 'eve'").run();
});

const admins = async () =>
  (await env.DB.prepare("SELECT username FROM users WHERE is_admin").all<{ username: string }>()).results;

test("of two admins who demote each other at once one stays", async () => {
  const done = await Promise.all(["ada", "bob"].map((name) => updateIsAdmin(env.DB, name, false, false)));
  expect(done.toSorted()).toEqual([false, true]);
  expect(await admins()).toHaveLength(1);
});

test("of two admins who delete each other at once one stays", async () => {
  const done = await Promise.all(["ada", "bob"].map((name) => deleteUser(env.DB, name, false)));
  expect(done.toSorted()).toEqual([false, true]);
  expect(await admins()).toHaveLength(1);
});

test("of two admins, of whom one is demoted and the other deleted at once, one stays", async () => {
  await Promise.all([updateIsAdmin(env.DB, "ada", false, false), deleteUser(env.DB, "bob", false)]);
  expect(await admins()).toHaveLength(1);
});

test("users without admin rights, and all admins beside one of the settings, may go", async () => {
  expect(await deleteUser(env.DB, "eve", false)).toBe(true);
  expect(await updateIsAdmin(env.DB, "ada", false, true)).toBe(true);
  expect(await deleteUser(env.DB, "bob", true)).toBe(true);
  expect(await admins()).toEqual([]);
});
