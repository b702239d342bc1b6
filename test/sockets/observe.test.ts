import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";
import { rawRequest } from "./raw-request.ts";

const GET = "/api/2.0/mlflow/experiments/get?experiment_id=0";

describe("with --expose-prometheus, and requests logged", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ args: ["--expose-prometheus", "/nowhere"], env: { TRACKFLARE_LOG_REQUESTS: "1" } });
  });
  afterAll(() => server.stop());

  /** Every sample of a metric, with labels and value. */
  async function samples(name: string): Promise<[labels: string, value: number][]> {
    const answer = await fetch(`${server.url}/metrics`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const lines = (await answer.text()).split("\n");
    for (const line of lines) expect(line).toMatch(/^($|# (HELP|TYPE) \w+ |\w+\{[^{}\n]*\} [\d.e+-]+$)/);
    return lines.flatMap((line) => {
      const [, found, labels = "", value] = /^(\w+)\{(.*)\} (.+)$/.exec(line) ?? [];
      return found === name ? [[labels, Number(value)]] : [];
    });
  }

  test("requests are counted by route, method and status, whatever ids they name", async () => {
    for (let id = 0; id < 5; id += 1) await fetch(`${server.url}/api/2.0/mlflow/logged-models/m-${id}`);
    for (let time = 0; time < 3; time += 1) await fetch(server.url + GET);
    await fetch(`${server.url}/no/such/place`);
    const counted = new Map(await samples("mlflow_http_request_total"));
    const path = '/api/2.0/mlflow/logged-models/:model_id"';
    expect(counted.get(`method="GET",path="${path},status="404"`)).toBe(5);
    expect(counted.get('method="GET",path="/api/2.0/mlflow/experiments/get",status="200"')).toBe(3);
    expect(counted.get('method="GET",path="other",status="404"')).toBe(1);
  });

  test("the dashboard asks for metrics that are there", async () => {
    const dashboard = JSON.parse(readFileSync(join(import.meta.dirname, "../../docs/grafana-dashboard.json"), "utf8"));
    const asked = new Set(JSON.stringify(dashboard.panels).match(/\bmlflow_\w+/g));
    const text = await (await fetch(`${server.url}/metrics`)).text();
    const typed = new Set([...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name));
    expect(asked.size).toBeGreaterThan(2);
    for (const name of asked) expect(typed).toContain(name.replace(/_(bucket|sum|count)$/, ""));
  });

  test("each request is a line of JSON with its id, which the answer names; a proxy's id is kept", async () => {
    const own = await fetch(server.url + GET);
    const given = await fetch(server.url + GET, { headers: { "X-Request-Id": "proxy-0123.4567" } });
    const odd = await fetch(server.url + GET, { headers: { "X-Request-Id": 'a"},{"b' } });
    expect(given.headers.get("X-Request-Id")).toBe("proxy-0123.4567");
    expect(odd.headers.get("X-Request-Id")).toMatch(/^[\da-f-]{36}$/);
    expect(own.headers.get("Server-Timing")).toMatch(/^total;dur=\d+$/);
    const lineOf = (id: string | null) =>
      server
        .output()
        .split("\n")
        .find((line) => line.includes(`"request_id":"${id}"`));
    for (const { headers } of [own, given, odd]) {
      const id = headers.get("X-Request-Id");
      await expect.poll(() => lineOf(id)).toBeDefined();
      expect(JSON.parse(lineOf(id) ?? "")).toEqual({
        level: "info",
        request_id: id,
        method: "GET",
        path: "/api/2.0/mlflow/experiments/get",
        status: 200,
        duration_ms: expect.any(Number),
      });
    }
  });
});

test("a client that looks at no id is told none but with an error", async () => {
  const server = await startServer();
  try {
    const plain = await rawRequest(server.url, "GET", GET);
    expect([plain.status, plain.headers.has("x-request-id"), plain.headers.has("server-timing")]).toEqual([
      200,
      false,
      false,
    ]);
    const refused = await rawRequest(server.url, "GET", "/api/2.0/mlflow/experiments/get?experiment_id=99");
    expect([refused.status, refused.headers.has("x-request-id"), refused.headers.has("server-timing")]).toEqual([
      404,
      true,
      true,
    ]);
    const page = await fetch(server.url);
    expect(page.status).toBe(200);
  } finally {
    await server.stop();
  }
});

test("without the flag there are no metrics, and nothing is logged", async () => {
  const server = await startServer();
  try {
    const answer = await fetch(`${server.url}/metrics`);
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain("--expose-prometheus");
    await fetch(server.url + GET);
    expect(server.output()).not.toContain("request_id");
  } finally {
    await server.stop();
  }
});
