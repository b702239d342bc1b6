import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";

export const ROOT = join(import.meta.dirname, "../..");

/** How a client's tests went. */
export interface Result {
  readonly passed: number;
  readonly failed: number;
}

/** A client that cannot be had on this machine, and why. */
export interface Skip {
  readonly reason: string;
}

/** A client in an environment of its own, whose tests run against one Trackflare server. */
export interface Client {
  /** As on the command line. */
  readonly name: string;
  /** What its tests do. */
  readonly what: string;
  /** The pinned packages, for the record. */
  versions(): string;
  /** Makes its environment where that is not there yet. */
  prepare(): Skip | undefined;
  /** Runs its tests against the server at this address; what they print is passed on. */
  test(url: string): Result;
}

/** The environment of a client's process: ours without the developer's own MLflow settings, and the server's address. */
export function environment(url: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(MLFLOW|TRACKFLARE)_/.test(name));
  // A 5xx must fail the test at once, not after minutes of repeating.
  return { ...Object.fromEntries(inherited), MLFLOW_TRACKING_URI: url, MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0" };
}

/** Whether the program is on the PATH and runs. */
export function runs(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}
