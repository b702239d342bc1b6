import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { decideForUser } from "../../../src/stores/d1/access/decisions.ts";
import { deleteSignIn, insertSignIn } from "../../../src/stores/d1/access/sign-ins.ts";
import { TestBrowser } from "../../helpers/browser.ts";
import { expectMlflowError } from "../../helpers/mlflow.ts";
import { passDays } from "../../helpers/pass-days.ts";
import { ADMIN_PASSWORD, closedServer, PASSWORD } from "../../helpers/users.ts";

const server = closedServer();
const READ = "/ajax-api/2.0/mlflow/experiments/get?experiment_id=0";

const browser = (origin?: string) => new TestBrowser(server, origin);
const status = async (of: TestBrowser) => (await of.send("GET", READ)).status;

async function signInsOf(of: TestBrowser): Promise<{ sign_in_id: number; is_current: boolean; user_agent: string }[]> {
  return (await of.ask<{ sign_ins: [] }>("GET", "/ui-api/sign-ins")).sign_ins;
}

afterEach(() => {
  vi.useRealTimers();
});

describe("the end of a sign-in", () => {
  test("signing out ends it, on the server too", async () => {
    for (const username of ["admin", await server.newUser()]) {
      const page = await browser().signIn(username, username === "admin" ? ADMIN_PASSWORD : PASSWORD);
      const [[name, value] = ["", ""]] = page.cookies;
      const answer = await page.send("DELETE", "/ui-api/session");
      expect(answer.status).toBe(200);
      expect(answer.headers.get("Set-Cookie")).toContain("Max-Age=0");
      expect(page.cookies.size).toBe(0);
      const kept = browser();
      kept.cookies.set(name, value);
      expect(await status(kept)).toBe(401);
    }
    expect((await browser().send("DELETE", "/ui-api/session")).status).toBe(200);
  });

  test("in the database, it begins only with the password that counts, and decides nothing once it has ended", async () => {
    const username = await server.newUser();
    const user = await env.DB.prepare("SELECT user_id AS userId, stamp FROM users WHERE username = ?")
      .bind(username)
      .first<{ userId: number; stamp: number }>();
    const { userId, stamp } = user!;
    const oldest = { createdMs: 0, seenMs: 0 };
    const open = (of: number) => {
      const fields = { userId, stamp: of, digest: crypto.randomUUID(), nowMs: 1, userAgent: "", address: "" };
      return insertSignIn(env.DB, fields, undefined, oldest);
    };
    expect(await open(stamp + 1)).toBeUndefined();
    const signInId = (await open(stamp))!;
    const question = { things: [], defaultLevel: 0 };
    expect(await decideForUser(env.DB, { userId, stamp, signInId }, question)).toEqual({ isAdmin: false, levels: [] });
    expect(await decideForUser(env.DB, { userId, stamp: stamp + 1, signInId }, question)).toBeUndefined();
    expect(await deleteSignIn(env.DB, userId, signInId)).toBe(true);
    expect(await decideForUser(env.DB, { userId, stamp, signInId }, question)).toBeUndefined();
  });

  test("it ends a week after its last use", async () => {
    const page = await browser().signIn("admin", ADMIN_PASSWORD);
    await passDays(6.9);
    expect(await status(page)).toBe(200);
    // The request counts as a use.
    await expect
      .poll(() =>
        env.DB.prepare("SELECT max(last_seen_time) - max(creation_time) FROM sign_ins").first(
          "max(last_seen_time) - max(creation_time)",
        ),
      )
      .toBeGreaterThan(6 * 24 * 3600 * 1000);
    await passDays(6.9);
    expect(await status(page)).toBe(200);
    await passDays(7.1);
    expect(await status(page)).toBe(401);
  });

  test("it ends a month after it began, however much it is used", async () => {
    const page = await browser().signIn("admin", ADMIN_PASSWORD);
    await env.DB.prepare("UPDATE sign_ins SET creation_time = creation_time - ?")
      .bind(30 * 24 * 3600 * 1000 + 1)
      .run();
    await passDays(0);
    expect(await status(page)).toBe(401);
  });

  test("sign-ins are listed, and ended one by one or all but the own, at once", async () => {
    const username = await server.newUser();
    const [own, second, third] = [browser(), browser(), browser()];
    for (const one of [own, second, third]) {
      await one.send("POST", "/ui-api/session", { username, password: PASSWORD }, { "User-Agent": "Browser/1.0" });
    }
    const listed = await signInsOf(own);
    expect(listed.map((one) => one.user_agent)).toEqual(Array(3).fill("Browser/1.0"));
    expect(listed.map((one) => one.is_current).filter(Boolean)).toHaveLength(1);
    const ofSecond = (await signInsOf(second)).find((one) => one.is_current)!.sign_in_id;
    expect(await own.ask("POST", "/ui-api/sign-ins/end", { sign_in_id: ofSecond })).toEqual({ ended: 1 });
    expect(await status(second)).toBe(401);
    expect(await own.ask("POST", "/ui-api/sign-ins/end", { others: true })).toEqual({ ended: 1 });
    expect(await status(third)).toBe(401);
    expect(await status(own)).toBe(200);
    await expectMlflowError(
      own.send("POST", "/ui-api/sign-ins/end", { sign_in_id: ofSecond }),
      "RESOURCE_DOES_NOT_EXIST",
    );
    await expectMlflowError(own.send("POST", "/ui-api/sign-ins/end", {}), "INVALID_PARAMETER_VALUE");
    await expectMlflowError(
      own.send("POST", "/ui-api/sign-ins/end", { sign_in_id: 1, others: true }),
      "INVALID_PARAMETER_VALUE",
    );
  });

  test("another's sign-ins are an admin's to see and end, and nobody else's", async () => {
    const [username, other] = [await server.newUser(), await server.newUser()];
    const page = await browser().signIn(username);
    const stranger = await browser().signIn(other);
    const [{ sign_in_id } = { sign_in_id: 0 }] = await signInsOf(page);
    await expectMlflowError(
      stranger.send("GET", `/ui-api/sign-ins?username=${encodeURIComponent(username)}`),
      "PERMISSION_DENIED",
    );
    await expectMlflowError(
      stranger.send("POST", "/ui-api/sign-ins/end", { username, others: true }),
      "PERMISSION_DENIED",
    );
    await expectMlflowError(stranger.send("POST", "/ui-api/sign-ins/end", { sign_in_id }), "RESOURCE_DOES_NOT_EXIST");
    expect(await status(page)).toBe(200);
    const admin = await browser().signIn("admin", ADMIN_PASSWORD);
    expect(await admin.ask("POST", "/ui-api/sign-ins/end", { username, others: true })).toEqual({ ended: 1 });
    expect(await status(page)).toBe(401);
  });

  test("an end elsewhere counts within ten seconds", async () => {
    const user = await browser().signIn(await server.newUser());
    const admin = await browser().signIn("admin", ADMIN_PASSWORD);
    expect([await status(user), await status(admin)]).toEqual([200, 200]);
    // Ends the sign-ins as another isolate would.
    await env.DB.prepare("DELETE FROM sign_ins").run();
    vi.useFakeTimers({ now: Date.now() + 10_000, toFake: ["Date"] });
    expect([await status(user), await status(admin)]).toEqual([401, 401]);
  });

  test("a new password ends all sign-ins but that of the browser that set it, which gets a new one", async () => {
    const username = await server.newUser();
    const [own, other] = [await browser().signIn(username), await browser().signIn(username)];
    const [[name, before] = ["", ""]] = own.cookies;
    const change = { current_password: PASSWORD, password: "another long password" };
    await expectMlflowError(
      own.send("POST", "/ui-api/session/password", { ...change, current_password: "wrong" }),
      "INVALID_PARAMETER_VALUE",
    );
    expect([await status(own), await status(other)]).toEqual([200, 200]);
    await own.ask("POST", "/ui-api/session/password", change);
    expect([await status(own), await status(other)]).toEqual([200, 401]);
    expect(own.cookies.get(name)).not.toBe(before);
    const thief = browser();
    thief.cookies.set(name, before);
    expect(await status(thief)).toBe(401);
    expect(await signInsOf(own)).toHaveLength(1);
  });

  test("an admin's reset of the password and the end of the user end them too", async () => {
    const username = await server.newUser();
    const page = await browser().signIn(username);
    await server.admin.ask("PATCH", "/api/2.0/mlflow/users/update-password", {
      username,
      password: "reset by an admin",
    });
    expect(await status(page)).toBe(401);
    await page.signIn(username, "reset by an admin");
    await server.admin.ask("DELETE", "/api/2.0/mlflow/users/delete", { username });
    expect(await status(page)).toBe(401);
    expect(await page.username()).toBeUndefined();
  });

  test("another secret of the admin signs everybody out", async () => {
    const page = await browser().signIn("admin", ADMIN_PASSWORD);
    const changed = new TestBrowser(closedServer({ TRACKFLARE_ADMIN_PASSWORD: "another secret of the admin" }));
    for (const [name, value] of page.cookies) changed.cookies.set(name, value);
    expect(await status(changed)).toBe(401);
  });

  test("the password of the settings' admin is not changed here", async () => {
    const page = await browser().signIn("admin", ADMIN_PASSWORD);
    const change = { current_password: ADMIN_PASSWORD, password: "another long password" };
    expect(await expectMlflowError(page.send("POST", "/ui-api/session/password", change), "BAD_REQUEST")).toContain(
      "TRACKFLARE_ADMIN_PASSWORD",
    );
  });
});
