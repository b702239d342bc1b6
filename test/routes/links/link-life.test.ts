import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { TestBrowser } from "../../helpers/browser.ts";
import { expectMlflowError } from "../../helpers/mlflow.ts";
import { storedState } from "../../helpers/state.ts";
import {
  create,
  LINKS,
  type Link,
  type Made,
  mlflow,
  newExperiment,
  newRun,
  newThings,
  open,
  query,
  runsFound,
  server,
} from "./links-world.ts";

const { admin } = server;
let own: Made;
let experimentId: string;

beforeAll(async () => {
  ({ own } = await newThings());
  experimentId = own.experimentId;
});

afterEach(() => {
  vi.useRealTimers();
});

describe("the secret", () => {
  test("a wrong one, a cut one and another link's open nothing", async () => {
    const [made, other] = [await create({ run_ids: [own.runId] }), await create({ run_ids: [own.runId] })];
    const secretOf = ({ address }: Link) => address.slice(address.indexOf("#") + 1);
    for (const secret of ["x", secretOf(made).slice(1), secretOf(other), `${secretOf(made)}x`]) {
      const answer = await new TestBrowser(server).send("POST", `/shared/${made.link.link_id}/open`, { secret });
      expect(await expectMlflowError(answer, "UNAUTHENTICATED")).toContain("This link does not open");
    }
  });

  test("it is in no table, and the cookie is not it", async () => {
    const made = await create({ run_ids: [own.runId] });
    const secret = made.address.slice(made.address.indexOf("#") + 1);
    const page = await open(made);
    expect([...page.cookies.values()].join()).not.toContain(secret);
    expect(await storedState()).not.toContain(secret);
    const forged = new TestBrowser(server);
    const [name = "", value = ""] = [...page.cookies][0] ?? [];
    const path = `/shared/${made.link.link_id}/ui-api/link`;
    const [until = "", proof = ""] = value.split(".");
    for (const wrong of [
      `${Number(until) + 1}.${proof}`,
      `${until}.${proof.replace(/.$/, (c) => (c === "0" ? "1" : "0"))}`,
      "",
      "1.",
    ]) {
      forged.cookies.set(name, wrong);
      expect((await forged.send("GET", path)).status, wrong).toBe(401);
    }
  });

  test("the cookie is for this host and this folder, and not for scripts", async () => {
    const made = await create({ run_ids: [own.runId] });
    const secret = made.address.slice(made.address.indexOf("#") + 1);
    const cookieOf = async (origin?: string) => {
      const answer = await new TestBrowser(server, origin).send("POST", `/shared/${made.link.link_id}/open`, {
        secret,
      });
      return answer.headers.get("Set-Cookie");
    };
    expect(await cookieOf()).toMatch(
      /^__Secure-trackflare-link=\d+\.[0-9a-f]{64}; Max-Age=86400; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(await cookieOf("http://localhost:5000")).toMatch(
      /^trackflare-5000-link=\d+\.[0-9a-f]{64}; Max-Age=86400; HttpOnly; SameSite=Strict$/,
    );
  });
});

describe("the end of a link", () => {
  const status = async (page: TestBrowser, { link }: Link, of: Made = own) =>
    (await page.send("GET", `/shared/${link.link_id}${mlflow("runs/get")}${query({ run_id: of.runId })}`)).status;

  test("when it is revoked", async () => {
    const made = await create({ run_ids: [own.runId] });
    const page = await open(made);
    expect(await status(page, made)).toBe(200);
    await admin.ask("POST", `${LINKS}/revoke`, { link_id: made.link.link_id });
    expect(await status(page, made)).toBe(401);
    await expectMlflowError(
      await admin.send("POST", `${LINKS}/revoke`, { link_id: made.link.link_id }),
      "RESOURCE_DOES_NOT_EXIST",
    );
  });

  test("when it expires, and its cookie after a day", async () => {
    const made = await create({ run_ids: [own.runId], expires_in_seconds: 60 });
    const longer = await create({ run_ids: [own.runId], expires_in_seconds: 366 * 86_400 });
    const [page, other] = [await open(made), await open(longer)];
    vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ["Date"] });
    expect(await status(page, made)).toBe(401);
    expect(await status(other, longer)).toBe(200);
    vi.setSystemTime(Date.now() + 86_400_000);
    expect(await status(other, longer)).toBe(401);
  });

  test("when its maker may no longer read, or is deleted", async () => {
    const username = await server.newUser();
    await server.grant(username, "experiment", experimentId, "MANAGE");
    const made = await create({ run_ids: [own.runId] }, server.as(username));
    const page = await open(made);
    expect(await status(page, made)).toBe(200);
    const thing = { username, resource_type: "experiment", resource_id: experimentId };
    await admin.ask("POST", "/api/3.0/mlflow/users/permissions/revoke", thing);
    expect(await status(page, made)).toBe(403);
    await server.grant(username, "experiment", experimentId, "READ");
    expect(await status(page, made)).toBe(200);
    await server.grant(username, "run", "*", "DENY");
    expect(await status(page, made)).toBe(403);
    await admin.ask("POST", "/api/3.0/mlflow/users/permissions/revoke", {
      username,
      resource_type: "run",
      resource_id: "*",
    });
    expect(await status(page, made)).toBe(200);
    await admin.ask("DELETE", mlflow("users/delete"), { username });
    expect(await status(page, made)).toBe(401);
    const left = await env.DB.prepare("SELECT 1 FROM links WHERE link_id = ?").bind(made.link.link_id).all();
    expect(left.results).toEqual([]);
  });

  test("while its thing is in the trash, and for good when it is deleted for good", async () => {
    const id = await newExperiment();
    const [one, two] = [await newRun(id), await newRun(id)];
    const [ofRun, ofBoth] = [await create({ run_ids: [one.runId] }), await create({ run_ids: [one.runId, two.runId] })];
    const ofAll = await create({ experiment_ids: [id] });
    const [first, both, whole] = [await open(ofRun), await open(ofBoth), await open(ofAll)];
    await admin.ask("POST", mlflow("runs/delete"), { run_id: one.runId });
    expect(await status(first, ofRun, one)).toBe(403);
    expect(await status(whole, ofAll, one)).toBe(403);
    expect(await runsFound(whole, ofAll.link.link_id, { experiment_ids: [id], run_view_type: "ALL" })).toEqual([
      two.runId,
    ]);
    expect(await runsFound(both, ofBoth.link.link_id, { experiment_ids: [id], run_view_type: "ALL" })).toEqual([
      two.runId,
    ]);
    await admin.ask("POST", mlflow("runs/restore"), { run_id: one.runId });
    expect(await status(first, ofRun, one)).toBe(200);
    await admin.ask("POST", mlflow("runs/delete"), { run_id: one.runId });
    await admin.ask("POST", "/api/2.0/trackflare/gc", { run_ids: [one.runId] });
    expect(await status(first, ofRun, one)).toBe(401);
    expect(await status(both, ofBoth, two)).toBe(200);
    await admin.ask("POST", mlflow("experiments/delete"), { experiment_id: id });
    expect(await status(both, ofBoth, two)).toBe(403);
    await admin.ask("POST", "/api/2.0/trackflare/gc", { experiment_ids: [id] });
    expect(await status(whole, ofAll, two)).toBe(401);
  });
});
