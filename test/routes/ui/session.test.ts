import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { TestBrowser } from "../../helpers/browser.ts";
import { expectMlflowError } from "../../helpers/mlflow.ts";
import { passDays } from "../../helpers/pass-days.ts";
import { ADMIN_PASSWORD, closedServer, PASSWORD } from "../../helpers/users.ts";

const server = closedServer();
const READ = "/ajax-api/2.0/mlflow/experiments/get?experiment_id=0";
const CREATE = "/ajax-api/2.0/mlflow/experiments/create";
const newName = () => ({ name: `experiment ${crypto.randomUUID()}` });

const browser = (origin?: string) => new TestBrowser(server, origin);
const status = async (of: TestBrowser) => (await of.send("GET", READ)).status;

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
