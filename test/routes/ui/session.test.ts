import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { decideForUser } from "../../../src/stores/d1/access/decisions.ts";
import { deleteSignIn, insertSignIn } from "../../../src/stores/d1/access/sign-ins.ts";
import { TestBrowser } from "../../helpers/browser.ts";
import { expectMlflowError, fetchWorker } from "../../helpers/mlflow.ts";
import { ADMIN_PASSWORD, closedServer, PASSWORD } from "../../helpers/users.ts";

const server = closedServer();
const READ = "/ajax-api/2.0/mlflow/experiments/get?experiment_id=0";
const CREATE = "/ajax-api/2.0/mlflow/experiments/create";
const newName = () => ({ name: `experiment ${crypto.randomUUID()}` });

const browser = (origin?: string) => new TestBrowser(server, origin);
const status = async (of: TestBrowser) => (await of.send("GET", READ)).status;

async function signInsOf(of: TestBrowser): Promise<{ sign_in_id: number; is_current: boolean; user_agent: string }[]> {
  return (await of.ask<{ sign_ins: [] }>("GET", "/ui-api/sign-ins")).sign_ins;
}

async function passDays(days: number): Promise<void> {
  await env.DB.prepare("UPDATE sign_ins SET creation_time = creation_time - ?1, last_seen_time = last_seen_time - ?1")
    .bind(days * 24 * 60 * 60 * 1000)
    .run();
  // What the isolate remembers of cookies is older than that, too.
  vi.useFakeTimers({ now: Date.now() + 11_000, toFake: ["Date"] });
}

afterEach(() => {
  vi.useRealTimers();
});

describe("signing in", () => {
  test("who gives the right password is known by a cookie, and by nothing else", async () => {
    const username = await server.newUser();
    const page = browser();
    expect(await page.ask("GET", "/ui-api/session")).toEqual({
      asks_for_credentials: true,
      user: null,
      provider: null,
      can_change_password: false,
      managed_by: null,
    });
    expect(await status(page)).toBe(401);
    const answer = await page.send("POST", "/ui-api/session", { username, password: PASSWORD });
    expect(await answer.json()).toEqual({});
    expect(answer.headers.get("Set-Cookie")).toMatch(
      /^__Host-trackflare=[\w-]{43}\.[\w-]{22}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(await status(page)).toBe(200);
    expect(await page.ask("GET", "/ui-api/session")).toEqual({
      asks_for_credentials: true,
      user: { username, is_admin: false },
      provider: null,
      can_change_password: true,
      managed_by: null,
    });
    expect((await page.send("POST", CREATE, newName())).status).toBe(200);
  });

  test("the admin of the settings signs in by password or token", async () => {
    const tokens = closedServer({ TRACKFLARE_ADMIN_TOKEN: "a token of the admin" });
    for (const password of [ADMIN_PASSWORD, "a token of the admin"]) {
      const page = await new TestBrowser(tokens).signIn("admin", password);
      expect(await page.ask("GET", "/ui-api/session")).toMatchObject({ user: { username: "admin", is_admin: true } });
      expect((await page.send("GET", "/ajax-api/2.0/mlflow/users/list")).status).toBe(200);
    }
  });

  test("a wrong name or password is refused alike, gives no cookie, and no dialog of the browser", async () => {
    const username = await server.newUser();
    const page = browser();
    const wrong = [
      { username, password: "wrong wrong wrong" },
      { username: "nobody here", password: PASSWORD },
      { username: "admin", password: PASSWORD },
    ];
    for (const message of wrong) {
      const answer = await page.send("POST", "/ui-api/session", message);
      expect(answer.headers.get("Set-Cookie")).toBeNull();
      expect(answer.headers.get("WWW-Authenticate")).toBeNull();
      expect(await expectMlflowError(answer, "UNAUTHENTICATED")).toBe("The name or the password is wrong.");
    }
    expect(page.cookies.size).toBe(0);
  });

  test("too many wrong passwords wait, right ones too", async () => {
    const username = await server.newUser();
    const page = browser();
    const tries = [];
    for (let i = 0; i < 11; i++) {
      tries.push((await page.send("POST", "/ui-api/session", { username, password: `wrong password ${i}` })).status);
    }
    expect(tries).toEqual([...Array(10).fill(401), 429]);
    const right = await page.send("POST", "/ui-api/session", { username, password: PASSWORD });
    expect(right.status).toBe(429);
    expect(right.headers.get("Retry-After")).not.toBeNull();
  });

  test("at rest there is no cookie, and what is there makes none", async () => {
    const page = await browser().signIn("admin", ADMIN_PASSWORD);
    const [value = ""] = page.cookies.values();
    const { results } = await env.DB.prepare("SELECT * FROM sign_ins").all<Record<string, unknown>>();
    const stored = JSON.stringify(results);
    expect(stored).not.toContain(value.split(".")[0]);
    for (const { digest } of results) {
      const forger = browser();
      forger.cookies.set("__Host-trackflare", String(digest));
      expect(await status(forger)).toBe(401);
    }
  });

  test("a cookie that this server never made costs no look at the database", async () => {
    const page = await browser().signIn("admin", ADMIN_PASSWORD);
    const [value = ""] = page.cookies.values();
    const forged = [
      "",
      "x",
      `${"A".repeat(43)}.${"A".repeat(22)}`,
      value.replace(/^./, (first) => (first === "A" ? "B" : "A")),
      `${value}x`,
      value.slice(0, -1),
      `"${value}"`,
    ];
    const asked = vi.spyOn(env.DB, "prepare");
    for (const one of forged) {
      const forger = browser();
      forger.cookies.set("__Host-trackflare", one);
      expect(await status(forger)).toBe(401);
    }
    expect(asked).not.toHaveBeenCalled();
    asked.mockRestore();
  });

  test("a warm request asks the database no more than one with a password does", async () => {
    const username = await server.newUser();
    const page = await browser().signIn(username);
    const program = server.as(username);
    await status(page);
    await program.send("GET", "/api/2.0/mlflow/experiments/get", { experiment_id: "0" });
    const asked = vi.spyOn(env.DB, "prepare");
    expect(await status(page)).toBe(200);
    const byCookie = asked.mock.calls.length;
    asked.mockClear();
    expect((await program.send("GET", "/api/2.0/mlflow/experiments/get", { experiment_id: "0" })).status).toBe(200);
    expect(byCookie).toBe(asked.mock.calls.length);
    asked.mockRestore();
  });
});

describe("the cookie", () => {
  test.each([
    ["https://tracking.example", "__Host-trackflare", true],
    ["https://tracking.example:8443", "__Host-trackflare", true],
    ["http://localhost:5000", "trackflare-5000", false],
    ["http://10.0.0.7:5000", "trackflare-5000", false],
    ["http://tracking.example", "trackflare-80", false],
  ])("of %s is %s", async (origin, name, isSecure) => {
    const page = browser(origin);
    const answer = await page.send("POST", "/ui-api/session", { username: "admin", password: ADMIN_PASSWORD });
    const cookie = answer.headers.get("Set-Cookie") ?? "";
    expect(cookie.startsWith(`${name}=`)).toBe(true);
    expect(cookie.endsWith("; Secure")).toBe(isSecure);
    expect(cookie).toContain("; HttpOnly; SameSite=Strict");
    expect(cookie).not.toMatch(/domain/i);
    expect(await status(page)).toBe(200);
  });

  test("behind a proxy that took TLS away is the one of TLS", async () => {
    const page = browser("http://tracking.example");
    const proxied = [{ Origin: "https://tracking.example" }, { "X-Forwarded-Proto": "https" }];
    for (const headers of proxied) {
      const body = { username: "admin", password: ADMIN_PASSWORD };
      const answer = await page.send("POST", "/ui-api/session", body, headers);
      expect(answer.headers.get("Set-Cookie")).toMatch(/^__Host-trackflare=.*; Secure$/);
    }
  });

  test("of plain http counts for nothing over TLS, where another host of the domain may have set it", async () => {
    const plain = await browser("http://tracking.example:8080").signIn("admin", ADMIN_PASSWORD);
    const [value = ""] = plain.cookies.values();
    for (const name of ["trackflare-80", "trackflare-443", "trackflare-8080", "__Host-trackflare"]) {
      const victim = browser("https://tracking.example");
      victim.cookies.set(name, value);
      expect(await status(victim), name).toBe(401);
      const behindProxy = browser("http://tracking.example:8080");
      behindProxy.cookies.set("trackflare-8080", value);
      expect((await behindProxy.send("GET", READ, undefined, { "X-Forwarded-Proto": "https" })).status).toBe(401);
      expect((await behindProxy.send("GET", READ, undefined, { "Sec-Fetch-Site": "same-origin" })).status).toBe(401);
    }
  });

  test("that comes twice is another's at least once, and counts for nothing", async () => {
    const page = await browser("http://localhost:5000").signIn("admin", ADMIN_PASSWORD);
    const [[name, value] = ["", ""]] = page.cookies;
    const both = await page.send("GET", READ, undefined, { Cookie: `${name}=tossed; ${name}=${value}` });
    expect(both.status).toBe(401);
  });

  test("counts less than what the request says of itself", async () => {
    const username = await server.newUser();
    const page = await browser().signIn("admin", ADMIN_PASSWORD);
    const Authorization = `Basic ${btoa(`${username}:${PASSWORD}`)}`;
    const answer = await page.send("GET", "/ajax-api/2.0/mlflow/users/current", undefined, { Authorization });
    expect(await answer.json()).toMatchObject({ user: { username } });
    const wrong = await page.send("GET", READ, undefined, { Authorization: `Basic ${btoa("admin:wrong")}` });
    expect(wrong.status).toBe(401);
  });

  test("of before is worth nothing once a browser signs in", async () => {
    const page = await browser().signIn("admin", ADMIN_PASSWORD);
    const [[name, before] = ["", ""]] = page.cookies;
    const username = await server.newUser();
    await page.signIn(username);
    expect(page.cookies.get(name)).not.toBe(before);
    const fixer = browser();
    fixer.cookies.set(name, before);
    await passDays(0);
    expect(await status(fixer)).toBe(401);
    expect(await page.username()).toBe(username);
  });
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
    // That was a use.
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
    // As another isolate ends them.
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

describe("what another site makes a signed-in browser send", () => {
  const FOREIGN = [
    { "Sec-Fetch-Site": "cross-site", Origin: "https://evil.example" },
    { "Sec-Fetch-Site": "same-site", Origin: "https://evil.tracking.example" },
    { "Sec-Fetch-Site": "cross-site", Origin: "null" },
    { "Sec-Fetch-Site": undefined, Origin: "https://evil.example" },
    { "Sec-Fetch-Site": undefined, Origin: "http://localhost:3000" },
    { "Sec-Fetch-Site": "cross-site", Origin: undefined },
    { "Sec-Fetch-Site": "same-site", Origin: undefined },
  ];

  test.each(FOREIGN)("changes nothing, by form or fetch: %j", async (headers) => {
    const page = await browser().signIn("admin", ADMIN_PASSWORD);
    const bodies: [string | undefined, string][] = [
      ["application/json", JSON.stringify(newName())],
      ["text/plain", JSON.stringify(newName())],
      ["application/x-www-form-urlencoded", "name=made"],
    ];
    const before = await env.DB.prepare("SELECT count(*) AS n FROM experiments").first("n");
    for (const [type, body] of bodies) {
      for (const proof of [undefined, "1"]) {
        const answer = await page.send("POST", CREATE, body, {
          ...headers,
          "Content-Type": type,
          "X-Trackflare-Page": proof,
        });
        expect([401, 403], `${type} ${proof}`).toContain(answer.status);
        expect(answer.headers.get("WWW-Authenticate")).toBeNull();
      }
    }
    expect(await env.DB.prepare("SELECT count(*) AS n FROM experiments").first("n")).toBe(before);
  });

  test("nor without the header that only an own page adds, nor without any word of where it comes from", async () => {
    const page = await browser().signIn("admin", ADMIN_PASSWORD);
    for (const headers of [
      { "X-Trackflare-Page": undefined },
      { "Sec-Fetch-Site": undefined, Origin: undefined },
      { "Sec-Fetch-Site": "none", Origin: undefined },
    ]) {
      await expectMlflowError(page.send("POST", CREATE, newName(), headers), "PERMISSION_DENIED");
      await expectMlflowError(page.send("DELETE", "/ui-api/session", {}, headers), "PERMISSION_DENIED");
    }
    expect(await status(page)).toBe(200);
  });

  test.each(FOREIGN)("signs nobody in or out: %j", async (headers) => {
    const page = await browser().signIn("admin", ADMIN_PASSWORD);
    const attacker = { username: await server.newUser(), password: PASSWORD };
    for (const type of ["application/json", "text/plain"]) {
      const answer = await page.send("POST", "/ui-api/session", attacker, { ...headers, "Content-Type": type });
      expect(answer.status).toBe(403);
      expect(answer.headers.get("Set-Cookie")).toBeNull();
    }
    expect((await page.send("DELETE", "/ui-api/session", {}, headers)).status).toBe(403);
    expect(await page.username()).toBe("admin");
  });

  test.each(FOREIGN)("reads nothing, and opens no socket: %j", async (headers) => {
    const page = await browser().signIn("admin", ADMIN_PASSWORD);
    for (const dest of ["image", "script", "iframe", "empty"]) {
      const answer = await page.send("GET", READ, undefined, { ...headers, "Sec-Fetch-Dest": dest });
      if (headers.Origin === undefined && headers["Sec-Fetch-Site"] === undefined) continue;
      expect([401, 403]).toContain(answer.status);
    }
    const socket = await page.send("GET", `/ui-api/runs/${"0".repeat(32)}/live`, undefined, {
      ...headers,
      Upgrade: "websocket",
      "Sec-Fetch-Mode": "websocket",
    });
    expect([401, 403]).toContain(socket.status);
  });

  test("a socket needs a word of where it comes from", async () => {
    const page = await browser().signIn("admin", ADMIN_PASSWORD);
    const live = `/ui-api/runs/${"0".repeat(32)}/live`;
    const upgrade = { Upgrade: "websocket", "Sec-Fetch-Mode": "websocket" };
    await expectMlflowError(
      page.send("GET", live, undefined, { ...upgrade, "Sec-Fetch-Site": undefined }),
      "PERMISSION_DENIED",
    );
    await expectMlflowError(
      page.send("GET", live, undefined, { ...upgrade, Origin: page.origin }),
      "RESOURCE_DOES_NOT_EXIST",
    );
  });

  test("a page of a listed origin may, one of this machine not unless listed", async () => {
    const listed = closedServer({ MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: "https://app.tracking.example" });
    const page = await new TestBrowser(listed).signIn("admin", ADMIN_PASSWORD);
    const from = (Origin: string) => page.send("POST", CREATE, newName(), { Origin, "Sec-Fetch-Site": "same-site" });
    expect((await from("https://app.tracking.example")).status).toBe(200);
    expect((await from("http://localhost:3000")).status).toBe(401);
    const any = await new TestBrowser(closedServer({ MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: "*" })).signIn(
      "admin",
      ADMIN_PASSWORD,
    );
    expect(
      (await any.send("POST", CREATE, newName(), { Origin: "https://evil.example", "Sec-Fetch-Site": "same-site" }))
        .status,
    ).toBe(401);
  });
});

describe("who is asked to sign in", () => {
  const opened = {
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    Referer: undefined,
  };

  test("a program gets the challenge, a page none", async () => {
    const program = await fetchWorker(READ, {}, server.env);
    expect(program.headers.get("WWW-Authenticate")).toBe('Basic realm="mlflow", charset="UTF-8"');
    await expectMlflowError(program, "UNAUTHENTICATED");
    for (const origin of ["https://tracking.example", "http://10.0.0.7:5000"]) {
      for (const path of [READ, "/get-artifact?run_id=1&path=a.png", "/ui-api/keys?experiment_ids=0"]) {
        const answer = await browser(origin).send("GET", path);
        expect(answer.headers.get("WWW-Authenticate")).toBeNull();
        await expectMlflowError(answer, "UNAUTHENTICATED");
      }
    }
  });

  test.each([
    ["/get-artifact?run_id=1&path=a%20b.png", "./", "get-artifact?run_id=1&path=a%20b.png"],
    ["/api/2.0/mlflow-artifacts/artifacts/0/1/a", "../../../../../../", "api/2.0/mlflow-artifacts/artifacts/0/1/a"],
    ["/nothing", "./", "nothing"],
    ["//evil.example/x", "../../", "/evil.example/x"],
  ])("a reader who opens %s gets the page", async (path, root, to) => {
    const answers = [
      await browser().send("GET", path, undefined, opened),
      await browser("http://10.0.0.7:5000").send("GET", path, undefined, {
        Accept: "text/html,*/*",
        Referer: undefined,
      }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(302);
      expect(answer.headers.get("Location")).toBe(`${root}#/sign-in?to=${encodeURIComponent(to)}`);
      expect(new URL(answer.headers.get("Location") ?? "", `https://tracking.example${path}`).origin).toBe(
        "https://tracking.example",
      );
    }
  });

  test("below a path, too", async () => {
    const below = new TestBrowser(closedServer({ MLFLOW_STATIC_PREFIX: "/team/mlflow" }));
    const answer = await below.send("GET", "/team/mlflow/get-artifact?run_id=1", undefined, opened);
    expect(answer.headers.get("Location")).toBe("./#/sign-in?to=get-artifact%3Frun_id%3D1");
  });

  test("what sends a password, writes, or frames is no reader who opens an address", async () => {
    const Authorization = `Basic ${btoa("admin:wrong wrong wrong")}`;
    expect((await browser().send("GET", READ, undefined, { ...opened, Authorization })).status).toBe(401);
    expect(
      (await browser().send("POST", CREATE, newName(), { ...opened, "X-Trackflare-Page": undefined })).status,
    ).toBe(401);
    expect((await browser().send("GET", READ, undefined, { ...opened, "Sec-Fetch-Dest": "iframe" })).status).toBe(401);
  });

  test("an open server knows its visitor, and asks for nothing", async () => {
    const answer = await fetchWorker("/ui-api/session");
    expect(await answer.json()).toEqual({
      asks_for_credentials: false,
      user: { username: "local", is_admin: true },
      provider: null,
      can_change_password: false,
      managed_by: null,
    });
    const headers = { "Content-Type": "application/json", "X-Trackflare-Page": "1", Origin: "http://localhost" };
    const body = JSON.stringify({ username: "admin", password: PASSWORD });
    await expectMlflowError(fetchWorker("/ui-api/session", { method: "POST", headers, body }), "UNAUTHENTICATED");
  });
});
