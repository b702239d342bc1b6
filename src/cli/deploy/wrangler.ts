import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ROOT } from "../source-build.ts";

export interface WranglerResult {
  readonly status: number | null;
  readonly stdout: string;
  /** Everything that it printed, in order. */
  readonly output: string;
}

/**
 * Runs this clone's wrangler to its end. Its `[build]` command needs the pinned Node, so that Node comes first in PATH.
 * @param env in addition to this process's environment
 */
export async function wrangler(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<WranglerResult> {
  const child = spawn(process.execPath, [join(ROOT, "node_modules/wrangler/bin/wrangler.js"), ...args], {
    cwd: ROOT,
    env: {
      ...process.env,
      PATH: `${join(ROOT, "node_modules/.bin")}:${process.env.PATH ?? ""}`,
      // No questions: the steps before have answered them.
      CI: "true",
      WRANGLER_HIDE_BANNER: "true",
      WRANGLER_SEND_METRICS: "false",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    output += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await once(child, "close");
  return { status: child.exitCode, stdout, output };
}
