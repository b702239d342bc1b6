import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../../..");
const NODE = join(ROOT, "node_modules/node/bin/node");
export const PYTHON = join(ROOT, ".venv/bin/python");

export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the `trackflare` command to its end. */
export function trackflare(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
  return run(NODE, [join(ROOT, "src/cli/main.ts"), ...args], { env });
}

/** Runs the command with this text on stdin. */
export function trackflareWith(
  input: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<CommandResult> {
  return run(NODE, [join(ROOT, "src/cli/main.ts"), ...args], { env, input });
}

/** The report of a transfer that must end with `exitCode`. */
export async function transferReport(args: readonly string[], exitCode = 0): Promise<TransferReport> {
  const result = await trackflare([...args, "--json"]);
  if (result.exitCode !== exitCode) {
    throw new Error(
      `${args.join(" ")} ended with ${result.exitCode}:\n${result.stdout.slice(0, 4000)}\n${result.stderr}`,
    );
  }
  return JSON.parse(result.stdout);
}

interface Counts {
  readonly read: number;
  readonly written: number;
  readonly skipped: number;
  readonly failed: number;
}

export interface TransferReport {
  readonly experiments: Counts;
  readonly runs: Counts;
  readonly logged_models: Counts;
  readonly registered_models: Counts;
  readonly artifacts: Counts;
  readonly users: Counts;
  readonly roles: Counts;
  readonly grants: Counts;
  readonly points: number;
  readonly problems: readonly { readonly where: string; readonly why: string }[];
  readonly notes: readonly string[];
}

/** Runs a program to its end. */
export async function run(
  command: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string; readonly input?: string } = {},
): Promise<CommandResult> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(options.input);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  await once(child, "close");
  return { exitCode: child.exitCode, stdout, stderr };
}

/** Runs the script with the environment's Python, which must succeed. */
export async function python(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const result = await run(PYTHON, ["-B", script, ...args], { env: { MLFLOW_ALLOW_FILE_STORE: "true", ...env } });
  if (result.exitCode !== 0) throw new Error(`${script} ${args.join(" ")}:\n${result.stderr.slice(-4000)}`);
}
