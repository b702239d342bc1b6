import { describe, expect, test } from "vitest";
import { expectMlflowError, type Message } from "../helpers/mlflow.ts";
import { closedServer } from "../helpers/users.ts";

const server = closedServer({ TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS" });
const { admin } = server;

const v3 = (path: string) => `/api/3.0/mlflow/${path}`;
const v2 = (path: string) => `/api/2.0/mlflow/${path}`;

interface WireRole extends Message {
  readonly id: number;
}

async function newRole(): Promise<WireRole> {
  const name = `role ${crypto.randomUUID()}`;
  return (await admin.ask<{ role: WireRole }>("POST", v3("roles/create"), { name, workspace: "default" })).role;
}

async function newExperiment(): Promise<string> {
  const { experiment_id } = await admin.ask<{ experiment_id: string }>("POST", v2("experiments/create"), {
    name: crypto.randomUUID(),
  });
  return experiment_id;
}

async function newModel(): Promise<string> {
  const name = `model ${crypto.randomUUID()}`;
  await admin.ask("POST", v2("registered-models/create"), { name });
  return name;
}

const mayRead = async (username: string, experiment_id: string) =>
  (await server.as(username).send("GET", v2("experiments/get"), { experiment_id })).status === 200;

describe("a role", () => {
  test("that is deleted while it is held lets nobody do what it did, at once", async () => {
    const [username, experimentId, role] = [await server.newUser(), await newExperiment(), await newRole()];
    await admin.ask("POST", v3("roles/permissions/add"), {
      role_id: role.id,
      resource_type: "experiment",
      resource_pattern: experimentId,
      permission: "READ",
    });
    await admin.ask("POST", v3("roles/assign"), { username, role_id: role.id });
    expect(await mayRead(username, experimentId)).toBe(true);
    await admin.ask("DELETE", v3("roles/delete"), { role_id: role.id });
    expect(await mayRead(username, experimentId)).toBe(false);
  });

  test("is made, told, changed and gone, and with it what it let do", async () => {
    const [username, experimentId, role] = [await server.newUser(), await newExperiment(), await newRole()];
    expect(role).toEqual({ id: role.id, name: role.name, workspace: "default", description: null, permissions: [] });
    const { role_permission } = await admin.ask<{ role_permission: WireRole }>("POST", v3("roles/permissions/add"), {
      role_id: role.id,
      resource_type: "experiment",
      resource_pattern: experimentId,
      permission: "READ",
    });
    expect(role_permission).toEqual({
      id: role_permission.id,
      role_id: role.id,
      resource_type: "experiment",
      resource_pattern: experimentId,
      permission: "READ",
    });
    expect(await mayRead(username, experimentId)).toBe(false);
    const { user } = await admin.ask<{ user: { id: number } }>("GET", v2("users/get"), { username });
    const { assignment } = await admin.ask<{ assignment: WireRole }>("POST", v3("roles/assign"), {
      username,
      role_id: role.id,
    });
    expect(assignment).toEqual({ id: assignment.id, role_id: role.id, user_id: user.id });
    expect(await mayRead(username, experimentId)).toBe(true);
    const tag = { experiment_id: experimentId, key: "k", value: "v" };
    await expectMlflowError(
      server.as(username).send("POST", v2("experiments/set-experiment-tag"), tag),
      "PERMISSION_DENIED",
    );
    const message = { role_permission_id: role_permission.id, permission: "EDIT" };
    await admin.ask("PATCH", v3("roles/permissions/update"), message);
    await server.as(username).ask("POST", v2("experiments/set-experiment-tag"), tag);
    const full = { ...role, permissions: [{ ...role_permission, permission: "EDIT" }] };
    expect(await admin.ask("GET", v3("roles/get"), { role_id: role.id })).toEqual({ role: full });
    expect(await server.as(username).ask("GET", v3("users/roles/list"), { username })).toEqual({ roles: [full] });
    expect(await admin.ask("GET", v3("roles/users/list"), { role_id: role.id })).toEqual({ assignments: [assignment] });
    const { users } = await admin.ask<{ users: Message[] }>("GET", v2("users/list"));
    expect(users.find((one) => one.username === username)).toMatchObject({ roles: [full] });
    await admin.ask("DELETE", v3("roles/permissions/remove"), { role_permission_id: role_permission.id });
    expect(await mayRead(username, experimentId)).toBe(false);
    await admin.ask("POST", v3("roles/permissions/add"), {
      role_id: role.id,
      resource_type: "experiment",
      resource_pattern: "*",
      permission: "READ",
    });
    expect(await mayRead(username, experimentId)).toBe(true);
    await admin.ask("DELETE", v3("roles/unassign"), { username, role_id: role.id });
    expect(await mayRead(username, experimentId)).toBe(false);
    await admin.ask("POST", v3("roles/assign"), { username, role_id: role.id });
    const renamed = { role_id: role.id, name: `${role.name} 2`, description: "of readers" };
    expect(await admin.ask("PATCH", v3("roles/update"), renamed)).toMatchObject({
      role: { name: renamed.name, description: renamed.description },
    });
    await admin.ask("DELETE", v3("roles/delete"), { role_id: role.id });
    expect(await mayRead(username, experimentId)).toBe(false);
    await expectMlflowError(admin.send("GET", v3("roles/get"), { role_id: role.id }), "RESOURCE_DOES_NOT_EXIST");
    expect(await admin.ask("GET", v3("users/roles/list"), { username })).toEqual({ roles: [] });
  });

  test("the highest of several counts, and a DENY above all", async () => {
    const [username, experimentId] = [await server.newUser(), await newExperiment()];
    const [readers, denied] = [await newRole(), await newRole()];
    const add = (role: WireRole, permission: string) =>
      admin.ask("POST", v3("roles/permissions/add"), {
        role_id: role.id,
        resource_type: "experiment",
        resource_pattern: "*",
        permission,
      });
    await add(readers, "READ");
    await add(denied, "DENY");
    await server.grant(username, "experiment", experimentId, "EDIT");
    const permission = async () =>
      await admin.ask<{ permission: string; allowed: boolean }>("GET", v3("users/permissions/get"), {
        username,
        resource_type: "experiment",
        resource_id: experimentId,
      });
    await admin.ask("POST", v3("roles/assign"), { username, role_id: readers.id });
    expect(await permission()).toEqual({ allowed: true, permission: "EDIT" });
    await admin.ask("POST", v3("roles/assign"), { username, role_id: denied.id });
    expect(await permission()).toEqual({ allowed: false, permission: "DENY" });
    expect(await mayRead(username, experimentId)).toBe(false);
  });

  test("roles of users' own grants are told to nobody and changed by nobody", async () => {
    const username = await server.newUser();
    const grants = await admin.ask<{ roles: WireRole[] }>("GET", v3("roles/list"), { workspace: "default" });
    expect(JSON.stringify(grants)).not.toContain("__user_");
    await server.grant(username, "experiment", "*", "READ");
    const { permissions } = await admin.ask<{ permissions: { role_id: number }[] }>(
      "GET",
      v3("users/permissions/list"),
      {
        username,
      },
    );
    const role_id = permissions[0]!.role_id;
    for (const [method, path, message] of [
      ["GET", "roles/get", { role_id }],
      ["PATCH", "roles/update", { role_id, name: "mine" }],
      ["DELETE", "roles/delete", { role_id }],
      ["POST", "roles/assign", { username, role_id }],
      ["DELETE", "roles/unassign", { username, role_id }],
      ["GET", "roles/users/list", { role_id }],
      ["POST", "roles/permissions/add", { role_id, resource_type: "run", resource_pattern: "*", permission: "READ" }],
    ] as const) {
      await expectMlflowError(admin.send(method, v3(path), message), "RESOURCE_DOES_NOT_EXIST");
    }
  });

  test("users neither make nor read roles", async () => {
    const [username, role] = [await server.newUser(), await newRole()];
    await admin.ask("POST", v3("roles/assign"), { username, role_id: role.id });
    const user = server.as(username);
    for (const [method, path, message] of [
      ["POST", "roles/create", { name: "r", workspace: "default" }],
      ["GET", "roles/get", { role_id: role.id }],
      ["GET", "roles/list", {}],
      ["POST", "roles/assign", { username, role_id: role.id }],
      ["GET", "users/roles/list", { username: "admin" }],
      ["GET", "users/permissions/get", { username: "admin", resource_type: "experiment", resource_id: "0" }],
    ] as const) {
      await expectMlflowError(user.send(method, v3(path), message), "PERMISSION_DENIED");
    }
  });

  test.each([
    ["POST", "roles/create", { name: "__user_1__", workspace: "default" }],
    ["POST", "roles/create", { name: "r", workspace: "other" }],
    ["POST", "roles/create", { name: "r".repeat(256), workspace: "default" }],
    ["GET", "roles/get", { role_id: "x" }],
    ["PATCH", "roles/update", { role_id: 1 }],
  ] as const)("%s %s %j is refused", async (method, path, message) => {
    await expectMlflowError(admin.send(method, v3(path), message), "INVALID_PARAMETER_VALUE");
  });

  test.each([
    ["workspace", "*", "MANAGE"],
    ["registered_model_version", "*", "DENY"],
    ["run", "abc", "READ"],
    ["experiment", "*", "NO_PERMISSIONS"],
    ["foo", "*", "READ"],
  ])("a permission on %s %s of %s is refused", async (resource_type, resource_pattern, permission) => {
    const message = { role_id: (await newRole()).id, resource_type, resource_pattern, permission };
    await expectMlflowError(admin.send("POST", v3("roles/permissions/add"), message), "INVALID_PARAMETER_VALUE");
  });

  test("names, permissions and assignments are there once", async () => {
    const [username, role] = [await server.newUser(), await newRole()];
    const permission = { role_id: role.id, resource_type: "trace", resource_pattern: "*", permission: "READ" };
    for (const [path, message] of [
      ["roles/create", { name: role.name, workspace: "default" }],
      ["roles/permissions/add", permission],
      ["roles/assign", { username, role_id: role.id }],
    ] as const) {
      await admin.send("POST", v3(path), message);
      await expectMlflowError(admin.send("POST", v3(path), message), "RESOURCE_ALREADY_EXISTS");
    }
  });
});

describe("permissions as clients of the 2.x era ask for them", () => {
  test.each([
    { path: "experiments", idName: "experiment_id", answer: "experiment_permission", make: newExperiment },
    { path: "registered-models", idName: "name", answer: "registered_model_permission", make: newModel },
  ])("of $path: made, told, changed, gone", async ({ path, idName, answer, make }) => {
    const [username, id] = [await server.newUser(), await make()];
    const { user } = await admin.ask<{ user: { id: number } }>("GET", v2("users/get"), { username });
    const permissions = (verb: string) => v2(`${path}/permissions/${verb}`);
    const named = { username, [idName]: id };
    const told = (permission: string) => ({ [answer]: { [idName]: id, user_id: user.id, permission } });
    const create = { ...named, permission: "READ" };
    expect(await admin.ask("POST", permissions("create"), create)).toEqual(told("READ"));
    expect(await admin.ask("GET", permissions("get"), named)).toEqual(told("READ"));
    await expectMlflowError(admin.send("POST", permissions("create"), create), "RESOURCE_ALREADY_EXISTS");
    await admin.ask("PATCH", permissions("update"), { ...named, permission: "NO_PERMISSIONS" });
    expect(await admin.ask("GET", permissions("get"), named)).toEqual(told("NO_PERMISSIONS"));
    const listed = await admin.ask("GET", v2("users/get"), { username });
    expect(listed).toMatchObject({ user: { [`${answer}s`]: [told("NO_PERMISSIONS")[answer]] } });
    await admin.ask("DELETE", permissions("delete"), named);
    for (const [method, verb] of [
      ["GET", "get"],
      ["PATCH", "update"],
      ["DELETE", "delete"],
    ] as const) {
      const message = { ...named, permission: "READ" };
      await expectMlflowError(admin.send(method, permissions(verb), message), "RESOURCE_DOES_NOT_EXIST");
    }
    await expectMlflowError(server.as(username).send("POST", permissions("create"), create), "PERMISSION_DENIED");
  });
});

test("what a user may do with a thing, by the default too", async () => {
  const open = closedServer();
  const [username, experimentId] = [await open.newUser(), await newExperiment()];
  const get = (message: Message) =>
    open.as(username).ask("GET", v3("users/permissions/get"), { username, resource_type: "experiment", ...message });
  expect(await get({ resource_id: experimentId })).toEqual({ allowed: false, permission: "READ" });
  await open.grant(username, "experiment", experimentId, "USE");
  expect(await get({ resource_id: experimentId })).toEqual({ allowed: true, permission: "USE" });
});

test("grants go with a rename and end with the thing", async () => {
  const [owner, reader, later] = [await server.newUser(), await server.newUser(), await server.newUser()];
  const name = `model ${crypto.randomUUID()}`;
  const by = server.as(owner);
  await by.ask("POST", v2("registered-models/create"), { name });
  await server.grant(reader, "registered_model", name, "EDIT");
  const role = await newRole();
  const permission = {
    role_id: role.id,
    resource_type: "registered_model",
    resource_pattern: name,
    permission: "READ",
  };
  await admin.ask("POST", v3("roles/permissions/add"), permission);
  await admin.ask("POST", v3("roles/assign"), { username: later, role_id: role.id });
  const reads = async (username: string, of: string) =>
    (await server.as(username).send("GET", v2("registered-models/get"), { name: of })).status;
  const renamed = `${name} 2`;
  await by.ask("POST", v2("registered-models/rename"), { name, new_name: renamed });
  for (const username of [owner, reader, later]) expect(await reads(username, renamed)).toBe(200);
  const told = await admin.ask<{ permissions: { resource_pattern: string }[] }>("GET", v3("users/permissions/list"), {
    username: reader,
  });
  expect(told.permissions).toMatchObject([{ resource_pattern: renamed }]);
  await by.ask("DELETE", v2("registered-models/delete"), { name: renamed });
  const { permissions } = await admin.ask<{ permissions: unknown[] }>("GET", v3("users/permissions/list"), {
    username: reader,
  });
  expect(permissions).toEqual([]);
  const maker = await server.newUser();
  for (const taken of [name, renamed])
    await server.as(maker).ask("POST", v2("registered-models/create"), { name: taken });
  for (const username of [owner, reader, later]) {
    expect([await reads(username, name), await reads(username, renamed)]).toEqual([403, 403]);
  }
});
