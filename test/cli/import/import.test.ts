import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMlflow } from "../../differential/servers.ts";
import { startServer, type TestServer } from "../../server.ts";
import { type Answers, answersOf, withoutPlaces } from "./answers.ts";
import { python, transferReport } from "./command.ts";
import { startCountingProxy } from "./counting-proxy.ts";

const SEED = join(import.meta.dirname, "seed.py");
const folder = mkdtempSync(join(tmpdir(), "trackflare-import-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Mlflow = Awaited<ReturnType<typeof startMlflow>>;

/** Imports into a new server, compares its answers with `theirs`, and imports again. */
async function expectImported(
  source: string,
  theirs: Answers,
  options: { readonly args?: readonly string[]; readonly filesMove?: boolean } = {},
): Promise<void> {
  const server: TestServer = await startServer();
  try {
    const words = ["import", source, "--to", server.url, ...(options.args ?? [])];
    const report = await transferReport(words);
    expect(report.runs).toMatchObject({ read: 7, written: 7, failed: 0 });
    const ours = await answersOf(server.url);
    expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
    const equal = options.filesMove === true ? withoutPlaces : (answer: unknown) => answer;
    for (const [question, answer] of theirs) expect(equal(ours.get(question)), question).toEqual(equal(answer));
    const again = await transferReport(words);
    for (const kind of ["experiments", "runs", "logged_models", "registered_models", "artifacts"] as const) {
      expect(again[kind], kind).toMatchObject({ written: 0, skipped: report[kind].read, failed: 0 });
    }
  } finally {
    await server.stop();
  }
}

interface Posted {
  readonly experiment_id: string;
  readonly run: PostedRun;
  readonly runs: readonly PostedRun[];
}

interface PostedRun {
  readonly info: { readonly run_id: string };
  readonly data: { readonly metrics: { readonly key: string; readonly value: number }[] };
}

async function post(url: string, path: string, message: object): Promise<Posted> {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${url}/api/2.0/mlflow/${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(message),
  });
  expect(answer.status, path).toBe(200);
  return (await answer.json()) as Posted;
}

/** @returns the id of a new experiment, whose runs have each metric once. */
async function createSweep(url: string, { runs, metrics }: { runs: number; metrics: number }): Promise<string> {
  const { experiment_id: id } = await post(url, "experiments/create", { name: "sweep" });
  for (let number = 0; number < runs; number++) {
    const { run } = await post(url, "runs/create", { experiment_id: id, start_time: 1_700_000_000_000 + number });
    const points = Array.from({ length: metrics }, (_, metric) => ({
      ...{ key: `m${metric}`, value: number / (metric + 1), timestamp: 1_700_000_000_000, step: metric },
    }));
    await post(url, "runs/log-batch", { run_id: run.info.run_id, metrics: points });
  }
  return id;
}

async function metricsOf(url: string, experimentId: string): Promise<unknown[]> {
  const { runs } = await post(url, "runs/search", { experiment_ids: [experimentId], max_results: 1000 });
  const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);
  return runs.map((run) => [run.info.run_id, run.data.metrics.sort(byKey)]);
}

describe("from MLflow with a database", () => {
  let theirs: Answers;
  let mlflow: Mlflow;

  beforeAll(async () => {
    mlflow = await startMlflow({ folder });
    await python(SEED, [mlflow.url]);
    theirs = await answersOf(mlflow.url);
  });
  afterAll(() => mlflow?.stop());

  test("its SQLite file: nothing differs, and a second import writes nothing", async () => {
    await expectImported(join(folder, "mlflow.db"), theirs);
  });

  test("the server itself: nothing differs, and a second import writes nothing", async () => {
    await expectImported(mlflow.url, theirs);
  });

  test("a metric of many runs takes one request, however many runs have it", async () => {
    const id = await createSweep(mlflow.url, { runs: 60, metrics: 5 });
    const proxy = await startCountingProxy(mlflow.url);
    const server = await startServer();
    try {
      const report = await transferReport(["import", proxy.url, "--to", server.url]);
      expect(report.runs).toMatchObject({ read: 67, written: 67, failed: 0 });
      // The counts are of the sweep. The other experiments have few runs with other metrics.
      expect(proxy.count("/ajax-api/2.0/mlflow/metrics/get-history-bulk")).toBeLessThanOrEqual(20);
      expect(proxy.count("/api/2.0/mlflow/metrics/get-history")).toBeLessThan(60);
      const [theirs, ours] = await Promise.all([mlflow.url, server.url].map((url) => metricsOf(url, id)));
      expect(ours).toEqual(theirs);
      expect(ours).toHaveLength(60);
    } finally {
      await Promise.all([proxy.stop(), server.stop()]);
    }
  });
});

describe("from MLflow's file store", () => {
  let theirs: Answers;
  const mlruns = join(folder, "files/mlruns");

  beforeAll(async () => {
    await python(SEED, [`file:${mlruns}`]);
    const mlflow = await startMlflow({
      folder: join(folder, "files"),
      backendStoreUri: `file:${mlruns}`,
      env: { MLFLOW_ALLOW_FILE_STORE: "true" },
    });
    theirs = await answersOf(mlflow.url);
    await mlflow.stop();
  });

  test("the folder: nothing differs but where the files lie, and a second import writes nothing", async () => {
    await expectImported(join(folder, "files"), theirs, { filesMove: true });
  });
});
