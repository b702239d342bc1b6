import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startServer } from "../../server.ts";
import { trackflare } from "../import/command.ts";

const JOBS = 4;
/** How many points each job logs before the backup starts. A job sends its calls one after the other. */
const POINTS_BEFORE = 40;

interface Point {
  readonly step: number;
  readonly value: number;
}

async function post(url: string, path: string, message: object): Promise<{ run: { info: { run_id: string } } }> {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${url}/api/2.0/mlflow/${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(message),
  });
  expect(answer.status, path).toBe(200);
  return (await answer.json()) as { run: { info: { run_id: string } } };
}

async function history(url: string, runId: string, key: string): Promise<readonly Point[]> {
  const query = `run_id=${runId}&metric_key=${key}&max_results=25000`;
  const answer = await fetch(`${url}/api/2.0/mlflow/metrics/get-history?${query}`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { metrics?: readonly Point[] }).metrics ?? [];
}

test("a backup while jobs log has each run as it was at one moment, with all that was acknowledged before", async () => {
  const folder = mkdtempSync(join(tmpdir(), "trackflare-live-backup-"));
  const server = await startServer();
  let isOver = false;
  const jobs = await Promise.all(
    Array.from({ length: JOBS }, async () => {
      const { run } = await post(server.url, "runs/create", { experiment_id: "0", start_time: 1 });
      return { runId: run.info.run_id, acknowledged: 0 };
    }),
  );
  // One call logs both metrics of a step. A copy with only one of them would show a state that never existed.
  const working = jobs.map(async (job) => {
    for (let step = 0; !isOver; step++) {
      const metrics = ["loss", "acc"].map((key) => ({ key, value: step / 7, timestamp: 1000 + step, step }));
      await post(server.url, "runs/log-batch", { run_id: job.runId, metrics });
      job.acknowledged = step + 1;
    }
  });
  try {
    while (jobs.some(({ acknowledged }) => acknowledged < POINTS_BEFORE))
      await new Promise((done) => setTimeout(done, 10));
    const before = jobs.map(({ acknowledged }) => acknowledged);
    const file = join(folder, "all.tar");
    const made = await trackflare(["backup", file, "--from", server.url]);
    expect(made.exitCode, made.stderr).toBe(0);
    const after = jobs.map(({ acknowledged }) => acknowledged);
    expect(after.every((count, job) => count > before[job]!)).toBe(true);
    isOver = true;
    await Promise.all(working);
    const place = join(folder, "restored");
    const restored = await trackflare(["restore", file, "--to", place]);
    expect(restored.exitCode, restored.stderr).toBe(0);
    const other = await startServer({ dataDir: place });
    try {
      for (const [job, { runId }] of jobs.entries()) {
        const [loss = [], acc = []] = await Promise.all(["loss", "acc"].map((key) => history(other.url, runId, key)));
        expect(loss.map(({ step }) => step)).toEqual(loss.map((_, step) => step));
        expect(loss.map(({ value }) => value)).toEqual(loss.map((_, step) => step / 7));
        expect(acc).toHaveLength(loss.length);
        expect(loss.length).toBeGreaterThanOrEqual(before[job]!);
        expect(loss.length).toBeLessThanOrEqual(after[job]! + 1);
      }
    } finally {
      await other.stop();
    }
  } finally {
    isOver = true;
    await Promise.allSettled(working);
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}, 180_000);
