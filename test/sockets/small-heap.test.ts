import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { experiment, idOf, measurePeaks, run, SmallHeapServer } from "./small-heap.ts";

/* Answers that grow with the number of runs and points, from a server with 128 MB. */

const EXPERIMENT = "512345678901234567";
const WIDE_RUNS = 1000;
const METRICS_OF_WIDE_RUN = 500;
const LONG_RUN = "f".repeat(32);
const POINTS = 1_000_000;
const POINTS_PER_REQUEST = 100_000;
const LONG_RUN_EXPERIMENT = "512345678901234569";
const MANY_RUNS_EXPERIMENT = "512345678901234568";
const MANY_RUNS = 50_000;

const dataDir = mkdtempSync(join(tmpdir(), "trackflare-small-heap-"));
let server: SmallHeapServer;

beforeAll(async () => {
  server = await SmallHeapServer.start(dataDir);
  await server.write("experiments", [EXPERIMENT, LONG_RUN_EXPERIMENT, MANY_RUNS_EXPERIMENT].map(experiment));
  await seedWideRuns();
  await seedLongSeries();
  await seedManyRuns();
}, 600_000);
afterAll(async () => {
  await server.stop();
  rmSync(dataDir, { recursive: true });
});
measurePeaks(() => server);

/** 44 MB of runs. */
async function seedWideRuns(): Promise<void> {
  const ids = Array.from({ length: WIDE_RUNS }, (_, i) => idOf("a", i));
  await server.write(
    "runs",
    ids.map((id) => run(id, EXPERIMENT)),
  );
  const metrics = Array.from({ length: METRICS_OF_WIDE_RUN }, (_, i) => ({
    key: `metric-${String(i).padStart(4, "0")}`,
    timestamps: [1_700_000_000_000],
    steps: [1],
    values: [i / 7],
  }));
  // The number of points that `trackflare import` sends at a time.
  for (let from = 0; from < ids.length; from += 40) {
    await server.write(
      "points",
      ids.slice(from, from + 40).map((id) => ({ run_id: id, metrics })),
    );
  }
}

/** 75 MB as JSON. */
async function seedLongSeries(): Promise<void> {
  await server.write("runs", [run(LONG_RUN, LONG_RUN_EXPERIMENT)]);
  for (let from = 0; from < POINTS; from += POINTS_PER_REQUEST) {
    const steps = Array.from({ length: POINTS_PER_REQUEST }, (_, i) => from + i);
    const timestamps = steps.map((step) => 1_700_000_000_000 + step * 1000);
    const values = steps.map((step) => Math.sin(step));
    await server.write("points", [{ run_id: LONG_RUN, metrics: [{ key: "loss", timestamps, steps, values }] }]);
  }
}

async function seedManyRuns(): Promise<void> {
  for (let from = 0; from < MANY_RUNS; from += 1000) {
    const more = { params: [{ key: "lr", value: "0.1" }], tags: [{ key: "mlflow.user", value: "ada" }] };
    const ids = Array.from({ length: 1000 }, (_, i) => idOf("b", from + i));
    await server.write(
      "runs",
      ids.map((id) => run(id, MANY_RUNS_EXPERIMENT, more)),
    );
  }
}

const API = "/api/2.0/mlflow";
const HISTORY = `run_id=${LONG_RUN}&metric_key=loss`;

test.each<[what: string, path: string, part: string, count: number, body?: object]>([
  ["a page of a million points", `${API}/metrics/get-history?${HISTORY}&max_results=2147483647`, '"step"', POINTS],
  ["a page of half a million points", `${API}/metrics/get-history?${HISTORY}&max_results=500000`, '"step"', 500_000],
  ["a whole history", `${API}/metrics/get-history?${HISTORY}`, '"step"', POINTS],
  [
    "samples of twenty runs",
    `${API}/metrics/get-history-bulk-interval?metric_key=loss&max_results=2500${`&run_ids=${LONG_RUN}`.repeat(20)}`,
    '"step"',
    50_000,
  ],
  [
    "a bulk of histories",
    `${API}/metrics/get-history-bulk?metric_key=loss&max_results=25000&run_id=${LONG_RUN}`,
    '"step"',
    25_000,
  ],
  [
    "a page of a thousand runs with 500 metrics",
    `${API}/runs/search`,
    '"lifecycle_stage"',
    WIDE_RUNS,
    {
      experiment_ids: [EXPERIMENT],
      max_results: 1000,
    },
  ],
  [
    "a page of fifty thousand runs",
    `${API}/runs/search`,
    '"lifecycle_stage"',
    MANY_RUNS,
    { experiment_ids: [MANY_RUNS_EXPERIMENT], max_results: 50_000 },
  ],
  [
    "a table of a thousand runs and all their metrics",
    "/ui-api/runs",
    '"FINISHED"',
    WIDE_RUNS,
    {
      experiment_ids: [EXPERIMENT],
      max_results: 1000,
      columns: Array.from(
        { length: METRICS_OF_WIDE_RUN },
        (_, i) => `metrics.\`metric-${String(i).padStart(4, "0")}\``,
      ),
    },
  ],
])("%s is answered in 128 MB", async (_what, path, part, count, body) => {
  const answer = await server.read(path, part, body);
  expect(await server.isAlive()).toBe(true);
  expect(answer).toMatchObject({ status: 200, parts: count });
  // Reads the runs again: from stored documents, and with the memory that the first answer left.
  if (body !== undefined) expect(await server.read(path, part, body)).toEqual(answer);
});

test("GraphQL's runs are answered in 128 MB, as many as 4 MB of text hold", async () => {
  const query = `query q($input: MlflowSearchRunsInput) { mlflowSearchRuns(input: $input) {
    runs { info { runId } data { metrics { key value step } } } nextPageToken } }`;
  const variables = {
    input: { experimentIds: [EXPERIMENT], maxResults: 1000 },
  };
  const answer = await server.read("/graphql", '"runId"', { query, variables });
  expect(answer.status).toBe(200);
  expect(answer.parts).toBeGreaterThan(50);
  expect(answer.parts).toBeLessThanOrEqual(100);
});

test("ten charts of one series at once are answered in 128 MB", async () => {
  const answers = await Promise.all(
    Array.from({ length: 10 }, () =>
      server.read("/ui-api/series", '"key"', {
        run_ids: [LONG_RUN],
        metric_keys: ["loss"],
        buckets: 10_000,
        x: "time",
      }),
    ),
  );
  for (const answer of answers) expect(answer).toMatchObject({ status: 200, parts: 1 });
});
