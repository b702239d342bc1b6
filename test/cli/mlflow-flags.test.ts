import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { judgeForeignFlags, MLFLOW_FLAGS, nameOf } from "../../src/cli/mlflow-flags.ts";
import { PYTHON } from "../e2e/harness/python.ts";
import { StartFailure, startServer } from "../server.ts";

/** Flags of the release after the installed one (MLflow 3.18). */
const NEWER = new Set(["--artifacts-presigned-only"]);

test("every flag and variable of the installed `mlflow server` has its row", async () => {
  const program = `
import json, click
from mlflow.cli import cli
server = cli.get_command(click.Context(cli), "server")
print(json.dumps([[option.opts, option.envvar] for option in server.params]))`;
  const { stdout } = await promisify(execFile)(PYTHON, ["-c", program]);
  const installed = (JSON.parse(stdout) as [names: string[], variable: string | null][]).map(([names, variable]) => [
    names.find((name) => name.startsWith("--")),
    variable ?? undefined,
  ]);
  const rows = MLFLOW_FLAGS.map(({ flag, variable }) => [nameOf(flag), variable]).filter(
    ([name]) => !NEWER.has(name ?? ""),
  );
  expect(rows).toEqual(installed);
});

test("docs/flags.md has the same rows", () => {
  const docs = readFileSync(join(import.meta.dirname, "../../docs/flags.md"), "utf8");
  const rows = MLFLOW_FLAGS.map(
    ({ flag, variable, state, reason }) =>
      `| \`${nameOf(flag)}\` | ${variable ? `\`${variable}\`` : "–"} | ${state} | ${reason} |`,
  );
  expect(docs.split("\n").filter((line) => line.startsWith("| `--"))).toEqual(rows);
});

test("what is refused says why, as a flag and as a variable; what is off is not given", () => {
  for (const { flag, variable, state, reason } of MLFLOW_FLAGS) {
    const name = nameOf(flag)
      .slice(2)
      .replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    const ways: [Record<string, unknown>, NodeJS.ProcessEnv][] = [[{ [name]: flag.includes("<") ? "x" : true }, {}]];
    if (variable) ways.push([{}, { [variable]: "x" }]);
    for (const [flags, environment] of ways) {
      const judge = () => judgeForeignFlags(flags, environment);
      if (state === "refused")
        expect(judge, flag).toThrow(`${nameOf(flag)}${variable ? ` (${variable})` : ""}: ${reason}.`);
      else if (state === "no effect")
        expect(judge()).toEqual([expect.stringContaining(`Without effect: ${nameOf(flag)}`)]);
      else expect(judge()).toEqual([]);
    }
    if (variable) expect(judgeForeignFlags({}, { [variable]: "" })).toEqual([]);
  }
  expect(judgeForeignFlags({ enableWorkspaces: false }, { MLFLOW_ARTIFACTS_ONLY: "false" })).toEqual([]);
});

test("a line that starts MLflow's server starts this one where it can, and says what it cannot", async () => {
  const args = [
    "--workers",
    "4",
    "--gunicorn-opts",
    "--timeout 60",
    "--serve-artifacts",
    "--x-frame-options",
    "SAMEORIGIN",
  ];
  const server = await startServer({ args });
  try {
    expect(server.output()).toContain("Without effect: --workers (MLFLOW_WORKERS)");
    const page = await fetch(server.url);
    expect(page.headers.get("Content-Security-Policy")).toContain("frame-ancestors 'self'");
  } finally {
    await server.stop();
  }
  const refused = ["--backend-store-uri", "sqlite:///mlflow.db", "--enable-workspaces"];
  const failure = (await startServer({ args: refused }).catch((error: unknown) => error)) as StartFailure;
  expect(failure).toBeInstanceOf(StartFailure);
  expect(failure.exitCode).toBe(1);
  expect(failure.output).toMatch(/--backend-store-uri.*import.*\n.*--enable-workspaces/);
});
