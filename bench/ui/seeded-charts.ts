import { withConnection } from "../http/connection.ts";
import { forEachItem } from "../http/load.ts";
import { createExperiment, createRun, FIRST_TIMESTAMP_MS, fraction, postJson } from "../mlflow-api.ts";
import type { RunningServer } from "../running-server.ts";

export interface ChartSizes {
  readonly runs: number;
  /** The number of points of each metric of each run. */
  readonly points: number;
  readonly longPoints: number;
  readonly csvBytes: number;
  /** The number of params of the sweep. */
  readonly sweepRuns: number;
}

/** The data on the measured pages. */
export interface ChartData {
  readonly chartsExperiment: string;
  readonly otherExperiment: string;
  readonly longRun: string;
  /** The place of the outlier in the long series, as a share of its length. */
  readonly outlierAt: number;
  readonly liveRun: string;
  readonly csvRun: string;
  /** Each run has {@link SWEEP_PARAMS} params and one metric. {@link HALF} finds every second run. */
  readonly sweepExperiment: string;
}

export const CHART_KEYS = ["train/loss", "train/accuracy", "val/loss", "val/accuracy"];
export const LONG_KEY = "loss";
export const CSV_FILE = "table.csv";
export const FIRST_CELL = "cell-0-0";

export const SWEEP_PARAMS = 20;
export const HALF = "params.half = '1'";

const CLIENTS = 4;
const POINTS_PER_BATCH = 1000;
const OUTLIER_AT = 0.618;
const OUTLIER = 1e6;

export async function seedCharts(server: RunningServer, sizes: ChartSizes): Promise<ChartData> {
  const [chartsExperiment, otherExperiment] = await withConnection(server.port, async (connection) => [
    await createExperiment(connection, "hundred-runs"),
    await createExperiment(connection, "single-runs"),
  ]);
  const indices = Array.from({ length: sizes.runs }, (_, index) => index);
  await forEachItem(server.port, CLIENTS, indices, async ({ connection }, index) => {
    const { run_id } = await createRun(connection, chartsExperiment!, `run-${index}`, FIRST_TIMESTAMP_MS);
    const perKey = POINTS_PER_BATCH / CHART_KEYS.length;
    for (let from = 0; from < sizes.points; from += perKey) {
      const metrics = CHART_KEYS.flatMap((key, place) =>
        Array.from({ length: Math.min(perKey, sizes.points - from) }, (_, offset) => {
          const step = from + offset;
          const value = Math.exp((-(3 + place + index / 20) * step) / sizes.points) + fraction(step + index) / 10;
          return { key, value, step, timestamp: FIRST_TIMESTAMP_MS + step };
        }),
      );
      await postJson(connection, "/runs/log-batch", { run_id, metrics });
    }
    await postJson(connection, "/runs/update", { run_id, status: "FINISHED", end_time: FIRST_TIMESTAMP_MS });
  });
  return withConnection(server.port, async (connection) => {
    const start = async (name: string) => createRun(connection, otherExperiment!, name, FIRST_TIMESTAMP_MS);
    const long = await start("long");
    const outlierStep = Math.round(sizes.longPoints * OUTLIER_AT);
    for (let from = 0; from < sizes.longPoints; from += POINTS_PER_BATCH) {
      const metrics = Array.from({ length: POINTS_PER_BATCH }, (_, offset) => {
        const step = from + offset;
        const value = step === outlierStep ? OUTLIER : fraction(step);
        return { key: LONG_KEY, value, step, timestamp: FIRST_TIMESTAMP_MS + step };
      });
      await postJson(connection, "/runs/log-batch", { run_id: long.run_id, metrics });
    }
    await postJson(connection, "/runs/update", {
      run_id: long.run_id,
      status: "FINISHED",
      end_time: FIRST_TIMESTAMP_MS,
    });
    const live = await start("live");
    await logPoint(server, live.run_id, 0);
    const csv = await start("csv");
    await putCsv(server, csv.artifact_uri, sizes.csvBytes);
    const sweepExperiment = await seedSweep(server, sizes.sweepRuns);
    return {
      ...{ chartsExperiment: chartsExperiment!, otherExperiment: otherExperiment!, longRun: long.run_id },
      ...{ outlierAt: OUTLIER_AT, liveRun: live.run_id, csvRun: csv.run_id, sweepExperiment },
    };
  });
}

/** Runs with one metric that depends on two of their params. */
async function seedSweep(server: RunningServer, runs: number): Promise<string> {
  const experiment = await withConnection(server.port, (connection) => createExperiment(connection, "sweep"));
  const indices = Array.from({ length: runs }, (_, index) => index);
  await forEachItem(server.port, CLIENTS, indices, async ({ connection }, index) => {
    const { run_id } = await createRun(connection, experiment, `sweep-${index}`, FIRST_TIMESTAMP_MS);
    const values = Array.from({ length: SWEEP_PARAMS - 1 }, (_, param) => fraction(index * SWEEP_PARAMS + param));
    const params = values.map((value, param) => ({ key: `p${param}`, value: value.toFixed(6) }));
    const accuracy = values[0]! * 0.6 + values[1]! ** 2 * 0.3 + values[2]! * 0.1;
    await postJson(connection, "/runs/log-batch", {
      run_id,
      params: [...params, { key: "half", value: String(index % 2) }],
      metrics: [{ key: "val/accuracy", value: accuracy, timestamp: FIRST_TIMESTAMP_MS, step: 0 }],
    });
    await postJson(connection, "/runs/update", { run_id, status: "FINISHED", end_time: FIRST_TIMESTAMP_MS });
  });
  return experiment;
}

/** Logs a point. Resolves when the server has acknowledged it. */
export async function logPoint(server: RunningServer, runId: string, step: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${server.port}/api/2.0/mlflow/runs/log-metric`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ run_id: runId, key: LONG_KEY, value: fraction(step), timestamp: Date.now(), step }),
  });
  if (!answer.ok) throw new Error(`log-metric was answered with ${answer.status}`);
  await answer.arrayBuffer();
}

const CSV_COLUMNS = 10;

async function putCsv(server: RunningServer, artifactUri: string, bytes: number): Promise<void> {
  const head = Array.from({ length: CSV_COLUMNS }, (_, column) => `column-${column}`).join();
  const lines = [head];
  for (let row = 0, length = head.length; length < bytes; row++) {
    const line = Array.from({ length: CSV_COLUMNS }, (_, column) => `cell-${row}-${column}`).join();
    lines.push(line);
    length += line.length + 1;
  }
  const folder = artifactUri.replace(/^mlflow-artifacts:(\/\/[^/]*)?\//, "");
  const url = `http://127.0.0.1:${server.port}/api/2.0/mlflow-artifacts/artifacts/${folder}/${CSV_FILE}`;
  const answer = await fetch(url, { method: "PUT", body: lines.join("\n") });
  if (!answer.ok) throw new Error(`the upload was answered with ${answer.status}`);
}
