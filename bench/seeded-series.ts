import { type Connection, withConnection } from "./http/connection.ts";
import {
  allRuns,
  createExperiment,
  createRun,
  experimentIdByName,
  FIRST_TIMESTAMP_MS,
  fraction,
  type MetricPoint,
  postJson,
  requireEqual,
} from "./mlflow-api.ts";
import type { RunningServer } from "./running-server.ts";

/** One finished run with one long metric. */
export const SERIES_EXPERIMENT = "long-series";
export const SERIES_KEY = "loss";

const POINTS_PER_BATCH = 1000;

function seriesPoint(step: number): MetricPoint {
  return { key: SERIES_KEY, value: fraction(step), timestamp: FIRST_TIMESTAMP_MS + step, step };
}

/** @param count the number of points, a multiple of 1,000 */
export async function seedSeries(server: RunningServer, count: number): Promise<void> {
  await withConnection(server.port, async (connection) => {
    const experimentId = await createExperiment(connection, SERIES_EXPERIMENT);
    const { run_id } = await createRun(connection, experimentId, "series", FIRST_TIMESTAMP_MS);
    for (let step = 0; step < count; step += POINTS_PER_BATCH) {
      const metrics = Array.from({ length: POINTS_PER_BATCH }, (_, index) => seriesPoint(step + index));
      await postJson(connection, "/runs/log-batch", { run_id, metrics });
    }
    await postJson(connection, "/runs/update", { run_id, status: "FINISHED", end_time: FIRST_TIMESTAMP_MS + count });
  });
}

export async function seriesRunId(connection: Connection): Promise<string> {
  const experimentId = await experimentIdByName(connection, SERIES_EXPERIMENT);
  const runs = await allRuns(connection, experimentId);
  requireEqual(runs.length, 1, "runs of the series' experiment");
  return runs[0]!.info.run_id;
}

/** @throws unless these are the first `count` points of the series, in order */
export function checkSeries(points: readonly MetricPoint[], count: number): void {
  requireEqual(points.length, count, "points of the series");
  for (const [step, point] of points.entries()) checkSeriesPoint(point, step);
}

export function checkSeriesPoint(point: MetricPoint, step: number): void {
  requireEqual(point.step, step, "a point's step");
  requireEqual(point.value, fraction(step), `value at step ${step}`);
  requireEqual(point.timestamp, FIRST_TIMESTAMP_MS + step, `timestamp at step ${step}`);
}
