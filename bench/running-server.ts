import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Connection, render } from "./http/connection.ts";
import { treeCpuSeconds, treePssBytes } from "./process-tree.ts";
import { SERVERS, type ServerName } from "./servers.ts";

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 30_000;
const POLL_MS = 10;
/** A server may accept a connection before it can answer. */
const POLL_TIMEOUT_MS = 10_000;

/** Turns off requests for news, which peers send at their start. A measurement should not wait for a network. */
const QUIET = { MLFLOW_DISABLE_TELEMETRY: "true", DO_NOT_TRACK: "true" };

/** A server process on a data folder. It is stopped with everything that it started. */
export class RunningServer {
  readonly name: ServerName;
  readonly port: number;
  /** The time from the start of the process to its first API answer. */
  readonly startMs: number;
  readonly #process: ChildProcess;
  readonly #pid: number;

  /** @param closed whether the server asks for credentials, and whether its folder is filled */
  static async start(
    name: ServerName,
    dataDir: string,
    port: number,
    closed?: { readonly isFilled: boolean },
  ): Promise<RunningServer> {
    const { file, args, env } = await commandOf(name, dataDir, port, closed);
    if ((await statusOf("/health", port)) !== undefined) throw new Error(`another server answers on port ${port}`);
    mkdirSync(dataDir, { recursive: true });
    const logPath = `${dataDir}.log`;
    const log = openSync(logPath, "a");
    const start = performance.now();
    // A separate process group, so that leftover workers can be ended too.
    const child = spawn(file, args, {
      cwd: dataDir,
      detached: true,
      env: { ...process.env, ...QUIET, ...env },
      stdio: ["ignore", log, log],
    });
    try {
      await untilAnswering(
        child,
        name === "ceiling" || closed ? "/health" : "/api/2.0/mlflow/experiments/get?experiment_id=0",
        port,
      );
    } catch (error) {
      if (child.pid !== undefined) endGroup(child.pid);
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${name} did not start: ${reason}\n${readFileSync(logPath, "utf8").slice(-2000)}`);
    }
    return new RunningServer(name, port, performance.now() - start, child);
  }

  private constructor(name: ServerName, port: number, startMs: number, child: ChildProcess) {
    if (child.pid === undefined) throw new Error(`${name} has no process`);
    this.name = name;
    this.port = port;
    this.startMs = startMs;
    this.#process = child;
    this.#pid = child.pid;
  }

  cpuSeconds(): number | undefined {
    return treeCpuSeconds(this.#pid);
  }

  pssBytes(): number | undefined {
    return treePssBytes(this.#pid);
  }

  /** Asks the server to end, and waits until its whole process group has ended. */
  async stop(): Promise<void> {
    this.#process.kill("SIGTERM");
    const deadline = performance.now() + STOP_TIMEOUT_MS;
    while (groupIsAlive(this.#pid)) {
      if (performance.now() > deadline) endGroup(this.#pid);
      await sleep(POLL_MS);
    }
  }
}

async function commandOf(name: ServerName, dataDir: string, port: number, closed?: { readonly isFilled: boolean }) {
  if (closed === undefined) return await SERVERS[name].command(port, dataDir);
  const command = await SERVERS[name].closed?.(port, dataDir, closed.isFilled);
  if (command === undefined) throw new Error(`${name} has no users`);
  return command;
}

async function untilAnswering(child: ChildProcess, path: string, port: number): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  let failure: Error | undefined;
  child.once("error", (error) => {
    failure = error;
  });
  while (performance.now() < deadline) {
    if (failure) throw failure;
    if (child.exitCode !== null) throw new Error(`it ended with exit code ${child.exitCode}`);
    const status = await statusOf(path, port);
    if (status === 200) return;
    await sleep(POLL_MS);
  }
  throw new Error(`no answer within ${START_TIMEOUT_MS / 1000} s`);
}

async function statusOf(path: string, port: number): Promise<number | undefined> {
  try {
    const connection = await Connection.open(port, "", POLL_TIMEOUT_MS);
    try {
      return (await connection.send(render("GET", path, port))).status;
    } finally {
      connection.close();
    }
  } catch {
    return undefined;
  }
}

function groupIsAlive(groupId: number): boolean {
  try {
    process.kill(-groupId, 0);
    return true;
  } catch {
    return false;
  }
}

function endGroup(groupId: number): void {
  try {
    process.kill(-groupId, "SIGKILL");
  } catch {
    // No process of the group is left.
  }
}
