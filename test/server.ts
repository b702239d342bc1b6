import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const NODE = join(ROOT, "node_modules/node/bin/node");

export interface ServerOptions {
  /** A data folder that stays after the end. Without it, the server gets a new folder, which `stop` or `kill9` deletes. */
  readonly dataDir?: string;
  /** Variables to add to the environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** The port; by default a free one. */
  readonly port?: number;
  /** Further arguments of `trackflare server`. */
  readonly args?: readonly string[];
  /** The client whose calls are recorded, if it does not send its own name: see compatibility/. */
  readonly recordAs?: string;
}

/** A real `trackflare server` in its own process. */
export interface TestServer {
  readonly url: string;
  readonly dataDir: string;
  /** The id of the command's Node process. */
  readonly pid: number;
  /** The id of workerd, the command's child. */
  readonly workerdPid: number;
  /** The output so far: stdout and stderr in order of arrival. */
  output(): string;
  /** Resolves with the exit code when the process has ended. */
  readonly ended: Promise<number | null>;
  /** Sends SIGTERM or another signal, and resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** Kills only the Node process, like the kernel's OOM killer. */
  kill9(): Promise<void>;
}

/** A server that did not start, with its exit code and output. */
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

/** Starts a recording proxy before the server, if the environment asks for one. */
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
