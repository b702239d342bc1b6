import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { markProcess } from "../../src/cli/process-mark.ts";
import { StartFailure, startServer, type TestServer } from "../server.ts";

let folder: string;
let dataDir: string;
const servers: TestServer[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trackflare-faults-"));
  dataDir = join(folder, "data");
});

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("serves, stops with 0 at each polite signal, and frees folder and port", async () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    const server = await start();
    await expectHealthy(server);
    expect(await server.stop(signal)).toBe(0);
    expect(markProcess(server.workerdPid)).toBeUndefined();
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
  }
});

test("prints where it serves, where the data is, and the lines to paste", async () => {
  const server = await start();
  expect(server.output()).toContain(`export MLFLOW_TRACKING_URI=${server.url}`);
  expect(server.output()).toContain(`mlflow.set_tracking_uri("${server.url}")`);
  expect(server.output()).toContain(dataDir);
});

test("killed alone, Node takes workerd with it, and the next start has the folder, the port and the data", async () => {
  const first = await start();
  const experimentId = await createExperiment(first, "kept");
  await first.kill9();
  const second = await start({ port: Number(new URL(first.url).port) });
  expect(markProcess(first.workerdPid)).toBeUndefined();
  expect(await findExperiment(second, "kept")).toBe(experimentId);
});

test("where even the watchdog was killed, the next start ends the orphan and has the folder, the port and the data", async () => {
  const first = await start();
  const experimentId = await createExperiment(first, "kept");
  const watchdog = execFileSync("pgrep", ["-P", String(first.pid), "sh"], { encoding: "utf8" });
  process.kill(Number(watchdog), "SIGKILL");
  await first.kill9();
  expect(markProcess(first.workerdPid)).toBeDefined();
  const second = await start({ port: Number(new URL(first.url).port) });
  expect(markProcess(first.workerdPid)).toBeUndefined();
  expect(await findExperiment(second, "kept")).toBe(experimentId);
});

test("a copy of the data folder starts beside the original, and ends nothing of its server", async () => {
  const original = await start();
  const experimentId = await createExperiment(original, "kept");
  cpSync(dataDir, join(folder, "copy"), { recursive: true });
  const copy = await start({ dataDir: join(folder, "copy") });
  expect(await findExperiment(copy, "kept")).toBe(experimentId);
  expect(markProcess(original.workerdPid)).toBeDefined();
  await expectHealthy(original);
});

test("a process that has an orphan's id by chance is left alone", async () => {
  const bystander = spawn("sleep", ["600"], { stdio: "ignore" });
  await once(bystander, "spawn");
  mkdirSync(dataDir);
  const { dev, ino } = statSync(dataDir);
  writeFileSync(
    join(dataDir, "server.json"),
    JSON.stringify({
      pid: 1,
      folder: `${dev}:${ino}`,
      runtime: { pid: bystander.pid, born: "workerd 1 another-boot" },
    }),
  );
  await start();
  expect(markProcess(bystander.pid ?? 0)).toBeDefined();
  bystander.kill();
});

test("a crashed workerd comes back on the same port, and ends with Node too", async () => {
  const server = await start();
  process.kill(server.workerdPid, "SIGKILL");
  const health = () => fetch(`${server.url}/health`).then((response) => response.status, String);
  await expect.poll(health, { timeout: 30_000 }).toBe(200);
  const { runtime } = JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8"));
  expect(markProcess(runtime.pid)).toEqual(runtime);
  await server.kill9();
  await expect.poll(() => markProcess(runtime.pid), { timeout: 30_000 }).toBeUndefined();
});

test("a server whose workerd cannot be started again ends with 1 and says so", async () => {
  const server = await start();
  let hasEnded = false;
  void server.ended.then(() => {
    hasEnded = true;
  });
  process.kill(server.workerdPid, "SIGKILL");
  while (!hasEnded) {
    const [replacement] = spawnSync("pgrep", ["-P", String(server.pid), "workerd"], { encoding: "utf8" }).stdout.split(
      "\n",
    );
    if (replacement) spawnSync("kill", ["-9", replacement]);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(await server.ended).toBe(1);
  expect(server.output()).toContain("did not start again");
});

test("of two starts on one folder at once exactly one serves, also after a crash", async () => {
  for (const round of ["new folder", "after a crash"]) {
    const results = await Promise.allSettled([start(), start(), start()]);
    const winners = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    const losers = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    expect(winners, round).toHaveLength(1);
    for (const loser of losers) expect(String(loser)).toContain(`held by another running server`);
    for (const winner of winners) await winner.kill9();
  }
});

test("a held folder is refused with the holder's process and address", async () => {
  const holder = await start();
  const failure = await startFailure({});
  expect(failure.exitCode).toBe(1);
  expect(failure.output).toContain(`process ${holder.pid}, ${holder.url}`);
  const samePort = await startFailure({ port: Number(new URL(holder.url).port) });
  expect(samePort.output).toContain(`process ${holder.pid}, ${holder.url}`);
});

test("a taken port is refused before the folder is made", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const failure = await startFailure({ port });
  other.close();
  expect(failure.exitCode).toBe(1);
  expect(failure.output).toContain(`Port ${port}`);
  expect(failure.output).toContain("--port");
  expect(existsSync(dataDir)).toBe(false);
});

test("a folder that cannot be written is refused by name", async () => {
  writeFileSync(join(folder, "file"), "");
  dataDir = join(folder, "file", "data");
  const failure = await startFailure({});
  expect(failure.exitCode).toBe(1);
  expect(failure.output).toContain(dataDir);
  expect(failure.output).toContain("--data-dir");
});

test("an address that others can reach needs an admin secret", async () => {
  const failure = await startFailure({ args: ["--host", "0.0.0.0"] });
  expect(failure.exitCode).toBe(1);
  expect(failure.output).toContain("TRACKFLARE_ADMIN_PASSWORD");
  expect(failure.output).toContain("TRACKFLARE_ADMIN_TOKEN");
  const server = await start({ args: ["--host", "0.0.0.0"], env: { TRACKFLARE_ADMIN_TOKEN: "a secret of this test" } });
  expect(server.output()).toContain("MLFLOW_TRACKING_TOKEN");
});

async function start(options: Parameters<typeof startServer>[0] = {}): Promise<TestServer> {
  const server = await startServer({ dataDir, ...options });
  servers.push(server);
  return server;
}

async function createExperiment(server: TestServer, name: string): Promise<string> {
  const response = await fetch(`${server.url}/api/2.0/mlflow/experiments/create`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name }),
  });
  const { experiment_id } = (await response.json()) as { experiment_id: string };
  return experiment_id;
}

async function findExperiment(server: TestServer, name: string): Promise<string> {
  const response = await fetch(`${server.url}/api/2.0/mlflow/experiments/get-by-name?experiment_name=${name}`);
  const { experiment } = (await response.json()) as { experiment: { experiment_id: string } };
  return experiment.experiment_id;
}

async function startFailure(options: Parameters<typeof startServer>[0]): Promise<StartFailure> {
  const reason = await start(options).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(reason).toBeInstanceOf(StartFailure);
  return reason as StartFailure;
}

async function expectHealthy(server: TestServer): Promise<void> {
  const response = await fetch(`${server.url}/health`);
  expect([response.status, await response.text()]).toEqual([200, "OK"]);
}
