import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";
import { rawRequest } from "./raw-request.ts";

/* On one machine, each client is known by the address at the other end of its connection, and by nothing that it says. */

const ADMIN_PASSWORD = "the admin's own secret";
const PASSWORD = "correct horse battery";
const STRANGER = "127.0.0.2";

let server: TestServer;

beforeAll(async () => {
  server = await startServer({ env: { TRACKFLARE_ADMIN_PASSWORD: ADMIN_PASSWORD } });
});
afterAll(async () => {
  await server.stop();
});

const basic = (username: string, password: string) =>
  `Authorization: Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

interface Ask {
  readonly from?: string;
  readonly headers?: readonly string[];
  readonly method?: string;
  readonly body?: object;
}

async function ask(path: string, authorization: string, { from, headers = [], method = "GET", body }: Ask = {}) {
  const text = body === undefined ? "" : JSON.stringify(body);
  const sent = [authorization, "Content-Type: application/json", `Content-Length: ${text.length}`, ...headers];
  return await rawRequest(server.url, method, path, {
    headers: sent,
    body: text,
    ...(from !== undefined && { from }),
  });
}

const CURRENT = "/api/2.0/mlflow/users/current";

async function guesses(authorize: (index: number) => string, from: string, count: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < count; i++) statuses.push((await ask(CURRENT, authorize(i), { from })).status);
  return statuses;
}

test("who guesses passwords on another machine locks nobody out, whatever the guesser says of itself", async () => {
  const create = { method: "POST", body: { username: "ada", password: PASSWORD } };
  expect((await ask("/api/2.0/mlflow/users/create", basic("admin", ADMIN_PASSWORD), create)).status).toBe(200);
  const wrong = (username: string) => (i: number) => basic(username, `wrong password ${i}`);
  for (const [username, password] of [
    ["ada", PASSWORD],
    ["admin", ADMIN_PASSWORD],
  ] as const) {
    expect(await guesses(wrong(username), STRANGER, 12)).toEqual([...Array(10).fill(401), 429, 429]);
    for (const header of [
      "X-Forwarded-For: 203.0.113.7",
      "CF-Connecting-IP: 203.0.113.7",
      'MF-CF-Blob: {"clientIp":"203.0.113.7:1"}',
      "Forwarded: for=203.0.113.7",
    ]) {
      const again = await ask(CURRENT, basic(username, "wrong password again"), { from: STRANGER, headers: [header] });
      expect([header, again.status]).toEqual([header, 429]);
    }
    expect((await ask(CURRENT, basic(username, `${password}`))).status).toBe(200);
  }
});

test("a secret without a name is counted as well", async () => {
  const bearer = (secret: string) => `Authorization: Bearer ${secret}`;
  const statuses = await guesses((i) => bearer(`a wrong secret ${i}`), "127.0.0.3", 12);
  expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
  expect((await ask(CURRENT, bearer(ADMIN_PASSWORD), { from: "127.0.0.4" })).status).toBe(200);
});

test("the audit log and the list of sign-ins tell the address", async () => {
  const audit = await ask("/api/2.0/trackflare/audit?action=sign_in.fail", basic("admin", ADMIN_PASSWORD));
  const { entries } = JSON.parse(audit.body) as { entries: { target_id: string; address: string }[] };
  const told = entries.map(({ target_id, address }) => [target_id, address]);
  expect(told).toContainEqual(["ada", STRANGER]);
  expect(told).toContainEqual(["admin", STRANGER]);
  const page = ["Sec-Fetch-Site: same-origin", "X-Trackflare-Page: 1"];
  const signIn = await ask("/ui-api/session", "X: y", {
    ...{ method: "POST", body: { username: "admin", password: ADMIN_PASSWORD }, headers: page, from: "127.0.0.5" },
  });
  expect(signIn.status).toBe(200);
  const list = await ask("/ui-api/sign-ins", basic("admin", ADMIN_PASSWORD));
  expect((JSON.parse(list.body) as { sign_ins: { address: string }[] }).sign_ins[0]?.address).toBe("127.0.0.5");
});
