import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { judgeForeignFlags, MLFLOW_FLAGS, nameOf } from "../../src/cli/mlflow-flags.ts";
import { MLFLOW_VARIABLES } from "../../src/cli/mlflow-variables.ts";
import { PYTHON } from "../e2e/harness/python.ts";
import { StartFailure, startServer } from "../server.ts";

const DOCS = readFileSync(join(import.meta.dirname, "../../docs/flags.md"), "utf8");

/** The flags of a command of MLflow 3.18, as its own command line has them, each with its variable. */
async function flagsOfMlflow(command: string): Promise<[flag: string | undefined, variable: string | undefined][]> {
  const program = `
import json, click, mlflow
from mlflow.cli import cli
assert mlflow.__version__ == "3.18.0", mlflow.__version__
command = cli.get_command(click.Context(cli), "${command}")
print(json.dumps([[option.opts + option.secondary_opts, option.envvar] for option in command.params]))`;
  const env = { ...process.env, PYTHONPATH: join(PYTHON, "../../mlflow-3.18.0"), PYTHONWARNINGS: "ignore" };
  const { stdout } = await promisify(execFile)(PYTHON, ["-c", program], { env });
  const options = JSON.parse(stdout.trim().split("\n").at(-1)!) as [names: string[], variable: string | null][];
  return options.map(([names, variable]) => [names.find((name) => name.startsWith("--")), variable ?? undefined]);
}

test("every flag and variable of `mlflow server` has its row", async () => {
  expect(MLFLOW_FLAGS.map(({ flag, variable }) => [nameOf(flag), variable])).toEqual(await flagsOfMlflow("server"));
});

/** Variables by which clients find and call a server. The server's own jobs and tests are clients too. */
const OF_CLIENTS = ["MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_WORKSPACE"];

test("every variable that MLflow's server reads has its row", async () => {
  const program = `
import json, pathlib, re, mlflow, mlflow.environment_variables as known
folder = pathlib.Path(mlflow.__file__).parent
files = [*folder.glob("server/**/*.py"), *folder.glob("store/db/*.py"), *folder.glob("store/**/sqlalchemy_store.py")]
names = {name for file in files for name in re.findall(r"\\bMLFLOW_[A-Z0-9_]+", file.read_text()) if hasattr(known, name)}
print(json.dumps(sorted(names)))`;
  const env = { ...process.env, PYTHONPATH: join(PYTHON, "../../mlflow-3.18.0"), PYTHONWARNINGS: "ignore" };
  const { stdout } = await promisify(execFile)(PYTHON, ["-c", program], { env });
  const names: string[] = JSON.parse(stdout.trim().split("\n").at(-1)!);
  expect(names).toContain("MLFLOW_ENABLE_WORKSPACES");
  expect(names.filter((name) => !OF_CLIENTS.includes(name) && !DOCS.includes(`\`${name}\``))).toEqual([]);
});

test("every flag of `mlflow gc` has its row", async () => {
  const rows = DOCS.split("\n").filter((line) => line.startsWith("| gc "));
  const told = rows.flatMap((row) => row.split("|")[1]!.match(/--[\w-]+/g) ?? []);
  expect(told.sort()).toEqual((await flagsOfMlflow("gc")).map(([flag]) => flag).sort());
});

test("docs/flags.md has the same rows", () => {
  const rows = MLFLOW_FLAGS.map(
    ({ flag, variable, state, reason }) =>
      `| \`${nameOf(flag)}\` | ${variable ? `\`${variable}\`` : "–"} | ${state} | ${reason} |`,
  );
  expect(DOCS.split("\n").filter((line) => line.startsWith("| `--"))).toEqual(rows);
});

test("docs/flags.md has the same rows of variables, and what is refused or has no effect says so", () => {
  const rows = MLFLOW_VARIABLES.map(({ variable, state, reason }) => `| \`${variable}\` | ${state} | ${reason} |`);
  expect(DOCS.split("\n").filter((line) => /^\| `MLFLOW_\w+` \| (honoured|no effect|refused) /.test(line))).toEqual(
    rows,
  );
  for (const { variable, state, reason } of MLFLOW_VARIABLES) {
    const judge = () => judgeForeignFlags({}, { [variable]: "1" });
    if (state === "refused") expect(judge).toThrow(`${variable}: ${reason}.`);
    else expect(judge()).toEqual(state === "honoured" ? [] : [`Without effect: ${variable}: ${reason}.`]);
    expect(judgeForeignFlags({}, { [variable]: "false" })).toEqual([]);
  }
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
