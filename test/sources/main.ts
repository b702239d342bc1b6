/*
 * Imports from what `npm test` does not start: MLflow on PostgreSQL and MariaDB of this machine's packages, by the database's URL,
 * and servers of MLflow 1.30 and 2.8. `npm run test:sources -- [name…]`, all of them without a name. What a machine cannot
 * install is skipped, and said with its reason. The last line sums up. Needs the network once.
 *
 *   apt-get install postgresql mariadb-server
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { answersOf, withoutPlaces } from "../cli/import/answers.ts";
import { python, ROOT, run, transferReport } from "../cli/import/command.ts";
import { pythonClient } from "../clients/python.ts";
import type { Json, JsonObject } from "../differential/json.ts";
import { startMlflow } from "../differential/servers.ts";
import { startServer } from "../server.ts";
import { type DatabaseServer, startMariadb, startPostgresql } from "./databases.ts";

const SEED = join(import.meta.dirname, "../cli/import/seed.py");
const DRIVERS = join(ROOT, ".venv/sql-drivers");

/** @returns why the source was skipped, if it was */
type Check = () => Promise<string | undefined>;

const SOURCES: Readonly<Record<string, Check>> = {
  postgresql: () => checkDatabase(startPostgresql),
  mariadb: () => checkDatabase(startMariadb),
  "mlflow-1.30.1": () => checkOlder("mlflow-1.30.1"),
  "mlflow-2.8.1": () => checkOlder("mlflow-2.8.1"),
};

async function checkDatabase(start: () => Promise<DatabaseServer | undefined>): Promise<string | undefined> {
  const database = await start();
  if (database === undefined) return "its package is not installed";
  const folder = mkdtempSync(join(tmpdir(), "trackflare-source-"));
  try {
    if (!existsSync(DRIVERS)) {
      const packages = ["psycopg2-binary==2.9.13", "PyMySQL==1.2.4"];
      const words = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", DRIVERS, ...packages];
      execFileSync(join(ROOT, ".venv/bin/python"), words, { stdio: "inherit" });
    }
    const mlflow = await startMlflow({ folder, backendStoreUri: database.url, env: { PYTHONPATH: DRIVERS } });
    try {
      await python(SEED, [mlflow.url]);
      const from = ["--artifacts-from", join(folder, "mlartifacts")];
      await checkImport([database.url, ...from], mlflow.url, 7);
    } finally {
      await mlflow.stop();
    }
  } finally {
    await database.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return undefined;
}

async function checkOlder(name: string): Promise<string | undefined> {
  const pythons = ["python3.10", "python3.9"];
  const skip = pythonClient({ name, what: "", tests: "", pythons }).prepare();
  if (skip !== undefined) return skip.reason;
  const home = join(ROOT, `.venv-client-${name}/bin`);
  const folder = mkdtempSync(join(tmpdir(), "trackflare-source-"));
  const env = { PATH: `${home}:${process.env.PATH}`, GIT_PYTHON_REFRESH: "quiet" };
  const mlflow = await startMlflow({ folder, command: join(home, "mlflow"), flags: ["--serve-artifacts"], env });
  try {
    const seeded = await run(join(home, "python"), ["-B", join(import.meta.dirname, "seed_old.py"), mlflow.url], {
      env,
    });
    assert.equal(seeded.exitCode, 0, seeded.stderr);
    await checkImport([mlflow.url], mlflow.url, 6);
    await checkImport([join(folder, "mlflow.db")], mlflow.url, 6);
  } finally {
    await mlflow.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return undefined;
}

/** Imports into a new server, asks both the same questions, and imports again. */
async function checkImport(source: readonly string[], mlflowUrl: string, runs: number): Promise<void> {
  const theirs = await answersOf(mlflowUrl);
  const server = await startServer();
  try {
    const words = ["import", ...source, "--to", server.url];
    const report = await transferReport(words);
    assert.deepEqual([report.runs.read, report.runs.written, report.runs.failed], [runs, runs, 0]);
    assert.ok(report.artifacts.written > 0);
    const ours = await answersOf(server.url);
    for (const [question, answer] of theirs) {
      // What the older version does not tell, nobody can compare.
      assert.deepEqual(
        onlyTold(withoutPlaces(ours.get(question)), withoutPlaces(answer)),
        withoutPlaces(answer),
        question,
      );
    }
    const again = await transferReport(words);
    assert.deepEqual([again.runs.written, again.artifacts.written, again.registered_models.written], [0, 0, 0]);
  } finally {
    await server.stop();
  }
}

/** The fields of an answer that the other answer has too. */
function onlyTold(ours: unknown, theirs: unknown): unknown {
  if (Array.isArray(ours) && Array.isArray(theirs)) {
    return ours.map((item, index) => onlyTold(item, theirs[index] as Json));
  }
  if (typeof ours !== "object" || ours === null || typeof theirs !== "object" || theirs === null) return ours;
  const told = theirs as JsonObject;
  const fields = Object.entries(ours).filter(([name]) => name in told);
  return Object.fromEntries(fields.map(([name, field]) => [name, onlyTold(field, told[name])]));
}

const names = process.argv.slice(2);
const unknown = names.find((name) => !(name in SOURCES));
if (unknown !== undefined) throw new Error(`No source "${unknown}"; there are ${Object.keys(SOURCES).join(", ")}`);
let [passed, failed] = [0, 0];
for (const [name, check] of Object.entries(SOURCES)) {
  if (names.length > 0 && !names.includes(name)) continue;
  try {
    const skipped = await check();
    if (skipped === undefined) passed++;
    console.log(`${name}: ${skipped === undefined ? "nothing differs" : `skipped: ${skipped}`}`);
  } catch (error) {
    failed++;
    console.error(`${name}:`, error);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
