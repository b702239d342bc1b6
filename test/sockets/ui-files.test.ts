import { readFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";

/** The headers that `ui/public/_headers` sets on the edge for files below `pattern`. */
function edgeHeaders(pattern: string): Record<string, string> {
  const text = readFileSync(join(import.meta.dirname, "../../ui/public/_headers"), "utf8");
  const lines = text.split("\n");
  const start = lines.indexOf(pattern) + 1;
  const end = lines.findIndex((line, index) => index >= start && !line.startsWith("  "));
  return Object.fromEntries(
    lines.slice(start, end).map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}

/** The outcome of a browser's request for a socket: open, or the status of the refusal. */
function handshake(url: string, headers: Record<string, string>): Promise<number> {
  const upgrade = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13" };
  const request = get(url, { headers: { ...upgrade, "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", ...headers } });
  return new Promise((resolve, reject) => {
    request.on("upgrade", (_response, socket) => {
      socket.destroy();
      resolve(101);
    });
    request.on("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on("error", reject);
  });
}

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ env: { TRACKFLARE_ADMIN_PASSWORD: "a long secret" } });
});
afterAll(() => server.stop());

describe("with an admin secret", () => {
  test("the page and its files are public, under the policy that the edge gives them", async () => {
    const page = await fetch(server.url);
    expect(page.status).toBe(200);
    expect(page.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
    const policy = edgeHeaders("/*");
    expect(Object.keys(policy)).toContain("Content-Security-Policy");
    for (const [name, value] of Object.entries(policy)) expect(page.headers.get(name), name).toBe(value);

    const script = /src="\.?(\/assets\/[^"]+\.js)"/.exec(await page.text())?.[1];
    const file = await fetch(server.url + script);
    expect(file.status).toBe(200);
    expect(file.headers.get("Content-Type")).toMatch(/^text\/javascript/);
    for (const [name, value] of Object.entries({ ...policy, ...edgeHeaders("/assets/*") })) {
      expect(file.headers.get(name), name).toBe(value);
    }
  });

  test("data is not, and a browser is asked for the secret", async () => {
    const paths = [
      "/ui-api/experiments",
      "/ui-api/keys",
      "/nothing",
      "/assets/nothing.js",
      "/_headers",
      "//a.example/index.html",
    ];
    for (const path of paths) {
      const response = await fetch(server.url + path);
      expect(response.status, path).toBe(401);
      expect(response.headers.get("WWW-Authenticate"), path).toBe('Basic realm="mlflow", charset="UTF-8"');
      expect(response.headers.get("Content-Type"), path).toBe("application/json");
    }
    expect((await fetch(server.url, { method: "POST" })).status).toBe(401);
  });

  test("a socket opens for the secret and this server's own pages only", async () => {
    const Authorization = `Basic ${btoa("admin:a long secret")}`;
    const created = await fetch(`${server.url}/api/2.0/mlflow/runs/create`, {
      method: "POST",
      headers: { Authorization, "Content-Type": "application/json" },
      body: '{"experiment_id":"0"}',
    });
    const { run } = (await created.json()) as { run: { info: { run_id: string } } };
    const live = `${server.url}/ui-api/runs/${run.info.run_id}/live`;
    expect(await handshake(live, {})).toBe(401);
    expect(await handshake(live, { Authorization, Origin: "https://evil.example" })).toBe(403);
    expect(await handshake(live, { Authorization, Origin: server.url })).toBe(101);
    expect(await handshake(live, { Authorization })).toBe(101);
    const unknown = `${server.url}/ui-api/runs/0123456789abcdef0123456789abcdef/live`;
    expect(await handshake(unknown, { Authorization })).toBe(404);
  });
});
