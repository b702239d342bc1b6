import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";

const ROOT = join(import.meta.dirname, "../../..");

/** The command of the real server that `npm test` installs, or the command that `MLFLOW_COMMAND` names. */
export const MLFLOW_COMMAND = process.env.MLFLOW_COMMAND ?? join(ROOT, ".venv/bin/mlflow");

/** The Python interpreter with the real client. */
export const PYTHON = join(dirname(MLFLOW_COMMAND), "python");

/**
 * Runs a program with the real Python client against a server. @returns its output, which is JSON
 * @param env variables in addition to those of every program
 * @throws Error with the program's stderr if it fails
 */
export async function runPython(file: string, trackingUri: string, env: NodeJS.ProcessEnv = {}): Promise<unknown> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("MLFLOW_"));
  const { stdout } = await promisify(execFile)(PYTHON, [file], {
    env: {
      ...Object.fromEntries(inherited),
      MLFLOW_TRACKING_URI: trackingUri,
      MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0",
      MLFLOW_DISABLE_TELEMETRY: "true",
      MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT: "true",
      MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: "false",
      GIT_PYTHON_REFRESH: "quiet",
      ...env,
    },
  });
  return JSON.parse(stdout);
}

/** The folder of an installed Python package, without importing it. */
export async function packageFolder(name: string): Promise<string> {
  const program = `import importlib.util; print(importlib.util.find_spec("${name}").submodule_search_locations[0])`;
  const { stdout } = await promisify(execFile)(PYTHON, ["-c", program]);
  return stdout.trim();
}
