import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { type Client, environment, type Result, ROOT, runs, type Skip } from "./client.ts";

const TESTS = join(import.meta.dirname, "python");
const ERAS = join(ROOT, "test/conformance/eras");
const RESULTS = join(ROOT, "dist/test");

interface PythonClient {
  readonly name: string;
  readonly what: string;
  /** The test file's name, without its ending. */
  readonly tests: string;
  /** Python versions in order of preference. The packages have wheels for these versions. */
  readonly pythons: readonly string[];
  /** A program that the packages start, with arguments that test whether it exists. */
  readonly needs?: readonly [program: string, ...args: string[]];
}

/** A client of `python/requirements-<name>.txt`. pytest tests it in an environment that later runs reuse. */
export function pythonClient({ name, what, tests, pythons, needs }: PythonClient): Client {
  const requirements = join(TESTS, `requirements-${name}.txt`);
  const home = join(ROOT, `.venv-client-${name}`);
  const python = join(home, "bin/python");
  const stamp = join(home, "requirements.sha256");
  const text = readFileSync(requirements, "utf8");
  const wanted = createHash("sha256").update(text).digest("hex");

  function prepare(): Skip | undefined {
    if (needs !== undefined && !runs(...needs)) return { reason: `no ${needs[0]} on the PATH` };
    if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return undefined;
    const base = pythons.find((candidate) => runs(candidate, "-c", ""));
    if (base === undefined) return { reason: `none of ${pythons.join(", ")} on the PATH` };
    rmSync(home, { recursive: true, force: true });
    const steps = [
      [base, "-m", "venv", home],
      [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements],
    ] as const;
    for (const [program, ...args] of steps) {
      const done = spawnSync(program, args, { encoding: "utf8" });
      if (done.status !== 0) return { reason: `does not install: ${done.stderr.trim().split("\n").at(-1)}` };
    }
    writeFileSync(stamp, wanted);
    return undefined;
  }

  function test(url: string): Result {
    const report = join(RESULTS, `client-${name}.xml`);
    mkdirSync(RESULTS, { recursive: true });
    rmSync(report, { force: true });
    const options = ["-q", "-p", "no:cacheprovider", `--junitxml=${report}`];
    const pytest = spawnSync(python, ["-B", "-m", "pytest", ...options, join(TESTS, `${tests}.py`)], {
      env: {
        ...environment(url),
        PATH: [join(home, "bin"), process.env.PATH].join(delimiter),
        PYTHONPATH: ERAS,
        MPLBACKEND: "agg",
        GIT_PYTHON_REFRESH: "quiet",
      },
      stdio: ["ignore", "inherit", "inherit"],
    });
    const suite = existsSync(report) ? /<testsuite [^>]*>/.exec(readFileSync(report, "utf8"))?.[0] : undefined;
    const count = (attribute: string) => Number(new RegExp(`\\b${attribute}="(\\d+)"`).exec(suite ?? "")?.[1] ?? 0);
    // A skipped test proves nothing. A suite that fails outside its tests counts as failed.
    const failed = count("failures") + count("errors") + count("skipped");
    return { passed: count("tests") - failed, failed: pytest.status === 0 ? failed : Math.max(failed, 1) };
  }

  const pins = text.split("\n").filter((line) => line.includes("==") && !line.startsWith("pytest"));
  return { name, what, versions: () => pins.map((pin) => pin.replace("==", " ")).join(", "), prepare, test };
}
