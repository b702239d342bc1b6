// Every test: Vitest in workerd and in Node, then pytest with real MLflow clients. The last line sums them up.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const ROOT = join(import.meta.dirname, "..");
const RESULTS = join(ROOT, "dist/test");
const VENV = join(ROOT, ".venv");
const PYTHON_TESTS = "test/conformance";

/**
 * The release whose server the differential test asks. Its package needs two others of the same release, which the index
 * lacks, and holds all of them itself: so it is laid over the environment of the clients, whose other packages it needs.
 */
const ORACLE = "mlflow==3.18.0";

/** Runs a program to its end, its output being ours, and says whether it went well. */
function run(command, args, env = {}) {
  return spawnSync(command, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...env } }).status === 0;
}

/** The virtual environment's Python, after making it anew if its requirements changed. */
function preparePython() {
  const requirements = join(ROOT, PYTHON_TESTS, "requirements.txt");
  const python = join(VENV, "bin/python");
  const oracle = join(VENV, ORACLE.replace("==", "-"));
  const stamp = join(VENV, "requirements.sha256");
  const wanted = createHash("sha256").update(readFileSync(requirements)).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted && existsSync(oracle)) return python;
  console.error("Installing the Python packages of the tests…");
  rmSync(VENV, { recursive: true, force: true });
  const isMade = run(findPython(), ["-m", "venv", VENV]);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  const isWhole =
    isMade &&
    run(python, [...pip, "-r", requirements]) &&
    run(python, [...pip, "--no-deps", "--target", oracle, ORACLE]);
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

function runPytest() {
  const file = join(RESULTS, "pytest.xml");
  let isWell = false;
  try {
    isWell = run(preparePython(), ["-m", "pytest", PYTHON_TESTS, "-q", `--junitxml=${file}`]);
  } catch (error) {
    console.error(error.message);
  }
  if (!existsSync(file)) return summary("pytest", 0, 0, 0, false);
  const suite = /<testsuite [^>]*>/.exec(readFileSync(file, "utf8"))?.[0] ?? "";
  const count = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = count("failures") + count("errors");
  return summary("pytest", count("tests") - failed - count("skipped"), failed, count("skipped"), isWell);
}

rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });
try {
  // Vitest starts MLflow's server from it too.
  preparePython();
} catch (error) {
  console.error(error.message);
}
const results = [runVitest(), runPytest()];
const sum = (key) => results.reduce((total, result) => total + result[key], 0);
process.exitCode = sum("failed") === 0 ? 0 : 1;
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
