import { describe, expect, test } from "vitest";
import { PROXY_HEADERS } from "../../src/http/callers.ts";
import { expectMlflowError, fetchWorker } from "../helpers/mlflow.ts";
import { storedState } from "../helpers/state.ts";

const GET = "/api/2.0/mlflow/experiments/get?experiment_id=0";
const PASSWORD = "correct horse battery";
const TOKEN = "a token of the admin";

const basic = (credentials: string) => `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(credentials)))}`;

/** One request of each kind: a read, a write, a missing endpoint, a socket. */
const CALLS: readonly [what: string, target: string, init: RequestInit][] = [
  ["a read", GET, {}],
  ["a read under /ajax-api", "/ajax-api/2.0/mlflow/experiments/get?experiment_id=0", {}],
  [
    "a write",
    "/api/2.0/mlflow/experiments/create",
    { method: "POST", body: '{"name":"must not be"}', headers: { "Content-Type": "application/json" } },
  ],
  ["an artifact", "/api/2.0/mlflow-artifacts/artifacts/0/a", { method: "PUT", body: "a" }],
  ["a WebSocket", GET, { headers: { Upgrade: "websocket", Connection: "Upgrade" } }],
  ["an unknown endpoint", "/api/2.0/mlflow/nothing", {}],
  ["a path that only begins like a public one", "/healthy", {}],
  ["a path that leaves a public one", "/health/..%2fapi/2.0/mlflow/experiments/search", {}],
  ["another method of a public path", "/health", { method: "POST" }],
  ["a preflight", GET, { method: "OPTIONS" }],
];

const withHeaders = (init: RequestInit, headers: Record<string, string>): RequestInit => ({
  ...init,
  headers: { ...(init.headers as Record<string, string>), ...headers },
});

describe("open to local requests", () => {
  test.each(["localhost", "LOCALHOST:5000", "127.0.0.1", "127.0.0.1:5000", "127.0.0.2:5000", "[::1]:5000"])(
    "serves Host %s",
    async (host) => {
      expect((await fetchWorker(`http://${host}${GET}`)).status).toBe(200);
    },
  );

  test.each([
    "evil.test",
    "localhost.evil.test",
    "evil-localhost",
    "127.0.0.1.evil.test",
    "128.0.0.1",
    "0.0.0.0",
    "192.168.0.1:5000",
    "[::2]",
  ])("refuses Host %s, whatever is asked", async (host) => {
    const before = await storedState();
    for (const [, target, init] of CALLS) {
      await expectMlflowError(fetchWorker(`http://${host}${target}`, init), "PERMISSION_DENIED");
    }
    expect(await storedState()).toBe(before);
  });

  test.each([
    "https://evil.test",
    "http://evil.test:5000",
    "http://localhost.evil.test",
    "http://127.0.0.1.evil.test",
    "http://127.0.0.2:5000",
    "http://evil.test/@localhost",
    "http://localhost@evil.test",
    "null",
    "",
  ])("refuses Origin %s, whatever is asked", async (origin) => {
    const before = await storedState();
    for (const [, target, init] of CALLS) {
      const request = withHeaders(init, { Origin: origin });
      await expectMlflowError(fetchWorker(target, request), "PERMISSION_DENIED");
    }
    expect(await storedState()).toBe(before);
  });

  test.each([
    ["localhost:5000", "http://localhost:5000"],
    ["localhost:443", "https://localhost"],
    ["127.0.0.2", "http://127.0.0.2:80"],
    ["LOCALHOST:5000", "http://localhost:5000"],
  ])("serves %s a page of %s, its own", async (host, origin) => {
    const answer = await fetchWorker(`http://${host}${GET}`, { headers: { Origin: origin } });
    expect(answer.status).toBe(200);
  });

  test.each(["X-Forwarded-For", "Via"])("refuses what a proxy passes on (%s), and says what to set", async (header) => {
    const before = await storedState();
    for (const [, target, init] of CALLS) {
      const request = withHeaders(init, { [header]: "10.0.0.9" });
      const message = await expectMlflowError(fetchWorker(target, request), "PERMISSION_DENIED");
      expect(message).toMatch(/TRACKFLARE_ADMIN_PASSWORD.*--allowed-hosts/);
    }
    expect(await storedState()).toBe(before);
    const trusted = { MLFLOW_SERVER_ALLOWED_HOSTS: "tracking.example.org" };
    const passedOn = { headers: { [header]: "10.0.0.9" } };
    expect((await fetchWorker(`http://tracking.example.org${GET}`, passedOn, trusted)).status).toBe(200);
  });

  test.each([
    ...PROXY_HEADERS.map((name) => name.replace("*", "-anything")),
    ...["Client-IP", "X-Cluster-Client-IP", "X-Real-IP", "CF-Ray", "True-Client-IP", "Forwarded", "X-Forwarded"],
    ...["X-Forwarded-Context", "X-ProxyContextPath", "X-Original-URL", "Fastly-Client-IP", "X-ProxyUser-Ip"],
    ...["X-Client-IP", "X-Envoy-External-Address", "Fly-Client-IP", "CDN-Loop", "X-Azure-ClientIP"],
  ])("takes %s for a proxy's", async (header) => {
    const message = await expectMlflowError(fetchWorker(GET, { headers: { [header]: "a" } }), "PERMISSION_DENIED");
    expect(message).toContain(header.toLowerCase());
  });

  test.each([
    "X-Amzn-Trace-Id",
    "traceparent",
    "X-Request-Id",
    "X-MLflow-Workspace",
    "Viable",
    "X-Realtime",
    "X-Requested-With",
  ])("takes %s for a client's own", async (header) => {
    expect((await fetchWorker(GET, { headers: { [header]: "a" } })).status).toBe(200);
  });

  test("serves health and version to everybody", async () => {
    for (const path of ["/health", "/version", "/api/3.0/mlflow/server-info"]) {
      expect((await fetchWorker(`http://evil.test${path}`)).status).toBe(200);
    }
  });
});

describe("without an admin secret, on no local socket", () => {
  const unset = { TRACKFLARE_LOCAL: "0" };

  test.each(CALLS)("%s is refused, with or without credentials", async (_what, target, init) => {
    const guesses = ["admin:password1234", "admin:password", "admin:admin", "admin:", ":", "local:", "admin:undefined"];
    const headers: Record<string, string>[] = [
      {},
      ...guesses.map((guess) => ({ Authorization: basic(guess) })),
      { Authorization: "Bearer " },
      { Authorization: "Bearer undefined" },
    ];
    for (const header of headers) {
      const message = await expectMlflowError(fetchWorker(target, withHeaders(init, header), unset), "UNAUTHENTICATED");
      expect(message).toContain("TRACKFLARE_ADMIN_PASSWORD");
    }
  });

  test("health is served", async () => {
    expect((await fetchWorker("/health", {}, unset)).status).toBe(200);
  });
});

describe("with an admin's password and token", () => {
  const admin = { TRACKFLARE_ADMIN_PASSWORD: PASSWORD, TRACKFLARE_ADMIN_TOKEN: TOKEN };
  const status = async (authorization: string, settings: Partial<Env> = admin) =>
    (await fetchWorker(GET, { headers: { Authorization: authorization } }, settings)).status;

  test.each([basic(`admin:${PASSWORD}`), basic(`admin:${TOKEN}`), `Bearer ${TOKEN}`, `bearer  ${TOKEN}`])(
    "%s is served",
    async (authorization) => {
      expect(await status(authorization)).toBe(200);
    },
  );

  test("a host by any name is served, over TLS or not", async () => {
    const init = { headers: { Authorization: `Bearer ${TOKEN}` } };
    for (const origin of ["https://tracking.example.org", "http://10.0.0.5:5000"]) {
      expect((await fetchWorker(`${origin}${GET}`, init, admin)).status).toBe(200);
      const own = withHeaders(init, { Origin: origin });
      expect((await fetchWorker(`${origin}${GET}`, own, admin)).status).toBe(200);
    }
  });

  test("a page of another site is refused with what its browser adds, and served with a token that it must have been given", async () => {
    const from = (Authorization: string) => ({ headers: { Authorization, Origin: "https://evil.test" } });
    await expectMlflowError(fetchWorker(GET, from(basic(`admin:${PASSWORD}`)), admin), "PERMISSION_DENIED");
    await expectMlflowError(fetchWorker(GET, from("Bearer wrong"), admin), "UNAUTHENTICATED");
    await expectMlflowError(fetchWorker(GET, { headers: { Origin: "https://evil.test" } }, admin), "PERMISSION_DENIED");
    const answer = await fetchWorker(GET, from(`Bearer ${TOKEN}`), admin);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBeNull();
  });

  test("a page that a proxy serves by a name of its own is served, on the browser's word that it is the same", async () => {
    const headers = { Authorization: basic(`admin:${PASSWORD}`), Origin: "https://tracking.example.org" };
    const post = {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/json" },
      body: '{"max_results":1}',
    };
    const search = "http://127.0.0.1:5000/api/2.0/mlflow/experiments/search";
    await expectMlflowError(fetchWorker(search, post, admin), "PERMISSION_DENIED");
    expect((await fetchWorker(search, withHeaders(post, { "Sec-Fetch-Site": "same-origin" }), admin)).status).toBe(200);
    for (const site of ["cross-site", "same-site", "none"]) {
      await expectMlflowError(
        fetchWorker(search, withHeaders(post, { "Sec-Fetch-Site": site }), admin),
        "PERMISSION_DENIED",
      );
    }
  });

  test.each([
    "",
    "Basic",
    "Bearer",
    "Bearer ",
    "Basic !!!",
    `Basic ${btoa("\xff\xfe:\xff")}`,
    basic(""),
    basic(":"),
    basic("admin"),
    basic(`:${PASSWORD}`),
    basic("admin:"),
    basic(`Admin:${PASSWORD}`),
    basic(`admin:${PASSWORD} `),
    basic(`admin:${PASSWORD.slice(1)}`),
    basic(`\ufeffadmin:${PASSWORD}`),
    basic("admin:password1234"),
    `Bearer ${PASSWORD}`,
    `Bearer ${TOKEN}x`,
    `Token ${TOKEN}`,
    TOKEN,
  ])("%j is refused", async (authorization) => {
    const answer = await fetchWorker(GET, { headers: { Authorization: authorization } }, admin);
    expect(answer.headers.get("WWW-Authenticate")).toBe('Basic realm="mlflow", charset="UTF-8"');
    await expectMlflowError(answer, "UNAUTHENTICATED");
  });

  test("without credentials all but health is refused, local host or not, and nothing is written", async () => {
    const before = await storedState();
    for (const [, target, init] of CALLS) {
      await expectMlflowError(fetchWorker(target, init, admin), "UNAUTHENTICATED");
    }
    expect(await storedState()).toBe(before);
    expect((await fetchWorker("/health", {}, admin)).status).toBe(200);
  });

  test("the admin may have another name, and a password with colons and of any script", async () => {
    const settings = { TRACKFLARE_ADMIN_USERNAME: "ada", TRACKFLARE_ADMIN_PASSWORD: "pässwörd:with:colons" };
    expect(await status(basic("ada:pässwörd:with:colons"), settings)).toBe(200);
    expect(await status(basic("admin:pässwörd:with:colons"), settings)).toBe(401);
    expect(await status(basic("ada:undefined"), settings)).toBe(401);
  });

  test("a password beyond ASCII is taken in UTF-8 and, as Python's requests sends it, in Latin-1", async () => {
    for (const password of ["pässwörd:with:colons", "Ã¤Ã¶ both ways"]) {
      const settings = { TRACKFLARE_ADMIN_PASSWORD: password };
      expect(await status(basic(`admin:${password}`), settings)).toBe(200);
      expect(await status(`Basic ${btoa(`admin:${password}`)}`, settings)).toBe(200);
      expect(await status(`Basic ${btoa(`admin:${password.slice(1)}`)}`, settings)).toBe(401);
    }
  });

  test("a wrong setting serves nobody, and is named without its value", async () => {
    for (const [name, value, rule] of [
      ["TRACKFLARE_ADMIN_PASSWORD", "", "at least 12"],
      ["TRACKFLARE_ADMIN_PASSWORD", "eleven char", "at least 12"],
      ["TRACKFLARE_ADMIN_TOKEN", "fifteen charact", "at least 16"],
      ["TRACKFLARE_LOCAL", "yes-please", "0 or 1"],
      ["MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", "app.test", "https://app.example.com"],
      ["MLFLOW_SERVER_ALLOWED_HOSTS", "https://a.example/b", "mlflow.example.com"],
      ["MLFLOW_STATIC_PREFIX", "mlflow/", "/mlflow"],
    ] as const) {
      for (const target of [GET, "/health", "/"]) {
        const answer = fetchWorker(target, { headers: { Authorization: basic(`admin:${value}`) } }, { [name]: value });
        const message = await expectMlflowError(answer, "TEMPORARILY_UNAVAILABLE");
        expect(message).toContain(`${name} must`);
        expect(message).toContain(rule);
        if (value !== "") expect(message).not.toContain(value);
      }
    }
  });
});

test("an unknown endpoint is told to those only who may know", async () => {
  for (const path of ["/api/2.0/mlflow/nothing", "/nothing", "/api/2.0/mlflow/runs/get/", "/nothing//"]) {
    await expectMlflowError(fetchWorker(path), "ENDPOINT_NOT_FOUND");
  }
  await expectMlflowError(fetchWorker("/api/2.0/mlflow/runs/create"), "ENDPOINT_NOT_FOUND");
  await expectMlflowError(fetchWorker("/health", { method: "POST" }), "ENDPOINT_NOT_FOUND");
});
