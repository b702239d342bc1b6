import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const NODE = join(ROOT, "node_modules/node/bin/node");

export interface ServerOptions {
  /** Kept after the end. Without one, the server gets a folder of its own that goes with `stop` or `kill9`. */
  readonly dataDir?: string;
  /** Added to the environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** By default a free one. */
  readonly port?: number;
  /** Further arguments of `trackflare server`. */
  readonly args?: readonly string[];
  /** The client that what is called is recorded for, where it does not say itself which it is: see compatibility/. */
  readonly recordAs?: string;
}

/** A real `trackflare server` of its own process. */
export interface TestServer {
  readonly url: string;
  readonly dataDir: string;
  /** Of the command's Node process. */
  readonly pid: number;
  /** Of workerd, its child. */
  readonly workerdPid: number;
  /** What it printed so far, stdout and stderr as they came. */
  output(): string;
  /** Its exit code, once it has ended, by itself or not. */
  readonly ended: Promise<number | null>;
  /** Asks it to stop, by SIGTERM or another signal, and resolves with its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** Kills the Node process alone, as the kernel's memory killer would. */
  kill9(): Promise<void>;
}

/** A server that did not start: how it ended and what it said. */
export class StartFailure extends Error {
  readonly exitCode: number | null;
  readonly output: string;

  constructor(exitCode: number | null, output: string) {
    super(`The server ended with ${exitCode}:\n${output}`);
    this.exitCode = exitCode;
    this.output = output;
  }
}

/**
 * Starts the command and waits until it serves.
 * @throws {StartFailure} if it ends instead.
 */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "trackflare-test-"));
  const args = ["server", "--port", String(options.port ?? 0), "--data-dir", dataDir, ...(options.args ?? [])];
  const child = spawn(NODE, [join(ROOT, "src/cli/main.ts"), ...args], {
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close").then(() => {
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    return child.exitCode;
  });
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    const onData = (chunk: Buffer) => {
      output += chunk.toString();
      const printed = /^ *export MLFLOW_TRACKING_URI=(\S+)$/m.exec(output)?.[1];
      if (printed !== undefined) resolve(printed);
    };
    child.stdout.on("data", onData);
    child.stderr.on("data", onData);
    void ended.then((exitCode) => reject(new StartFailure(exitCode, output)));
  });
  const recorder = await recorderOf(url, options.recordAs);
  const workerdPid: number = JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8")).runtime.pid;
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return ended;
  };
  void ended.then(() => recorder?.process.kill());
  return {
    url: recorder?.url ?? url,
    dataDir,
    pid: processId(child),
    workerdPid,
    ended,
    output: () => output,
    stop: (signal = "SIGTERM") => end(signal),
    kill9: async () => {
      await end("SIGKILL");
    },
  };
}

/** Stands before the server where the environment asks for a record of what clients call. */
async function recorderOf(url: string, client: string | undefined) {
  const folder = process.env.COMPATIBILITY_RECORDING;
  if (folder === undefined) return undefined;
  const args = [join(ROOT, "test/compatibility/recorder.ts"), url, folder, ...(client === undefined ? [] : [client])];
  const recorder = spawn(NODE, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(recorder.stdout, "data")) as [Buffer];
  return { process: recorder, url: line.toString().trim() };
}

function processId(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error("The process has no id");
  return child.pid;
}
