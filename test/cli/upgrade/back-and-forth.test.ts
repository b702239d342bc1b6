import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { workerBundle } from "../../../src/cli/worker-bundle.ts";
import { freePort } from "../../helpers/free-port.ts";
import { ROOT } from "../import/command.ts";

/*
 * fixtures/985f118.worker.tgz is the Worker of that release, as its own command bundled it (`workerBundle` of
 * src/cli/worker-bundle.ts in a clone of that commit), without the source map.
 */

const RELEASE = "985f118";
const folder = mkdtempSync(join(tmpdir(), "trackflare-forth-"));
const older = join(folder, "older");
const dataDir = join(folder, "data");
let port: number;
let newer: string;

beforeAll(async () => {
  for (const path of [older, dataDir]) mkdirSync(path);
  const fixture = join(import.meta.dirname, `fixtures/${RELEASE}.worker.tgz`);
  execFileSync("tar", ["-xzf", fixture, "-C", older]);
  newer = (await workerBundle()).path;
  port = await freePort();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** @returns a function that ends the server */
async function serve(bundle: string): Promise<() => Promise<void>> {
  const node = join(ROOT, "node_modules/node/bin/node");
  const script = join(import.meta.dirname, "serve-bundle.ts");
  const child = spawn(node, [script, bundle, dataDir, String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  const isOver = ended.then(() => ["The server ended before it served"]);
  const [line] = (await Promise.race([once(child.stdout, "data"), isOver])) as [Buffer | string];
  expect(String(line)).toContain("serves");
  return async () => {
    child.kill("SIGTERM");
    await ended;
  };
}

/**
 * Repeats a call until it is answered with 200, as MLflow's clients do while a server is replaced.
 * @param onAnswer called for each answer
 */
async function call(path: string, message: object, onAnswer = () => {}): Promise<Record<string, never>> {
  const headers = { "Content-Type": "application/json" };
  for (;;) {
    try {
      const url = `http://127.0.0.1:${port}/api/2.0/mlflow/${path}`;
      const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(message) });
      const text = await answer.text();
      onAnswer();
      if (answer.ok) return JSON.parse(text);
      if (answer.status < 500) throw new Error(`${path}: ${answer.status} ${text}`);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    await sleep(50);
  }
}

test("a job logs while the previous release and this one take turns on one data folder, and nothing is lost", async () => {
  const acknowledged: number[] = [];
  let isOver = false;
  /**
   * Answers to the job. The older release cannot read a history that this release has packed. So it answers the job with a 500,
   * and the job repeats the call until this release serves again.
   */
  let answers = 0;
  const moreAnswers = async (count: number) => {
    for (const until = answers + count; answers < until; ) await sleep(20);
  };
  let stop = await serve(older);
  const { run } = (await call("runs/create", { experiment_id: "0", start_time: 1 })) as unknown as {
    run: { info: { run_id: string } };
  };
  const runId = run.info.run_id;
  const job = (async () => {
    for (let step = 0; !isOver; step++) {
      const metrics = ["loss", "acc"].map((key) => ({ key, value: step / 3, timestamp: 1000 + step, step }));
      const message = { run_id: runId, metrics, params: step === 30 ? [{ key: "late", value: "1" }] : [] };
      await call("runs/log-batch", message, () => {
        answers++;
      });
      acknowledged.push(step);
    }
  })();
  const shortRuns: string[] = [];
  // Older, newer, older and newer release in turn. The second turn of the older release meets the new schema.
  for (const next of [newer, older, newer]) {
    await moreAnswers(25);
    const short = (await call("runs/create", { experiment_id: "0", start_time: 2 })) as unknown as typeof run & {
      run: typeof run;
    };
    shortRuns.push(short.run.info.run_id);
    await call("runs/log-batch", {
      run_id: shortRuns.at(-1),
      metrics: [{ key: "once", value: 1, timestamp: 1, step: 0 }],
    });
    await stop();
    stop = await serve(next);
  }
  await moreAnswers(25);
  isOver = true;
  await job;
  try {
    const api = `http://127.0.0.1:${port}/api/2.0/mlflow`;
    for (const key of ["loss", "acc"]) {
      const answer = await fetch(`${api}/metrics/get-history?run_id=${runId}&metric_key=${key}&max_results=25000`);
      const { metrics } = (await answer.json()) as { metrics: { step: number; value: number }[] };
      expect(metrics.map(({ step }) => step)).toEqual(acknowledged);
      expect(metrics.map(({ value }) => value)).toEqual(acknowledged.map((step) => step / 3));
    }
    const last = acknowledged.at(-1)!;
    const found = (await call("runs/search", {
      experiment_ids: ["0"],
      filter: `metrics.loss = ${last / 3} AND params.late = '1'`,
    })) as unknown as { runs: { info: { run_id: string } }[] };
    expect(found.runs.map(({ info }) => info.run_id)).toEqual([runId]);
    const short = (await call("runs/search", {
      experiment_ids: ["0"],
      filter: "metrics.once = 1",
    })) as unknown as typeof found;
    expect(short.runs.map(({ info }) => info.run_id).sort()).toEqual(shortRuns.sort());
  } finally {
    await stop();
  }
}, 240_000);
