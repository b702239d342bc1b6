import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../helpers/free-port.ts";
import { ISOLATE_HEAP } from "../isolate-heap.ts";
import { startServer } from "../server.ts";
import { Symbols } from "./symbols.ts";

const ROOT = join(import.meta.dirname, "../..");
const START_TIMEOUT_MS = 180_000;

export interface RunningServer {
  readonly url: string;
  readonly symbols: Symbols;
  readonly stop: () => Promise<unknown>;
}

/** Starts both servers, empty. */
export interface Servers {
  readonly mlflow: RunningServer;
  readonly trackflare: RunningServer;
}

export async function startServers(): Promise<Servers> {
  const starts = [startMlflow(oracle()), startServer({ recordAs: "Differential test", env: ISOLATE_HEAP })] as const;
  try {
    const [mlflow, trackflare] = await Promise.all(starts);
    return {
      mlflow: { ...mlflow, symbols: new Symbols() },
      trackflare: { url: trackflare.url, stop: trackflare.stop, symbols: new Symbols() },
    };
  } catch (error) {
    for (const start of await Promise.allSettled<Pick<RunningServer, "stop">>(starts)) {
      if (start.status === "fulfilled") await start.value.stop();
    }
    throw error;
  }
}

export async function stopServers({ mlflow, trackflare }: Servers): Promise<void> {
  await Promise.all([mlflow.stop(), trackflare.stop()]);
}

/** The release whose answers are the reference. scripts/test.mjs installs it beside the clients' release. */
const ORACLE = join(ROOT, ".venv/mlflow-3.18.0");

/** The command of the {@link ORACLE}, or of the `mlflow` that the variable names. */
function oracle(): MlflowOptions {
  if (process.env.MLFLOW_COMMAND !== undefined) return {};
  if (!existsSync(ORACLE)) {
    throw new Error(`There is no ${ORACLE}: run npm test once, or name an mlflow 3.18.0 in MLFLOW_COMMAND.`);
  }
  // The oracle is one package. It warns of the environment's three packages of an older release.
  const env = { PYTHONPATH: ORACLE, PYTHONWARNINGS: "ignore" };
  return { command: join(ROOT, ".venv/bin/python"), args: ["-m", "mlflow"], env };
}

export interface MlflowOptions {
  /** The folder for the database and artifacts, which stay. Without it, a folder that is deleted with the server. */
  readonly folder?: string;
  /** A database URI in place of a SQLite file in the folder. */
  readonly backendStoreUri?: string;
  /** The path of another version's `mlflow`. */
  readonly command?: string;
  /** Arguments before the command's own. */
  readonly args?: readonly string[];
  /** Flags of `mlflow server`. */
  readonly flags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts the real server that `npm test` installs, or the one that the variable names. */
export async function startMlflow(options: MlflowOptions = {}): Promise<Omit<RunningServer, "symbols">> {
  const command = options.command ?? process.env.MLFLOW_COMMAND ?? join(ROOT, ".venv/bin/mlflow");
  if (!existsSync(command)) {
    throw new Error(`There is no ${command}: run npm test once, or name an mlflow 3.17.2 in MLFLOW_COMMAND.`);
  }
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "mlflow-oracle-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const log = join(folder, "server.log");
  const output = openSync(log, "w");
  const args = [
    ...(options.args ?? []),
    ...["server", "--host", "127.0.0.1", "--port", String(port), "--workers", "1"],
    ...["--backend-store-uri", options.backendStoreUri ?? `sqlite:///${folder}/mlflow.db`],
    ...["--artifacts-destination", `${folder}/mlartifacts`],
    ...(options.flags ?? []),
  ];
  // The job runner starts eight more processes, and no call here needs them.
  const env = { ...process.env, MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false", ...options.env };
  const child = spawn(command, args, { detached: true, cwd: folder, env, stdio: ["ignore", output, output] });
  const ended = once(child, "close").then(() => {
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
  });
  const stop = () => {
    // The server's workers are in its process group.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    return ended;
  };
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await isHealthy(url))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      const said = readFileSync(log, "utf8").slice(-4000);
      await stop();
      throw new Error(`MLflow did not start:\n${said}`);
    }
    await sleep(200);
  }
  return { url, stop };
}

async function isHealthy(url: string): Promise<boolean> {
  return await fetch(`${url}/health`).then(
    (response) => response.ok,
    () => false,
  );
}
