import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";
import { launchBrowser } from "./harness/browser.ts";
import { type PathProxyOptions, startPathProxy } from "./harness/path-proxy.ts";
import { screenshotOnFailure } from "./harness/screenshot.ts";
import { watchPage } from "./harness/watched-page.ts";

/** The ways to put a tracking server below a path: by the server's flag, and by a proxy. */
const WAYS: readonly [way: string, args: readonly string[], proxy: PathProxyOptions][] = [
  [
    "nginx, which cuts the path off",
    ["--allowed-hosts", "127.0.0.1"],
    { path: "/mlflow", keepsPath: false, keepsHost: false },
  ],
  [
    "an ingress, which keeps it",
    ["--allowed-hosts", "127.0.0.1", "--static-prefix", "/mlflow"],
    { path: "/mlflow", keepsPath: true, keepsHost: true },
  ],
  [
    "jupyter-server-proxy, many folders down",
    ["--allowed-hosts", "*"],
    { path: "/user/ada/proxy/5000", keepsPath: false, keepsHost: true },
  ],
];

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

async function post(server: TestServer, path: string, body: object): Promise<Record<string, unknown>> {
  const answer = await fetch(`${server.url}/api/2.0/mlflow/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Record<string, unknown>;
}

test.each(WAYS)("the UI behind %s: pages, files, writes, sockets", async (_way, args, options) => {
  const server = await startServer({ args });
  const proxy = await startPathProxy(server.url, options);
  const context = await browser.newContext();
  try {
    const { run } = await post(server, "runs/create", {
      experiment_id: "0",
      run_name: "below",
      start_time: Date.now(),
    });
    const { run_id } = (run as { info: { run_id: string } }).info;
    const log = (step: number, value: number) =>
      post(server, "runs/log-metric", { run_id, key: "loss", step, value, timestamp: Date.now() });
    await log(0, 0.75);
    const artifacts = `${server.url}/api/2.0/mlflow-artifacts/artifacts/0/${run_id}/artifacts`;
    await fetch(`${artifacts}/notes.txt`, { method: "PUT", body: "seen from below" });

    const { page, trouble } = await watchPage(context, new URL(proxy.url).origin);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    page.setDefaultTimeout(45_000);
    screenshotOnFailure(page);
    await page.goto(proxy.url);

    await page.getByRole("button", { name: "New experiment", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "New experiment", exact: true });
    await dialog.getByLabel("Name").fill("made below a path");
    await dialog.getByRole("button", { name: "Create", exact: true }).click();
    await page.getByRole("heading", { name: "made below a path" }).waitFor();

    const socket = page.waitForEvent("websocket");
    await page.goto(`${proxy.url}#/experiments/0/runs/${run_id}`);
    await page.getByRole("row", { name: /^loss 0\.75/ }).waitFor();
    expect((await socket).url()).toBe(`${proxy.url.replace("http", "ws")}ui-api/runs/${run_id}/live`);
    await log(1, 0.25);
    await page.getByRole("row", { name: /^loss 0\.25/ }).waitFor();

    await page.goto(`${proxy.url}#/experiments/0/runs/${run_id}?tab=artifacts`);
    await page.getByText("notes.txt").first().click();
    await page.getByText("seen from below").waitFor();
    await page.goto(`${proxy.url}#/experiments/0/runs/${run_id}?tab=charts`);
    await page.locator("canvas").first().waitFor();

    expect(trouble).toEqual({ consoleErrors: [], cspViolations: [], failedCalls: [], foreignRequests: [] });
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((url) => url.startsWith("http") && !url.startsWith(proxy.url))).toEqual([]);
  } finally {
    await context.close();
    await proxy.close();
    await server.stop();
  }
});

test("with a static prefix, its bare path leads to the page, and the API answers below it", async () => {
  const server = await startServer({ args: ["--static-prefix", "/mlflow"] });
  try {
    const bare = await fetch(`${server.url}/mlflow`, { redirect: "manual" });
    expect([bare.status, bare.headers.get("Location")]).toEqual([308, "/mlflow/"]);
    for (const path of [
      "/mlflow/",
      "/mlflow/health",
      "/mlflow/version",
      "/mlflow/api/2.0/mlflow/experiments/get?experiment_id=0",
      "/mlflow/ajax-api/2.0/mlflow/experiments/get?experiment_id=0",
      "//mlflow//api/2.0/mlflow/experiments/get?experiment_id=0",
      "/health",
    ]) {
      expect([path, (await fetch(server.url + path)).status]).toEqual([path, 200]);
    }
    const target = `${server.url}/mlflow/api/2.0/mlflow-artifacts/artifacts/0/abc/artifacts/a.txt`;
    expect((await fetch(target, { method: "PUT", body: "a" })).status).toBe(200);
    expect(await (await fetch(target)).text()).toBe("a");
    for (const path of ["/mlflowx/health", "/mlflow/mlflow/health", "/x/mlflow/health"]) {
      expect([path, (await fetch(server.url + path)).status]).toEqual([path, 404]);
    }
  } finally {
    await server.stop();
  }
});
