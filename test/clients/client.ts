import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";

export const ROOT = join(import.meta.dirname, "../..");

/** The results of a client's tests. */
export interface Result {
  readonly passed: number;
  readonly failed: number;
}

/** A client that cannot be installed on this machine, and the reason. */
export interface Skip {
  readonly reason: string;
}

/** A client in its own environment. Its tests run against one Trackflare server. */
export interface Client {
  /** The client's name on the command line. */
  readonly name: string;
  /** A description of the client's tests. */
  readonly what: string;
  /** The pinned packages, for the record. */
  versions(): string;
  /** Makes the client's environment if it does not exist. */
  prepare(): Skip | undefined;
  /** Runs the tests against the server at this address, and passes on their output. */
  test(url: string): Result;
}

/** The environment of a client's process: this process's, without the developer's MLflow settings, with the server's address. */
export function environment(url: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(MLFLOW|TRACKFLARE)_/.test(name));
  // A 5xx must fail the test at once, not after minutes of repeating.
  return { ...Object.fromEntries(inherited), MLFLOW_TRACKING_URI: url, MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0" };
}

/** Whether the program is on the PATH and starts. */
export function runs(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}
