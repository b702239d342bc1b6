// Every test: Vitest in workerd and in Node, then pytest with real MLflow clients. The last line sums them up.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const ROOT = join(import.meta.dirname, "..");
const RESULTS = join(ROOT, "dist/test");
const VENV = join(ROOT, ".venv");
const PYTHON_TESTS = "test/conformance";

/**
 * The newest release: its server is what the differential test asks, and its client runs the tests of {@link NEWEST_TESTS}.
 * Its package needs two others of the same release, which the index lacks, and holds all of them itself: so it is laid
 * over the environment of the clients, whose other packages it needs.
 */
const NEWEST = "mlflow==3.18.0";

/** The tests of what a tracking client does, which both releases of the client run. */
const NEWEST_TESTS = [
  "artifacts",
  "auth_client",
  "batches",
  "datasets",
  "experiments",
  "logged_models",
  "metrics",
  "params_and_tags",
  "registry",
  "runs",
  "search_runs",
].map((name) => `${PYTHON_TESTS}/test_${name}.py`);

/** Runs a program to its end, its output being ours, and says whether it went well. */
function run(command, args, env = {}) {
  return spawnSync(command, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...env } }).status === 0;
}

function newestFolder() {
  return join(VENV, NEWEST.replace("==", "-"));
}

/** The virtual environment's Python, after making it anew if its requirements changed. */
function preparePython() {
  const requirements = join(ROOT, PYTHON_TESTS, "requirements.txt");
  const python = join(VENV, "bin/python");
  const newest = newestFolder();
  const stamp = join(VENV, "requirements.sha256");
  const wanted = createHash("sha256").update(readFileSync(requirements)).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted && existsSync(newest)) return python;
  console.error("Installing the Python packages of the tests…");
  rmSync(VENV, { recursive: true, force: true });
  const isMade = run(findPython(), ["-m", "venv", VENV]);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  const isWhole =
    isMade &&
    run(python, [...pip, "-r", requirements]) &&
    run(python, [...pip, "--no-deps", "--target", newest, NEWEST]);
  if (!isWhole) throw new Error("The Python environment could not be made: see above.");
  writeFileSync(stamp, wanted);
  return python;
}

function findPython() {
  const names = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python"];
  const isNewEnough = (name) =>
    spawnSync(name, ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]).status === 0;
  const found = names.find(isNewEnough);
  if (found === undefined) throw new Error("The tests with real MLflow clients need Python 3.10 or newer on the PATH.");
  return found;
}

/** A skipped test proves nothing, and a suite that fails outside its tests did fail: both count as failed. */
function summary(suite, passed, failed, skipped, isWell) {
  if (skipped > 0) console.error(`${suite}: ${skipped} skipped, counted as failed`);
  const failures = failed + skipped;
  if (!isWell && failures === 0) console.error(`${suite} failed outside its tests: see above`);
  return { passed, failed: isWell || failures > 0 ? failures : 1 };
}

function runVitest() {
  const file = join(RESULTS, "vitest.json");
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const isWell = run(process.execPath, [vitest, "run", "--config", "test/vitest.config.ts"], {
    TRACKFLARE_TEST_RESULTS: file,
  });
  if (!existsSync(file)) return summary("vitest", 0, 0, 0, false);
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(file, "utf8"));
  return summary("vitest", numPassedTests, numFailedTests, numPendingTests + numTodoTests, isWell);
}

/** @param args files or folders, and options; @param env added to the environment */
function runPytest(name, args, env = {}) {
  const file = join(RESULTS, `${name}.xml`);
  let isWell = false;
  try {
    isWell = run(preparePython(), ["-m", "pytest", ...args, "-q", `--junitxml=${file}`], env);
  } catch (error) {
    console.error(error.message);
  }
  if (!existsSync(file)) return summary(name, 0, 0, 0, false);
  const suite = /<testsuite [^>]*>/.exec(readFileSync(file, "utf8"))?.[0] ?? "";
  const count = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = count("failures") + count("errors");
  return summary(name, count("tests") - failed - count("skipped"), failed, count("skipped"), isWell);
}

rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });
// Browsers and bundles are made meanwhile. What fails here fails again in the set-up of the tests that need it, and says why.
const prepared = once(
  spawn(process.execPath, [join(ROOT, "test/prepare.ts")], { cwd: ROOT, stdio: "inherit" }),
  "close",
);
try {
  // Vitest starts MLflow's server from it too.
  preparePython();
} catch (error) {
  console.error(error.message);
}
await prepared;
const results = [
  runVitest(),
  runPytest("pytest", [PYTHON_TESTS]),
  // Of the laid-over package, the interpreter warns that its parts have another release.
  runPytest("pytest-newest", [...NEWEST_TESTS, "--client", NEWEST.split("==")[1]], {
    PYTHONPATH: newestFolder(),
    PYTHONWARNINGS: "ignore",
  }),
];
const sum = (key) => results.reduce((total, result) => total + result[key], 0);
process.exitCode = sum("failed") === 0 ? 0 : 1;
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
