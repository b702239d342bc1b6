import { beforeAll, describe, expect, test, vi } from "vitest";
import { TestBrowser } from "../../helpers/browser.ts";
import { expectMlflowError, fetchWorker, type Message } from "../../helpers/mlflow.ts";
import { create, LINKS, type Link, type Made, mlflow, newThings, open, query, server } from "./links-world.ts";

const { admin } = server;
let own: Made;
/** Another run of the same experiment. */
let sibling: Made;
/** A run of another experiment. */
let foreign: Made;
let experimentId: string;

beforeAll(async () => {
  ({ own, sibling, foreign } = await newThings());
  experimentId = own.experimentId;
});

describe("who makes links, and who sees them", () => {
  const userWith = async (permission: string | undefined): Promise<string> => {
    const username = await server.newUser();
    if (permission !== undefined) await server.grant(username, "experiment", experimentId, permission);
    return username;
  };

  test.each([
    [undefined, 403],
    ["READ", 403],
    ["EDIT", 403],
    ["MANAGE", 200],
    ["DENY", 403],
  ] as const)("a user who holds %s is answered %i", async (permission, status) => {
    const user = server.as(await userWith(permission));
    for (const asked of [
      { run_ids: [own.runId] },
      { experiment_ids: [experimentId] },
      { model_id: own.modelId, path: "a" },
    ]) {
      expect((await user.send("POST", `${LINKS}/create`, asked)).status).toBe(status);
    }
    const beyond = { run_ids: [own.runId, foreign.runId] };
    expect((await user.send("POST", `${LINKS}/create`, beyond)).status).toBe(403);
  });

  test("a token needs the scopes admin, read and artifacts", async () => {
    const username = await userWith("MANAGE");
    const status = async (scopes: string[]) => {
      const { secret } = await server.newToken(username, { scopes });
      return (await server.by(`Bearer ${secret}`).send("POST", `${LINKS}/create`, { run_ids: [own.runId] })).status;
    };
    expect(await status(["read", "write", "artifacts"])).toBe(403);
    expect(await status(["admin"])).toBe(403);
    expect(await status(["admin", "read", "artifacts"])).toBe(200);
  });

  test("one lists and revokes the own; an admin all; with the last use", async () => {
    const [ada, bob] = [await userWith("MANAGE"), await userWith("MANAGE")];
    const made = await create({ run_ids: [own.runId], name: "ada's", expires_in_seconds: 3600 }, server.as(ada));
    const list = async (by = server.as(ada), message: Message = {}) =>
      (await by.ask<{ links: (Message & { link_id: string })[] }>("GET", `${LINKS}/list`, message)).links;
    expect(await list()).toEqual([
      {
        link_id: made.link.link_id,
        username: ada,
        name: "ada's",
        kind: "runs",
        run_ids: [own.runId],
        address: "",
        creation_time: expect.any(Number),
        expiration_time: made.link.expiration_time,
      },
    ]);
    const page = await open(made);
    await page.ask("GET", `/shared/${made.link.link_id}/ui-api/link`);
    await vi.waitFor(
      async () => expect((await list())[0]).toHaveProperty("last_used_time", expect.any(Number)),
      20_000,
    );
    expect(await list(server.as(bob))).toEqual([]);
    expect((await server.as(bob).send("GET", `${LINKS}/list`, { username: ada })).status).toBe(403);
    await expectMlflowError(
      await server.as(bob).send("POST", `${LINKS}/revoke`, { link_id: made.link.link_id }),
      "RESOURCE_DOES_NOT_EXIST",
    );
    expect((await list(admin)).map(({ link_id }) => link_id)).toContain(made.link.link_id);
    expect((await list(admin, { username: ada })).map(({ link_id }) => link_id)).toEqual([made.link.link_id]);
    await server.as(ada).ask("POST", `${LINKS}/revoke`, { link_id: made.link.link_id });
    expect(await list()).toEqual([]);
  });

  test("the audit log tells who made and revoked a link to what, without its secret", async () => {
    const username = await userWith("MANAGE");
    const made = await create({ run_ids: [own.runId], path: "a.txt" }, server.as(username));
    await admin.ask("POST", `${LINKS}/revoke`, { link_id: made.link.link_id });
    const { entries } = await admin.ask<{ entries: Message[] }>("GET", "/api/2.0/trackflare/audit", {
      target_type: "link",
      target_id: made.link.link_id,
    });
    expect(entries).toMatchObject([
      { action: "link.revoke", username: "admin", credential: "settings" },
      { action: "link.create", username, credential: "password", detail: { run_ids: [own.runId], path: "a.txt" } },
    ]);
    expect(JSON.stringify(entries)).not.toContain(made.address.slice(made.address.indexOf("#") + 1));
  });

  test.each([
    [{}, "A link needs one of"],
    [{ run_ids: ["x"], experiment_ids: ["0"] }, "Permission denied|A link needs one of"],
    [{ path: "a" }, "A link needs one of"],
  ])("refuses %j", async (asked, text) => {
    const answer = await admin.send("POST", `${LINKS}/create`, asked);
    expect([400, 403]).toContain(answer.status);
    expect(await answer.text()).toMatch(new RegExp(text));
  });

  test("refuses what it cannot show, and lives that are too short or too long", async () => {
    const refused = async (asked: Message, text: string) => {
      const answer = await admin.send("POST", `${LINKS}/create`, { run_ids: [own.runId], ...asked });
      expect(await expectMlflowError(answer, "INVALID_PARAMETER_VALUE")).toContain(text);
    };
    await refused({ path: "../x" }, "Invalid path");
    await refused({ path: "" }, "needs its path");
    await refused({ expires_in_seconds: 59 }, "expires_in_seconds");
    await refused({ expires_in_seconds: 366 * 86_400 + 1 }, "expires_in_seconds");
    await refused({ address: "//evil.example" }, "address");
    await refused({ address: "javascript:alert(1)" }, "address");
    await refused({ name: "x".repeat(201) }, "name of the link");
    await refused({ run_ids: [own.runId, sibling.runId], path: "a.txt" }, "one run");
  });
});

test("on a server that is open to its own machine, a link shows its one thing as well", async () => {
  const local = { env: { TRACKFLARE_LOCAL: "1" } as unknown as Partial<Env> };
  const headers = { "Content-Type": "application/json" };
  const made = (await (
    await fetchWorker(`${LINKS}/create`, { method: "POST", headers, body: JSON.stringify({ run_ids: [own.runId] }) })
  ).json()) as Link;
  const page = new TestBrowser(local, "http://localhost:5000");
  const read = (of: Made) =>
    page.send("GET", `/shared/${made.link.link_id}${mlflow("runs/get")}${query({ run_id: of.runId })}`);
  expect((await read(own)).status).toBe(401);
  const secret = made.address.slice(made.address.indexOf("#") + 1);
  await page.ask("POST", `/shared/${made.link.link_id}/open`, { secret });
  expect((await read(own)).status).toBe(200);
  expect((await read(sibling)).status).toBe(403);
  const elsewhere = new TestBrowser(local, "https://tracking.example");
  expect((await elsewhere.send("POST", `/shared/${made.link.link_id}/open`, { secret })).status).toBe(403);
});
