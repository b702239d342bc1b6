import { describe, expect, test } from "vitest";
import { expectMlflowError, type Message } from "../helpers/mlflow.ts";
import { closedServer, PASSWORD } from "../helpers/users.ts";

const server = closedServer();
const { admin } = server;
const users = (verb: string) => `/api/2.0/mlflow/users/${verb}`;
const current = (username: string, password = PASSWORD) => server.as(username, password).send("GET", users("current"));

describe("the life of a user", () => {
  test("made, told, changed and gone, each at once", async () => {
    const username = await server.newUser();
    const other = await server.newUser();
    const { user } = await server.as(username).ask<{ user: Message }>("GET", users("current"));
    expect(user).toMatchObject({
      username,
      is_admin: false,
      experiment_permissions: [],
      registered_model_permissions: [],
    });
    expect(await server.as(username).ask("GET", users("get"), { username })).toEqual({ user });
    for (const [verb, message] of [
      ["get", { username: other }],
      ["list", {}],
    ] as const) {
      expect((await server.as(username).send("GET", users(verb), message)).status).toBe(403);
    }
    const next = "another long password";
    const change = { username, password: next };
    const own = server.as(username);
    await expectMlflowError(own.send("PATCH", users("update-password"), change), "INVALID_PARAMETER_VALUE");
    const wrong = { ...change, current_password: "not the password" };
    await expectMlflowError(own.send("PATCH", users("update-password"), wrong), "INVALID_PARAMETER_VALUE");
    await own.ask("PATCH", users("update-password"), { ...change, current_password: PASSWORD });
    expect((await current(username)).status).toBe(401);
    expect((await current(username, next)).status).toBe(200);
    expect(
      (await server.as(username, next).send("PATCH", users("update-admin"), { username, is_admin: true })).status,
    ).toBe(403);
    await admin.ask("PATCH", users("update-admin"), { username, is_admin: true });
    const nowAdmin = server.as(username, next);
    expect((await nowAdmin.send("GET", users("list"))).status).toBe(200);
    await expectMlflowError(
      nowAdmin.send("PATCH", users("update-admin"), { username, is_admin: false }),
      "BAD_REQUEST",
    );
    await expectMlflowError(nowAdmin.send("DELETE", users("delete"), { username }), "BAD_REQUEST");
    await admin.ask("PATCH", users("update-admin"), { username, is_admin: false });
    expect((await nowAdmin.send("GET", users("list"))).status).toBe(403);
    await admin.ask("DELETE", users("delete"), { username });
    expect((await current(username, next)).status).toBe(401);
    await expectMlflowError(admin.send("GET", users("get"), { username }), "RESOURCE_DOES_NOT_EXIST");
  });

  test("of two who change a password from the same one, one does", async () => {
    const username = await server.newUser();
    const change = async (password: string) => {
      const message = { username, password, current_password: PASSWORD };
      return (await server.as(username).send("PATCH", users("update-password"), message)).status === 200;
    };
    const passwords = ["the first new password", "the second new password"];
    const changed = await Promise.all(passwords.map(change));
    expect(changed.filter(Boolean)).toHaveLength(1);
    const statuses = await Promise.all(passwords.map(async (password) => (await current(username, password)).status));
    expect(statuses).toEqual(changed.map((isChanged) => (isChanged ? 200 : 401)));
  });

  test("a later user of the same name has none of the grants", async () => {
    const username = await server.newUser();
    await server.grant(username, "experiment", "*", "MANAGE");
    await admin.ask("DELETE", users("delete"), { username });
    await admin.ask("POST", users("create"), { username, password: PASSWORD });
    const held = await server.as(username).ask("GET", "/api/3.0/mlflow/users/current/permissions");
    expect(held).toEqual({ is_admin: false, permissions: [] });
  });
});

describe("what is refused", () => {
  test.each([
    ["a password of 11 characters", { username: "u", password: "elevenchars" }],
    ["blanks for a password", { username: "u", password: " ".repeat(20) }],
    ["a password of 1,025 characters", { username: "u", password: "x".repeat(1025) }],
    ["a name with a colon", { username: "a:b", password: PASSWORD }],
    ["a name of 256 characters", { username: "u".repeat(256), password: PASSWORD }],
    ["no password", { username: "u" }],
    ["a number for a name", { username: 7, password: PASSWORD }],
  ])("%s", async (_what, message) => {
    await expectMlflowError(admin.send("POST", users("create"), message), "INVALID_PARAMETER_VALUE");
  });

  test("a name that is taken, the admin's too", async () => {
    const username = await server.newUser();
    for (const taken of [username, "admin"]) {
      const again = admin.send("POST", users("create"), { username: taken, password: PASSWORD });
      await expectMlflowError(again, "RESOURCE_ALREADY_EXISTS");
    }
  });

  test.each([
    ["an unknown type", { resource_type: "foo", resource_id: "1", permission: "READ" }],
    ["an unknown permission", { resource_type: "experiment", resource_id: "0", permission: "NO_PERMISSIONS" }],
    ["one run", { resource_type: "run", resource_id: "1", permission: "READ" }],
  ])("a grant on %s", async (_what, message) => {
    const username = await server.newUser();
    const grant = admin.send("POST", "/api/3.0/mlflow/users/permissions/grant", { username, ...message });
    await expectMlflowError(grant, "INVALID_PARAMETER_VALUE");
  });

  test("a grant on what is not there", async () => {
    const username = await server.newUser();
    const message = { username, resource_type: "experiment", resource_id: "99999999", permission: "READ" };
    const grant = admin.send("POST", "/api/3.0/mlflow/users/permissions/grant", message);
    await expectMlflowError(grant, "RESOURCE_DOES_NOT_EXIST");
  });

  test("after ten wrong passwords of a name the eleventh is not looked at, and other names are", async () => {
    const [username, other] = [await server.newUser(), await server.newUser()];
    for (let i = 0; i < 10; i++) expect((await current(username, `wrong password ${i}`)).status).toBe(401);
    const refused = await current(username, "wrong password 10");
    expect(refused.status).toBe(429);
    const seconds = Number(refused.headers.get("Retry-After"));
    expect(seconds).toBeGreaterThan(2);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(await refused.json()).toMatchObject({ message: expect.stringContaining(`wait ${seconds} s`) });
    expect((await current(other)).status).toBe(200);
  });

  test("a wrong password beyond ASCII counts once, though its bytes are read in two ways", async () => {
    const username = await server.newUser();
    for (let i = 0; i < 10; i++) expect((await current(username, `falsches Paßwort ${i}`)).status).toBe(401);
    expect((await current(username, "falsches Paßwort 10")).status).toBe(429);
  });

  test("a name that nobody has, like a wrong password", async () => {
    const username = await server.newUser();
    const [unknown, wrong] = [await current("nobody at all"), await current(username, "wrong password")];
    expect([unknown.status, await unknown.text()]).toEqual([wrong.status, await wrong.text()]);
    expect(wrong.headers.get("WWW-Authenticate")).toContain("Basic");
  });
});
