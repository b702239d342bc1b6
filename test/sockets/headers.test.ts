import { get } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UI_HEADERS } from "../../src/http/ui-files.ts";
import { startServer, type TestServer } from "../server.ts";
import { rawRequest } from "./raw-request.ts";

/* Every kind of answer says to browsers what they may do with it: not sniff, frame, keep or show it to other sites. */

const ADMIN_PASSWORD = "the admin's own secret";
const ADMIN = `Authorization: Basic ${btoa(`admin:${ADMIN_PASSWORD}`)}`;
const JSON_BODY = "Content-Type: application/json";
const PAGE = ["Sec-Fetch-Site: same-origin", "X-Trackflare-Page: 1"];
const API = "/api/2.0/mlflow";

const things = { runId: "", files: "", etag: "", link: "", secret: "", cookie: "", username: "" };

let server: TestServer;

beforeAll(async () => {
  server = await startServer({
    env: { TRACKFLARE_ADMIN_PASSWORD: ADMIN_PASSWORD, TRACKFLARE_RATE_LIMIT: "100000" },
    args: ["--expose-prometheus", "metrics", "--static-prefix", "/team"],
  });
  const { run } = await post<{ run: { info: { run_id: string } } }>(`${API}/runs/create`, { experiment_id: "0" });
  things.runId = run.info.run_id;
  things.files = `/api/2.0/mlflow-artifacts/artifacts/0/${things.runId}/artifacts`;
  for (const file of ["page.html", "folder/a.txt"]) {
    await rawRequest(server.url, "PUT", `${things.files}/${file}`, {
      headers: [ADMIN, "Content-Length: 5"],
      body: "<b>x ",
    });
  }
  things.etag = (await ask("GET", `${things.files}/page.html`)).headers.get("etag") ?? "";
  const link = await post<{ address: string }>("/api/2.0/trackflare/links/create", { run_ids: [things.runId] });
  [things.link = "", things.secret = ""] = link.address.split("#");
  const opened = await ask("POST", `/${things.link}open`, {
    ...{ headers: [JSON_BODY, ...PAGE], body: JSON.stringify({ secret: things.secret }) },
  });
  things.cookie = /^[^;]+/.exec(opened.headers.get("set-cookie") ?? "")?.[0] ?? "";
  await post(`${API}/users/create`, { username: "ada", password: "correct horse battery" });
});
afterAll(async () => {
  await server.stop();
});

interface Ask {
  readonly headers?: readonly string[];
  readonly body?: string;
  /** What the request says of its body. */
  readonly length?: number;
}

async function ask(method: string, target: string, { headers = [ADMIN, JSON_BODY], body = "", length }: Ask = {}) {
  const told = method === "GET" || method === "HEAD" ? [] : [`Content-Length: ${length ?? body.length}`];
  return await rawRequest(server.url, method, target, { headers: [...headers, ...told], body });
}

async function post<T>(path: string, message: object): Promise<T> {
  const { status, body } = await ask("POST", path, { body: JSON.stringify(message) });
  expect(status, body).toBe(200);
  return JSON.parse(body) as T;
}

interface Kind {
  readonly method?: string;
  readonly target: () => string;
  readonly ask?: () => Ask;
  readonly status: number;
  readonly is: "data" | "file" | "preview" | "page";
}

const data = (status: number, target: string, more: Partial<Kind> = {}): Kind => ({
  ...{ status, target: () => target, is: "data" },
  ...more,
});

const readsRun = () => `${API}/runs/get?run_id=${things.runId}`;
const badPost = (body: string): Partial<Kind> => ({ method: "POST", ask: () => ({ body }) });

const KINDS: Readonly<Record<string, Kind>> = {
  "JSON of the API": data(200, "", { target: readsRun }),
  "JSON of the page's API": data(200, "/ui-api/experiments"),
  "JSON of the old prefix": data(200, "/api/2.0/preview/mlflow/experiments/search?max_results=1"),
  "a stream of JSON": data(200, `${API}/runs/search`, badPost('{"experiment_ids":["0"]}')),
  "lines of JSON": data(200, "/api/2.0/trackflare/audit/export"),
  GraphQL: data(200, "/graphql", badPost('{"query":"{ __typename }"}')),
  "an error of GraphQL": data(200, "/graphql", badPost('{"query":"{ nothing }"}')),
  "HEAD of JSON": data(200, "", { method: "HEAD", target: readsRun }),
  health: data(200, "/health", { ask: () => ({ headers: [] }) }),
  version: data(200, "/version", { ask: () => ({ headers: [] }) }),
  "server-info": data(200, "/api/3.0/mlflow/server-info", { ask: () => ({ headers: [] }) }),
  metrics: data(200, "/metrics"),
  "the page's session": data(200, "/ui-api/session", { ask: () => ({ headers: PAGE }) }),
  "a ZIP": data(200, "", { target: () => `/ui-api/folder-zip?run_id=${things.runId}&path=folder` }),
  "a list of files": data(200, "", { target: () => `${API}/artifacts/list?run_id=${things.runId}` }),
  "what a link shows": data(200, "", {
    target: () => `/${things.link}api/2.0/mlflow/runs/get?run_id=${things.runId}`,
    ask: () => ({ headers: [`Cookie: ${things.cookie}`, ...PAGE] }),
  }),
  "what a link does not show": data(403, "", {
    target: () => `/${things.link}api/2.0/mlflow/experiments/get?experiment_id=0`,
    ask: () => ({ headers: [`Cookie: ${things.cookie}`, ...PAGE] }),
  }),
  "400": data(400, `${API}/runs/create`, badPost("{")),
  "400 for a target": data(400, "*"),
  "401 for a program": data(401, "", { target: readsRun, ask: () => ({ headers: [] }) }),
  "401 for a page": data(401, "", { target: readsRun, ask: () => ({ headers: PAGE }) }),
  "the redirect to the sign-in page": data(302, "", {
    target: readsRun,
    ask: () => ({ headers: ["Accept: text/html"] }),
  }),
  "403": data(403, `${API}/users/list`, {
    ask: () => ({ headers: [`Authorization: Basic ${btoa("ada:correct horse battery")}`] }),
  }),
  "404 of a thing": data(404, `${API}/runs/get?run_id=${"0".repeat(32)}`),
  "404 of a path": data(404, "/nothing"),
  "404 of a file": data(404, "", { target: () => `${things.files}/nothing` }),
  "a method that a path has not": data(404, `${API}/runs/create`, { method: "PUT", ask: () => ({ body: "{}" }) }),
  "an OPTIONS of nobody's": data(404, `${API}/runs/create`, { method: "OPTIONS" }),
  "a preflight": data(204, `${API}/runs/create`, {
    method: "OPTIONS",
    ask: () => ({ headers: ["Origin: http://localhost:9", "Access-Control-Request-Method: POST"] }),
  }),
  "413": data(413, `${API}/runs/create`, {
    method: "POST",
    ask: () => ({ length: 8 * 1024 * 1024 + 1 }),
  }),
  "416": data(416, "", {
    target: () => `${things.files}/page.html`,
    ask: () => ({ headers: [ADMIN, "Range: bytes=99-100"] }),
  }),
  "the redirect to a folder": data(308, "/team"),
  "a file": { target: () => `${things.files}/page.html`, status: 200, is: "file" },
  "HEAD of a file": { method: "HEAD", target: () => `${things.files}/page.html`, status: 200, is: "file" },
  "a part of a file": {
    ...{ target: () => `${things.files}/page.html`, status: 206, is: "file" },
    ask: () => ({ headers: [ADMIN, "Range: bytes=0-1"] }),
  },
  "304 of a file": {
    ...{ target: () => `${things.files}/page.html`, status: 304, is: "file" },
    ask: () => ({ headers: [ADMIN, `If-None-Match: ${things.etag}`] }),
  },
  "a file by its run": {
    target: () => `/get-artifact?run_id=${things.runId}&path=page.html`,
    ...{ status: 200, is: "file" },
  },
  "a preview": {
    target: () => `/ui-api/preview?run_id=${things.runId}&path=page.html`,
    ...{ status: 200, is: "preview" },
  },
  "the page": { target: () => "/", status: 200, is: "page", ask: () => ({ headers: [] }) },
  "HEAD of the page": { method: "HEAD", target: () => "/", status: 200, is: "page", ask: () => ({ headers: [] }) },
  "the page below the prefix": { target: () => "/team/", status: 200, is: "page", ask: () => ({ headers: [] }) },
  "a link's page below the prefix": {
    target: () => `/team/${things.link}`,
    status: 200,
    is: "page",
    ask: () => ({ headers: [] }),
  },
  "a link's page": { target: () => `/${things.link}`, status: 200, is: "page", ask: () => ({ headers: [] }) },
  "a picture of the page": { target: () => "/mark.svg", status: 200, is: "page", ask: () => ({ headers: [] }) },
  "a compressed page": {
    ...{ target: () => "/", status: 200, is: "page" },
    ask: () => ({ headers: ["Accept-Encoding: br"] }),
  },
};

const NOT_SNIFFED = "nosniff";

describe("what a browser may do with", () => {
  test.each(Object.entries(KINDS))("%s", async (_, { method = "GET", target, ask: asked = () => ({}), status, is }) => {
    const answer = await ask(method, target(), asked());
    const header = (name: string) => answer.headers.get(name) ?? "";
    expect(answer.status, answer.body.slice(0, 300)).toBe(status);
    expect(header("x-content-type-options")).toBe(NOT_SNIFFED);
    expect(header("cross-origin-resource-policy")).toBe("same-origin");
    expect(header("server")).toBe("");
    expect(header("x-powered-by")).toBe("");
    const policy = header("content-security-policy");
    switch (is) {
      case "data":
        expect(policy).toBe("default-src 'none'; frame-ancestors 'none'");
        expect(header("cache-control")).toBe("no-store");
        expect(header("content-type")).not.toMatch(/html|svg|javascript/);
        return;
      case "file":
        expect(policy).toBe("sandbox; default-src 'none'; frame-ancestors 'none'");
        expect(header("cache-control")).toBe("private, no-cache");
        expect(header("vary")).toBe("Authorization, Cookie");
        if (status !== 304) expect(header("content-disposition")).toMatch(/^attachment; /);
        return;
      case "preview":
        expect(policy).toMatch(/^sandbox allow-scripts; default-src 'none'; /);
        expect(policy).not.toContain("allow-same-origin");
        expect(policy).toContain("connect-src 'none'; form-action 'none'");
        expect(header("referrer-policy")).toBe("no-referrer");
        expect(header("cache-control")).toBe("no-store");
        return;
      case "page":
        for (const [name, value] of Object.entries(UI_HEADERS)) {
          const isLink = name === "Referrer-Policy" && target().includes("/shared/");
          expect([name, header(name.toLowerCase())]).toEqual([name, isLink ? "no-referrer" : value]);
        }
        expect(policy).not.toMatch(/unsafe-(inline|eval)|\*/);
    }
  });

  test("an asset, at all and where the browser has it", async () => {
    const { body } = await ask("GET", "/", { headers: [] });
    const script = /src="\.?(\/assets\/[^"]+\.js)"/.exec(body)?.[1] ?? "";
    const whole = await ask("GET", script, { headers: [] });
    const known = await ask("GET", script, { headers: [`If-None-Match: ${whole.headers.get("etag")}`] });
    expect([whole.status, known.status]).toEqual([200, 304]);
    for (const { headers } of [whole, known]) {
      expect(headers.get("x-content-type-options")).toBe(NOT_SNIFFED);
      expect(headers.get("content-security-policy")).toBe(UI_HEADERS["Content-Security-Policy"]);
      expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    }
  });

  test("a socket: it opens for own pages alone, and its answer has no cookie", async () => {
    const headers = {
      ...{ Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13" },
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      Authorization: ADMIN.slice("Authorization: ".length),
    };
    const answer = await new Promise<{ status: number; cookie: unknown }>((resolve, reject) => {
      const request = get(`${server.url}/ui-api/runs/${things.runId}/live`, { headers });
      request.on("upgrade", (response, socket) => {
        socket.destroy();
        resolve({ status: response.statusCode ?? 0, cookie: response.headers["set-cookie"] });
      });
      request.on("response", (response) => resolve({ status: response.statusCode ?? 0, cookie: undefined }));
      request.on("error", reject);
    });
    expect(answer).toEqual({ status: 101, cookie: undefined });
    const foreign = await ask("GET", `/ui-api/runs/${things.runId}/live`, {
      headers: [ADMIN, "Connection: Upgrade", "Upgrade: websocket", "Origin: https://evil.example"],
    });
    expect([foreign.status, foreign.headers.get("content-security-policy")]).toEqual([
      403,
      "default-src 'none'; frame-ancestors 'none'",
    ]);
  });

  test("a refusal to be called too often", async () => {
    const guess = (i: number) => ({ headers: [`Authorization: Basic ${btoa(`ada:wrong password ${i}`)}`] });
    for (let i = 0; i < 10; i++) expect((await ask("GET", "/nothing", guess(i))).status).toBe(401);
    const answer = await ask("GET", "/nothing", guess(10));
    expect(answer.status).toBe(429);
    expect(answer.headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("x-content-type-options")).toBe(NOT_SNIFFED);
  });
});
