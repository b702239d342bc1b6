import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { startServer } from "../../server.ts";
import { transferReport } from "./command.ts";

const RUN_ID = "a".repeat(32);

type Row = readonly [key: string, value: number, timestamp: bigint, step: bigint, isNan: 0 | 1];

/** Points as a table may have them: those of several metrics mixed, and not in order. */
const ROWS: readonly Row[] = [
  ["loss", 0.25, 3n, 3n, 0],
  ["acc", 0.1, 1n, 1n, 0],
  ["loss", 1 / 3, 1n, 1n, 0],
  ["loss", 0, 2n, 2n, 1],
  ["loss", 5e-324, 2n, -1n, 0],
  ["acc", 0.2, 9_007_199_254_740_993n, 9_007_199_254_740_995n, 0],
  ["loss", 0.125, 3n, 3n, 0],
  ["loss", -1, 2n, 2n, 0],
];

function writeMetrics(db: DatabaseSync, rows: readonly Row[]): void {
  db.exec("DELETE FROM metrics");
  const insert = db.prepare("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)");
  for (const [key, value, timestamp, step, isNan] of rows) insert.run(RUN_ID, key, value, timestamp, step, isNan);
}

/** A database with one run, as far as the import needs its tables and columns. */
function databaseWithRun(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  db.exec(`
    CREATE TABLE experiments (experiment_id INTEGER, name TEXT, artifact_location TEXT, lifecycle_stage TEXT);
    CREATE TABLE runs (run_uuid TEXT, experiment_id INTEGER, status TEXT, lifecycle_stage TEXT, artifact_uri TEXT);
    CREATE TABLE metrics (run_uuid TEXT, key TEXT, value REAL, timestamp INTEGER, step INTEGER, is_nan INTEGER);
    CREATE TABLE params (run_uuid TEXT, key TEXT, value TEXT);
    CREATE TABLE tags (run_uuid TEXT, key TEXT, value TEXT);
    INSERT INTO experiments VALUES (7, 'seven', 's3://bucket/7', 'active');
    INSERT INTO runs VALUES ('${RUN_ID}', 7, 'FINISHED', 'active', 's3://bucket/7/${RUN_ID}/artifacts');`);
  return db;
}

test("points arrive to the bit in whatever order the table has them, and another order is not another content", async () => {
  const folder = mkdtempSync(join(tmpdir(), "trackflare-database-"));
  const path = join(folder, "mlflow.db");
  const db = databaseWithRun(path);
  writeMetrics(db, ROWS);
  const server = await startServer();
  try {
    const words = ["import", path, "--to", server.url];
    expect(await transferReport(words)).toMatchObject({ runs: { read: 1, written: 1 }, points: ROWS.length });
    const history = async (key: string) => {
      const answer = await fetch(`${server.url}/api/2.0/mlflow/metrics/get-history?run_id=${RUN_ID}&metric_key=${key}`);
      return [...(await answer.text()).matchAll(/"value":"?([^",]+)"?,"timestamp":(-?\d+),"step":(-?\d+)/g)].map(
        ([, value, timestamp, step]) => [Number(value), timestamp, step],
      );
    };
    expect(await history("loss")).toEqual([
      [1 / 3, "1", "1"],
      [5e-324, "2", "-1"],
      [-1, "2", "2"],
      [Number.NaN, "2", "2"],
      [0.125, "3", "3"],
      [0.25, "3", "3"],
    ]);
    expect(await history("acc")).toEqual([
      [0.1, "1", "1"],
      [0.2, "9007199254740993", "9007199254740995"],
    ]);
    writeMetrics(db, ROWS.toReversed());
    expect((await transferReport(words)).runs).toMatchObject({ written: 0, skipped: 1 });
    writeMetrics(db, ROWS.with(0, ["loss", 0.2500001, 3n, 3n, 0]));
    expect((await transferReport(words)).runs).toMatchObject({ written: 1, skipped: 0 });
  } finally {
    db.close();
    await server.stop();
    rmSync(folder, { recursive: true });
  }
});

test("a run with very many metrics, and a prompt whose versions are larger than a request, arrive whole", async () => {
  const folder = mkdtempSync(join(tmpdir(), "trackflare-database-"));
  const path = join(folder, "mlflow.db");
  const db = databaseWithRun(path);
  const metrics = 30_000;
  const versions = 90;
  const textBytes = 100_000;
  db.exec(`
    CREATE TABLE registered_models (name TEXT);
    CREATE TABLE registered_model_aliases (name TEXT, alias TEXT, version INTEGER);
    CREATE TABLE model_versions (name TEXT, version INTEGER, current_stage TEXT, source TEXT);
    CREATE TABLE model_version_tags (name TEXT, version INTEGER, key TEXT, value TEXT);
    INSERT INTO registered_models VALUES ('prompt');
    INSERT INTO registered_model_aliases VALUES ('prompt', 'first', 1), ('prompt', 'last', ${versions});
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${versions})
    INSERT INTO model_versions SELECT 'prompt', i, 'None', 'prompt-template' FROM n;
    INSERT INTO model_version_tags
      SELECT name, version, 'mlflow.prompt.text', printf('%0${textBytes}d', version) FROM model_versions;
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${metrics})
    INSERT INTO metrics SELECT '${RUN_ID}', printf('metric %06d', i), i, 1, 0, 0 FROM n;`);
  db.close();
  const server = await startServer();
  try {
    const words = ["import", path, "--to", server.url];
    expect(await transferReport(words)).toMatchObject({
      points: metrics,
      runs: { written: 1, failed: 0 },
      registered_models: { written: 1, failed: 0 },
    });
    const ask = async (path: string) => (await fetch(`${server.url}/api/2.0/mlflow/${path}`)).json();
    const { run } = (await ask(`runs/get?run_id=${RUN_ID}`)) as { run: { data: { metrics: { value: number }[] } } };
    expect(run.data.metrics.map(({ value }) => value).sort((a, b) => a - b)).toEqual(
      Array.from({ length: metrics }, (_, index) => index + 1),
    );
    for (const [alias, version] of [
      ["first", 1],
      ["last", versions],
    ] as const) {
      const { model_version } = (await ask(`registered-models/alias?name=prompt&alias=${alias}`)) as {
        model_version: { version: string; tags: { value: string }[] };
      };
      expect(model_version.version).toBe(String(version));
      expect(model_version.tags[0]?.value).toBe(String(version).padStart(textBytes, "0"));
    }
    expect(await transferReport(words)).toMatchObject({ runs: { skipped: 1 }, registered_models: { skipped: 1 } });
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
});
