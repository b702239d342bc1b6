import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { runPython } from "../e2e/harness/python.ts";
import { freePort } from "../helpers/free-port.ts";

/* `npx wrangler dev`, with the edge's runtime, bindings (R2 too) and asset router. */

const ROOT = join(import.meta.dirname, "../..");
const PASSWORD = "a-long-password";
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");

const kept = mkdtempSync(join(tmpdir(), "trackflare-wrangler-"));
let url: string;
let wrangler: ChildProcess;
let output = "";

beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const args = ["dev", "--ip", "127.0.0.1", "--port", String(port), "--persist-to", kept];
  const secret = ["--var", `TRACKFLARE_ADMIN_PASSWORD:${PASSWORD}`];
  wrangler = spawn(process.execPath, [WRANGLER, ...args, ...secret, "--show-interactive-dev-session=false"], {
    cwd: ROOT,
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "true" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [wrangler.stdout, wrangler.stderr]) stream?.on("data", (chunk) => (output += chunk));
  const isReady = async () => {
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (!answer?.ok) throw new Error(`wrangler dev does not serve:\n${output}`);
  };
  await vi.waitFor(isReady, { timeout: 240_000, interval: 500 });
});

afterAll(async () => {
  wrangler.kill("SIGTERM");
  await once(wrangler, "close");
  rmSync(kept, { recursive: true, force: true });
});

test("the real client logs and reads back, artifacts in R2", async () => {
  const program = join(import.meta.dirname, "wrangler-dev.py");
  expect(await runPython(program, url.replace("//", `//admin:${PASSWORD}@`))).toEqual({
    found: 1,
    history: [1, 1 / 2, 1 / 3],
    files: ["folder/notes.txt"],
    text: "kept in R2",
  });
});

test("the asset router leaves the API to the Worker, doubled slashes included, and unknown paths", async () => {
  const headers = { Authorization: `Basic ${btoa(`admin:${PASSWORD}`)}` };
  for (const path of [
    "/api/2.0/mlflow/experiments/get?experiment_id=0",
    "//api/2.0/mlflow/experiments/get?experiment_id=0",
    "/api/2.0//mlflow/experiments/get?experiment_id=0",
  ]) {
    expect([path, (await fetch(url + path, { headers })).status]).toEqual([path, 200]);
    expect([path, (await fetch(url + path)).status]).toEqual([path, 401]);
  }
  expect((await fetch(`${url}/nothing`, { headers })).status).toBe(404);
});

test.each([
  ["wrangler", ["src/cli/build-ui.ts"]],
  ["npm run ui:build", ["node_modules/vite/bin/vite.js", "build", "ui"]],
])("the UI stays while %s builds it anew", async (_by, program) => {
  const page = await (await fetch(url)).text();
  const script = /src="\.(\/assets\/index-[^"]+)"/.exec(page)?.[1] ?? "";
  let isBuilding = true;
  const statuses = new Set<number>();
  const looking = (async () => {
    while (isBuilding) for (const path of ["/", script]) statuses.add((await fetch(url + path)).status);
  })();
  const build = spawn(process.execPath, program, {
    cwd: ROOT,
    env: { ...process.env, NODE_ENV: "production" },
    stdio: "ignore",
  });
  // A failed look ends the test at once, with its own error. The server sees the new files some time after the build.
  const built = once(build, "close").then(async ([status]) => {
    await new Promise((resolve) => setTimeout(resolve, 3000));
    isBuilding = false;
    return status;
  });
  const [status] = await Promise.all([built, looking]);
  expect(status).toBe(0);
  expect([...statuses]).toEqual([200]);
});

test("secrets of a developer are nobody else's: git ignores them, and an example says what they are", () => {
  const isIgnored = (name: string) => spawnSync("git", ["check-ignore", "--quiet", name], { cwd: ROOT }).status === 0;
  expect([".dev.vars", ".dev.vars.staging", ".env", ".env.local"].filter((name) => !isIgnored(name))).toEqual([]);
  expect(isIgnored(".dev.vars.example")).toBe(false);
});
