import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { startServer } from "../../server.ts";
import { ROOT, transferReport } from "./command.ts";

const RUNS = 600;
const POINTS = 40;
const EXPERIMENT = "512345678901234567";

function makeFolder(): string {
  const root = mkdtempSync(join(tmpdir(), "trackflare-interrupted-"));
  const folder = join(root, EXPERIMENT);
  mkdirSync(folder);
  writeFileSync(join(folder, "meta.yaml"), `experiment_id: '${EXPERIMENT}'\nname: many\nlifecycle_stage: active\n`);
  const points = Array.from(
    { length: POINTS },
    (_, step) => `${1_700_000_000_000 + step} ${1 / (step + 1)} ${step}\n`,
  ).join("");
  for (let number = 0; number < RUNS; number++) {
    const runId = `${number}`.padStart(32, "0");
    for (const name of ["metrics", "params", "artifacts"]) mkdirSync(join(folder, runId, name), { recursive: true });
    const meta = `run_id: ${runId}\nexperiment_id: '${EXPERIMENT}'\nrun_name: r${number}\nstatus: 3\nuser_id: ada\nlifecycle_stage: active\n`;
    writeFileSync(join(folder, runId, "meta.yaml"), meta);
    writeFileSync(join(folder, runId, "params/lr"), `${number}`);
    writeFileSync(join(folder, runId, "metrics/loss"), points);
  }
  return root;
}

test("an import that is killed in the middle goes on where it was, and every point is there once", async () => {
  const root = makeFolder();
  const server = await startServer();
  const countRuns = async () => {
    const answer = await fetch(`${server.url}/ui-api/runs`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ experiment_ids: [EXPERIMENT], columns: [], count: true, max_results: 1 }),
    });
    return ((await answer.json()) as { total?: number }).total ?? 0;
  };
  try {
    const words = ["import", root, "--to", server.url];
    const node = join(ROOT, "node_modules/node/bin/node");
    const child = spawn(node, [join(ROOT, "src/cli/main.ts"), ...words], { stdio: "ignore" });
    const ended = once(child, "close");
    while ((await countRuns()) === 0 && child.exitCode === null) await sleep(20);
    child.kill("SIGKILL");
    await ended;
    const report = await transferReport(words);
    // The import must have been killed before its end, or this test proves nothing.
    expect(report.runs).toMatchObject({ read: RUNS, failed: 0 });
    expect(report.runs.written).toBeGreaterThan(0);
    expect(await countRuns()).toBe(RUNS);
    for (let number = 0; number < RUNS; number += 7) {
      const runId = `${number}`.padStart(32, "0");
      const answer = await fetch(`${server.url}/api/2.0/mlflow/metrics/get-history?run_id=${runId}&metric_key=loss`);
      const { metrics } = (await answer.json()) as { metrics: { value: number; step: number }[] };
      expect(metrics.map(({ value }) => value)).toEqual(metrics.map(({ step }) => 1 / (step + 1)));
      expect(metrics).toHaveLength(POINTS);
    }
    expect((await transferReport(words)).runs).toMatchObject({ written: 0, skipped: RUNS });
  } finally {
    await server.stop();
    rmSync(root, { recursive: true });
  }
});
