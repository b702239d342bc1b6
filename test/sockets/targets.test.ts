import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROUTES } from "../../src/routes/table.ts";
import { startServer, type TestServer } from "../server.ts";
import { rawRequest, sendRaw } from "./raw-request.ts";

const GET = "/api/2.0/mlflow/experiments/get?experiment_id=0";

let server: TestServer;
let host: string;
beforeAll(async () => {
  server = await startServer();
  ({ host } = new URL(server.url));
});
afterAll(() => server.stop());

describe("a request's target", () => {
  test("a whole URL is served as its path", async () => {
    for (const target of [`http://${host}${GET}`, `HTTP://${host}${GET}`, `https://${host}${GET}`]) {
      expect(await rawRequest(server.url, "GET", target), target).toMatchObject({ status: 200 });
    }
    expect((await rawRequest(server.url, "GET", `http://${host}`)).status).toBe(200);
  });

  test("its host counts, not the Host header (RFC 9112 §3.2.2)", async () => {
    expect((await rawRequest(server.url, "GET", `http://evil.test${GET}`)).status).toBe(403);
    const lines = [`GET http://${host}${GET} HTTP/1.1`, "Host: evil.test"];
    expect(await sendRaw(server.url, lines)).toMatchObject({ status: 200 });
  });

  test.each([
    "*",
    "health",
    "@evil.test/health",
    ":80/health",
    "?a",
    "#a",
    "\\health",
    "ftp://a/health",
    "http:/health",
    "http://",
    "http:///health",
    "http://u:p@localhost/health",
  ])("%s is a 400", async (target) => {
    for (const method of ["GET", "OPTIONS", "PUT"]) {
      const { status, body } = await rawRequest(server.url, method, target);
      expect([method, status]).toEqual([method, 400]);
      expect(JSON.parse(body).error_code).toBe("BAD_REQUEST");
    }
  });

  test("slashes that are there twice count once, in the route's part", async () => {
    const search = { headers: ["Content-Type: application/json", "Content-Length: 17"], body: '{"max_results":1}' };
    for (const path of ["//api/2.0/mlflow/experiments/search", "/api/2.0//mlflow///experiments/search"]) {
      expect(await rawRequest(server.url, "POST", path, search), path).toMatchObject({ status: 200 });
    }
    expect((await rawRequest(server.url, "GET", `/${GET}`)).status).toBe(200);
    expect((await rawRequest(server.url, "GET", "//health")).status).toBe(200);
  });

  test("an artifact's path keeps its own rules behind such slashes", async () => {
    const body = { body: "kept" };
    const put = (target: string) => rawRequest(server.url, "PUT", target, body).then(({ status }) => status);
    expect(await put("//api/2.0//mlflow-artifacts//artifacts/0/abc/artifacts/kept.txt")).toBe(200);
    const kept = "/api/2.0/mlflow-artifacts/artifacts/0/abc/artifacts/kept.txt";
    expect(await rawRequest(server.url, "GET", kept)).toMatchObject({ status: 200, body: "kept" });
    for (const path of ["/0/abc/artifacts/x", "0//abc/artifacts/x", "0/abc/artifacts//x", "0/abc/artifacts/x//"]) {
      expect(await put(`//api/2.0/mlflow-artifacts/artifacts/${path}`), path).toBe(400);
    }
    // If the route's own part occurs twice in a path, the first occurrence counts.
    const nested = "0/abc/artifacts/mlflow-artifacts/artifacts/kept.txt";
    expect(await put(`/api/2.0/mlflow-artifacts//artifacts/${nested}`)).toBe(200);
    const found = await rawRequest(server.url, "GET", `/api/2.0/mlflow-artifacts/artifacts/${nested}`);
    expect(found).toMatchObject({ status: 200, body: "kept" });
  });
});

test.each([
  ["none", []],
  ["an empty one", ["Host: "]],
  ["two", ["Host: localhost", "Host: evil.test"]],
  ["the same twice", ["Host: localhost", "Host: localhost"]],
  ...[
    "a b",
    "a/b",
    "localhost@evil",
    "lo?x",
    "lo#x",
    "%6cocalhost",
    "localhost:x",
    "localhost:123456",
    "[::1",
    "<>",
    "exämple",
  ].map((name): [string, string[]] => [name, [`Host: ${name}`]]),
])("Host, %s: 400", async (_what, hosts) => {
  for (const target of [GET, "/health", "/"]) {
    const { status, body } = await sendRaw(server.url, [`GET ${target} HTTP/1.1`, ...hosts]);
    expect([target, status, JSON.parse(body).error_code]).toEqual([target, 400, "BAD_REQUEST"]);
  }
});

test("HEAD of every GET route answers as the GET without its body", async () => {
  const gets = ROUTES.filter(({ method }) => method === "GET").flatMap(({ paths }) => paths);
  expect(gets.length).toBeGreaterThan(20);
  const queries = ["?experiment_id=0&run_id=0123456789abcdef0123456789abcdef&path=a&name=a&max_results=1", ""];
  for (const path of gets) {
    for (const query of queries) {
      const target = path.replace(/:\w+/g, "0123456789abcdef0123456789abcdef").replace("*", "0/a") + query;
      const get = await rawRequest(server.url, "GET", target);
      const head = await rawRequest(server.url, "HEAD", target);
      expect([target, head.status, head.body]).toEqual([target, get.status, ""]);
      const names = [
        "content-type",
        "content-length",
        "content-disposition",
        "cache-control",
        "x-content-type-options",
      ];
      for (const name of names)
        expect([target, name, head.headers.get(name)]).toEqual([target, name, get.headers.get(name)]);
    }
  }
});

test("HEAD of a file says its length, and of a part of it the part's", async () => {
  const target = "/api/2.0/mlflow-artifacts/artifacts/0/abc/artifacts/long.bin";
  await rawRequest(server.url, "PUT", target, { body: "x".repeat(300_000) });
  const whole = await rawRequest(server.url, "HEAD", target);
  expect([whole.status, whole.headers.get("content-length"), whole.body]).toEqual([200, "300000", ""]);
  const part = await rawRequest(server.url, "HEAD", target, { headers: ["Range: bytes=10-19"] });
  expect([part.status, part.headers.get("content-length")]).toEqual([206, "10"]);
  expect(part.headers.get("content-range")).toBe("bytes 10-19/300000");
});

test("a short answer has a length, which HTTP/1.0 needs", async () => {
  const json = (body: string) => ["Content-Type: application/json", `Content-Length: ${body.length}`, "", body];
  const requests: string[][] = [
    ["POST /api/2.0/mlflow/runs/search", ...json('{"experiment_ids":["0"]}')],
    ["GET /api/2.0/mlflow/registered-models/search?max_results=5"],
    ["GET /api/2.0/mlflow/model-versions/search?max_results=5"],
    ["POST /api/2.0/mlflow/logged-models/search", ...json('{"experiment_ids":["0"]}')],
  ];
  for (const [line = "", ...rest] of requests) {
    const { status, headers, body } = await sendRaw(server.url, [`${line} HTTP/1.0`, `Host: ${host}`, ...rest]);
    expect([line, status, headers.get("transfer-encoding")]).toEqual([line, 200, undefined]);
    expect([line, headers.get("content-length")]).toEqual([line, String(body.length)]);
  }
});

test.each(["evil.test:443", "miniflare-unsafe-internal-capnp-connect", "MINIFLARE-UNSAFE-INTERNAL-CAPNP-CONNECT"])(
  "CONNECT %s is refused, and the connection closed",
  async (target) => {
    const lines = [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`];
    const { status, headers } = await sendRaw(server.url, lines);
    expect([status, headers.get("connection")]).toEqual([500, "close"]);
  },
);

test("none of it leaves a trace in the log, CONNECT included", async () => {
  await fetch(`${server.url}/health`);
  expect(server.output()).not.toMatch(/exception|stack|error/i);
});
