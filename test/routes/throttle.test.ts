import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { expectMlflowError, fetchWorker, type Message } from "../helpers/mlflow.ts";
import { storedState } from "../helpers/state.ts";
import { closedServer, PASSWORD } from "../helpers/users.ts";

const server = closedServer();

const CURRENT = "/api/2.0/mlflow/users/current";

const statusFrom = async (address: string, username: string, password = PASSWORD): Promise<number> => {
  const Authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const headers = { Authorization, "CF-Connecting-IP": address };
  return (await fetchWorker(CURRENT, { headers }, server.env)).status;
};

const counts = (statuses: readonly number[]) =>
  Object.fromEntries([...Map.groupBy(statuses, (status) => status)].map(([status, all]) => [status, all.length]));

const failuresOf = async (username: string): Promise<Message[]> => {
  const filter = { action: "sign_in.fail", target_id: username };
  return (await server.admin.ask<{ entries: Message[] }>("GET", "/api/2.0/trackflare/audit", filter)).entries;
};

describe("wrong passwords", () => {
  test("of a hundred guesses at once exactly ten are looked at, and the owner at home gets in meanwhile", async () => {
    const username = await server.newUser();
    const guesses = Array.from({ length: 100 }, (_, i) => statusFrom("198.51.100.1", username, `wrong password ${i}`));
    expect(counts(await Promise.all(guesses))).toEqual({ 401: 10, 429: 90 });
    expect(await statusFrom("198.51.100.1", username, "wrong password again")).toBe(429);
    expect(await statusFrom("203.0.113.9", username)).toBe(200);
  });

  test("of the settings' admin count like others', by name and without one, and the admin at home gets in", async () => {
    const own = closedServer({ TRACKFLARE_ADMIN_PASSWORD: `admin ${crypto.randomUUID()}` });
    const statusOf = async (authorization: string, address: string) => {
      const headers = { Authorization: authorization, "CF-Connecting-IP": address };
      return (await fetchWorker(CURRENT, { headers }, own.env)).status;
    };
    const basic = (password: string) => `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
    const right = String(own.env["TRACKFLARE_ADMIN_PASSWORD" as keyof Env]);
    for (const write of [basic, (password: string) => `Bearer ${password}`]) {
      const guesses = Array.from({ length: 100 }, (_, i) => statusOf(write(`wrong password ${i}`), "198.51.100.3"));
      expect(counts(await Promise.all(guesses))).toEqual({ 401: 10, 429: 90 });
      // Nobody learns by a refusal that this one would have been right.
      expect(await statusOf(write(right), "198.51.100.3")).toBe(429);
      expect(await statusOf(write(right), "203.0.113.10")).toBe(200);
    }
    const jobs = Array.from({ length: 100 }, () => statusOf(basic(right), "203.0.113.11"));
    expect(counts(await Promise.all(jobs))).toEqual({ 200: 100 });
  });

  test("of the settings' admin are in the audit log", async () => {
    const own = closedServer({ TRACKFLARE_ADMIN_USERNAME: `admin ${crypto.randomUUID()}` });
    const username = String(own.env["TRACKFLARE_ADMIN_USERNAME" as keyof Env]);
    const headers = {
      Authorization: `Basic ${Buffer.from(`${username}:wrong`).toString("base64")}`,
      // No other network of this file has the same gate, which notes three failures a minute.
      "CF-Connecting-IP": "198.51.100.200",
    };
    expect((await fetchWorker(CURRENT, { headers }, own.env)).status).toBe(401);
    await expect.poll(async () => (await failuresOf(username)).length, { timeout: 20_000 }).toBe(1);
  });

  test("another secret of the settings ends what an isolate remembers of the one before", async () => {
    const [before, after] = [`admin ${crypto.randomUUID()}`, `admin ${crypto.randomUUID()}`];
    const servers = [before, after].map((secret) => closedServer({ TRACKFLARE_ADMIN_PASSWORD: secret }));
    for (const [index, one] of servers.entries()) {
      for (const [other, secret] of [before, after].entries()) {
        const headers = { Authorization: `Bearer ${secret}` };
        const { status } = await fetchWorker(CURRENT, { headers }, one.env);
        expect([index, other, status]).toEqual([index, other, index === other ? 200 : 401]);
      }
    }
  });

  test("as the current one, of whoever has a user's token or browser, count too", async () => {
    const username = await server.newUser();
    const { secret } = await server.newToken(username, { scopes: ["read", "write", "admin"] });
    const token = server.by(`Bearer ${secret}`);
    const change = async (current_password: string) =>
      (
        await token.send("PATCH", "/api/2.0/mlflow/users/update-password", {
          ...{ username, current_password, password: "another horse battery" },
        })
      ).status;
    const guesses = [];
    for (let i = 0; i < 11; i++) guesses.push(await change(`wrong password ${i}`));
    expect(guesses).toEqual([...Array(10).fill(400), 429]);
    expect(await change(PASSWORD)).toBe(429);
  });

  test("from one customer's IPv6 network count together, however the address is written", async () => {
    const username = await server.newUser();
    const addresses = ["2001:db8:1:2::1", "2001:0db8:1:2:0:0:0:2", "2001:db8:1:2:ffff::3"];
    for (let i = 0; i < 10; i++) {
      expect(await statusFrom(addresses[i % 3]!, username, `wrong password ${i}`)).toBe(401);
    }
    for (const address of addresses) expect(await statusFrom(address, username, "wrong again")).toBe(429);
    expect(await statusFrom("2001:db8:1:3::1", username)).toBe(200);
  });

  test("right ones never wait for each other: a hundred at once are one attempt", async () => {
    const username = await server.newUser();
    const jobs = Array.from({ length: 100 }, () => statusFrom("198.51.100.2", username));
    expect(counts(await Promise.all(jobs))).toEqual({ 200: 100 });
  });

  test("are in the audit log, the first and the last before the wait; no name that nobody has", async () => {
    const username = await server.newUser();
    for (let i = 0; i < 12; i++) await statusFrom("198.51.100.77", username, `wrong password ${i}`);
    await expect
      .poll(async () => (await failuresOf(username)).map(({ detail }) => detail), { timeout: 20_000 })
      .toEqual([{ failures: 10 }, { failures: 1 }]);
    expect((await failuresOf(username))[0]).toMatchObject({ username: "", address: "198.51.100.77" });
    const secret = `a password in the wrong field ${crypto.randomUUID()}`;
    await statusFrom("198.51.100.78", secret, "wrong password");
    const { results } = await env.DB.prepare("SELECT * FROM audit_log").all();
    expect(JSON.stringify(results)).not.toContain(secret);
  });
});

describe("a limit of requests", () => {
  const limited = closedServer({ TRACKFLARE_RATE_LIMIT: "5" });
  const mlflow = (path: string) => `/api/2.0/mlflow/${path}`;

  test("of five, of twenty at once, lets five through; the rest do nothing and are told when to go on", async () => {
    const username = await server.newUser();
    const [one, other] = [await server.newToken(username), await server.newToken(username)];
    const by = limited.by(`Bearer ${one.secret}`);
    const prefix = crypto.randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => by.send("POST", mlflow("experiments/create"), { name: `${prefix} ${i}` })),
    );
    expect(counts(answers.map(({ status }) => status))).toEqual({ 200: 5, 429: 15 });
    const { results } = await env.DB.prepare("SELECT name FROM experiments WHERE name LIKE ?").bind(`${prefix}%`).all();
    expect(results).toHaveLength(5);
    const before = await storedState();
    const refused = await by.send("POST", mlflow("experiments/create"), { name: `${prefix} more` });
    const seconds = Number(refused.headers.get("Retry-After"));
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(await refused.json()).toEqual({
      error_code: "REQUEST_LIMIT_EXCEEDED",
      message: expect.stringContaining(`in ${seconds} s`),
    });
    expect(await storedState()).toBe(before);
    expect((await limited.by(`Bearer ${other.secret}`).send("GET", mlflow("users/current"))).status).toBe(200);
    expect((await fetchWorker("/health", {}, limited.env)).status).toBe(200);
  });

  test("is off where nobody set it", async () => {
    const { secret } = await server.newToken(await server.newUser());
    const by = server.by(`Bearer ${secret}`);
    const answers = await Promise.all(Array.from({ length: 30 }, () => by.send("GET", mlflow("users/current"))));
    expect(counts(answers.map(({ status }) => status))).toEqual({ 200: 30 });
  });
});

describe("a token with the scope admin", () => {
  const LIST = "/api/2.0/mlflow/users/list";

  async function adminsToken() {
    const username = await server.newUser();
    await server.admin.ask("PATCH", "/api/2.0/mlflow/users/update-admin", { username, is_admin: true });
    const { secret } = await server.newToken(username, { scopes: ["read", "write", "admin"] });
    const by = server.by(`Bearer ${secret}`);
    for (let i = 0; i < 3; i++) await by.ask("GET", LIST);
    return { username, by };
  }

  test("is no admin's any more with the next request after its maker was demoted", async () => {
    const { username, by } = await adminsToken();
    await server.admin.ask("PATCH", "/api/2.0/mlflow/users/update-admin", { username, is_admin: false });
    await expectMlflowError(by.send("GET", LIST), "PERMISSION_DENIED");
    const change = { username, is_admin: true };
    await expectMlflowError(by.send("PATCH", "/api/2.0/mlflow/users/update-admin", change), "PERMISSION_DENIED");
  });

  test("opens nothing after its maker was deleted", async () => {
    const { username, by } = await adminsToken();
    await server.admin.ask("DELETE", "/api/2.0/mlflow/users/delete", { username });
    await expectMlflowError(by.send("GET", LIST), "UNAUTHENTICATED");
  });
});
