import { describe, expect, test } from "vitest";
import { expectMlflowError } from "../../helpers/mlflow.ts";
import { closedServer } from "../../helpers/users.ts";

const server = closedServer({ TRACKFLARE_DEFAULT_PERMISSION: "NO_PERMISSIONS" });
const { admin } = server;

/** The reader's permission on a thing, and on its runs and logged models. */
const levels = (permission: string, others: object = {}) => ({
  ...{ permission, runs: permission, logged_models: permission },
  ...others,
});

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
    expect(await by.ask("GET", "/ui-api/level", thing)).toEqual(levels("MANAGE"));
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
    expect(await server.as(reader).ask("GET", "/ui-api/level", thing)).toEqual(levels("EDIT"));
    // Grants on runs and on logged models decide for these.
    await server.grant(reader, "run", "*", "READ");
    expect(await server.as(reader).ask("GET", "/ui-api/level", thing)).toEqual(levels("EDIT", { runs: "READ" }));
    await server.grant(reader, "logged_model", "*", "DENY");
    expect(await server.as(reader).ask("GET", "/ui-api/level", thing)).toEqual(
      levels("EDIT", { runs: "READ", logged_models: "DENY" }),
    );
    await by.ask("POST", "/ui-api/grants", { ...thing, username: reader });
    await expectMlflowError(server.as(reader).send("GET", "/ui-api/level", thing), "PERMISSION_DENIED");
  });

  test("of several things a reader is told the least of the permissions, and nothing if one is hidden", async () => {
    const things = [await newExperiment(), await newExperiment(), await newExperiment()];
    const [first = "", second = "", hidden = ""] = things.map(({ resource_id }) => resource_id);
    const reader = await server.newUser();
    await server.grant(reader, "experiment", first, "MANAGE");
    await server.grant(reader, "experiment", second, "USE");
    const send = (...resource_id: string[]) =>
      server.as(reader).send("GET", "/ui-api/level", { resource_type: "experiment", resource_id });
    const told = async (...ids: string[]) => await (await send(...ids)).json();
    expect(await told(first)).toEqual(levels("MANAGE"));
    expect(await told(first, second)).toEqual(levels("USE"));
    expect(await told(second, first)).toEqual(levels("USE"));
    await expectMlflowError(send(first, hidden), "PERMISSION_DENIED");
    await expectMlflowError(send(), "INVALID_PARAMETER_VALUE");
    await expectMlflowError(send(...Array<string>(101).fill(first)), "INVALID_PARAMETER_VALUE");
    expect(await told(...Array<string>(100).fill(first))).toEqual(levels("MANAGE"));
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
