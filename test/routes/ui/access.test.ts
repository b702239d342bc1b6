import { describe, expect, test } from "vitest";
import { expectMlflowError } from "../../helpers/mlflow.ts";
import { closedServer } from "../../helpers/users.ts";

const server = closedServer({ TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS" });
const { admin } = server;

async function newExperiment(): Promise<{ resource_type: string; resource_id: string }> {
  const name = `experiment ${crypto.randomUUID()}`;
  const { experiment_id } = await admin.ask<{ experiment_id: string }>("POST", "/api/2.0/mlflow/experiments/create", {
    name,
  });
  return { resource_type: "experiment", resource_id: experiment_id };
}

describe("who can see a thing", () => {
  test("is told to who manages it, with grants on all of the kind, and set by them", async () => {
    const thing = await newExperiment();
    const [manager, reader, owner] = [await server.newUser(), await server.newUser(), await server.newUser()];
    await server.grant(manager, "experiment", thing.resource_id, "MANAGE");
    await server.grant(owner, "experiment", "*", "EDIT");
    const by = server.as(manager);
    expect(await by.ask("GET", "/ui-api/level", thing)).toEqual({ permission: "MANAGE", runs: "MANAGE" });
    await by.ask("POST", "/ui-api/grants", { ...thing, username: reader, permission: "READ" });
    await by.ask("POST", "/ui-api/grants", { ...thing, username: reader, permission: "EDIT" });
    const told = await by.ask<{ default_permission: string; grants: { username: string }[] }>(
      "GET",
      "/ui-api/grants",
      thing,
    );
    expect(told.default_permission).toBe("NO_PERMISSIONS");
    const mine = told.grants.filter(({ username }) => [manager, reader, owner].includes(username));
    expect(mine.toSorted((a, b) => (a.username < b.username ? -1 : 1))).toEqual(
      [
        { username: manager, role_name: null, permission: "MANAGE", is_on_all: false },
        { username: reader, role_name: null, permission: "EDIT", is_on_all: false },
        { username: owner, role_name: null, permission: "EDIT", is_on_all: true },
      ].toSorted((a, b) => (a.username < b.username ? -1 : 1)),
    );
    expect(await server.as(reader).ask("GET", "/ui-api/level", thing)).toEqual({ permission: "EDIT", runs: "EDIT" });
    // A grant on runs decides for runs.
    await server.grant(reader, "run", "*", "READ");
    expect(await server.as(reader).ask("GET", "/ui-api/level", thing)).toEqual({ permission: "EDIT", runs: "READ" });
    await by.ask("POST", "/ui-api/grants", { ...thing, username: reader });
    await expectMlflowError(server.as(reader).send("GET", "/ui-api/level", thing), "PERMISSION_DENIED");
  });

  test("is nobody else's to know or to set", async () => {
    const thing = await newExperiment();
    const [editor, stranger] = [await server.newUser(), await server.newUser()];
    await server.grant(editor, "experiment", thing.resource_id, "EDIT");
    for (const username of [editor, stranger]) {
      await expectMlflowError(server.as(username).send("GET", "/ui-api/grants", thing), "PERMISSION_DENIED");
      const grant = { ...thing, username: stranger, permission: "MANAGE" };
      await expectMlflowError(server.as(username).send("POST", "/ui-api/grants", grant), "PERMISSION_DENIED");
    }
    const all = { resource_type: "experiment", resource_id: "*" };
    await server.grant(editor, "experiment", "*", "MANAGE");
    await expectMlflowError(server.as(editor).send("GET", "/ui-api/grants", all), "PERMISSION_DENIED");
  });

  test("a user or a thing that is not there is a 404 to who might grant it", async () => {
    const thing = await newExperiment();
    const grant = { ...thing, username: "nobody here", permission: "READ" };
    await expectMlflowError(admin.send("POST", "/ui-api/grants", grant), "RESOURCE_DOES_NOT_EXIST");
    const nothing = { resource_type: "registered_model", resource_id: `model ${crypto.randomUUID()}` };
    await expectMlflowError(admin.send("GET", "/ui-api/grants", nothing), "RESOURCE_DOES_NOT_EXIST");
  });
});
