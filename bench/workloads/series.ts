import { render, withConnection } from "../http/connection.ts";
import { runLoad } from "../http/load.ts";
import type { Answer } from "../http/response-parser.ts";
import {
  createExperiment,
  createRun,
  FIRST_TIMESTAMP_MS,
  type HistoryPage,
  metricHistory,
  parseBody,
  requireEqual,
  requireOk,
  WrongAnswer,
} from "../mlflow-api.ts";
import { checkSeries, checkSeriesPoint, SERIES_KEY, seriesRunId } from "../seeded-series.ts";
import { type BatchShape, batchSum, lastStep, metricKey, RenderedBatch } from "./log-batch.ts";
import { timeRequests } from "./timed-requests.ts";
import { freshName, TRACKING_SERVERS, type Workload } from "./workload.ts";

const BATCH: BatchShape = { keys: 1, steps: 1000 };
const SAMPLE_POINTS = 320;

const ingest: Workload = {
  id: "series-ingest",
  title: "one series by `log-batch` of 1,000, 1 client",
  unit: "rows/s",
  data: "empty",
  servers: TRACKING_SERVERS,
  measure: async (server, { seconds }) => {
    const { run_id } = await withConnection(server.port, async (connection) =>
      createRun(connection, await createExperiment(connection, freshName("series")), "series", FIRST_TIMESTAMP_MS),
    );
    const batch = new RenderedBatch(BATCH, server.port);
    let next = 0;
    const result = await runLoad({
      server,
      clients: 1,
      seconds,
      operation: async ({ connection }) => requireOk(await connection.send(batch.of(run_id, next++)), "log-batch"),
    });
    const { points } = await withConnection(server.port, (connection) =>
      metricHistory(connection, run_id, metricKey(0)),
    );
    requireEqual(points.length, next * BATCH.steps, "points of the series");
    requireEqual(points.at(-1)!.step, lastStep(BATCH, next), "last step of the series");
    const sum = points.reduce((total, point) => total + point.value, 0);
    requireEqual(sum, next * batchSum(BATCH, 0), "sum of the series");
    return { ...result, value: result.perSecond * BATCH.steps };
  },
};

const readAll: Workload = {
  id: "series-read",
  title: "a series of {points} points: all of them, by pages of 25,000",
  unit: "s",
  targets: { mlflow: 25, fasttrackml: 6 },
  data: "series",
  servers: TRACKING_SERVERS,
  measure: async (server, { points }) => {
    const history = await withConnection(server.port, async (connection) =>
      metricHistory(connection, await seriesRunId(connection), SERIES_KEY),
    );
    checkSeries(history.points, points);
    return { value: history.httpMs / 1000 };
  },
};

const sample: Workload = {
  id: "series-sample",
  title: "… a sample of 320 points (bulk-interval)",
  unit: "ms",
  targets: { mlflow: 80 },
  data: "series",
  servers: ["trackflare", "mlflow"],
  measure: (server, { points, seconds }) =>
    withConnection(server.port, async (connection) => {
      const runId = await seriesRunId(connection);
      const query = `run_ids=${runId}&metric_key=${SERIES_KEY}&max_results=${SAMPLE_POINTS}`;
      const path = `/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?${query}`;
      const request = render("GET", path, server.port);
      return timeRequests(server, connection, request, seconds, (answer) => checkSample(answer, points));
    }),
};

/** Each server may choose the points. The first and last point must be included, and the number must be about as requested. */
function checkSample(answer: Answer, count: number): void {
  const { metrics = [] } = parseBody<HistoryPage>(answer, "get-history-bulk-interval");
  const enough = metrics.length >= SAMPLE_POINTS * 0.9 && metrics.length <= SAMPLE_POINTS + 2;
  if (!enough) throw new WrongAnswer(`a sample of ${SAMPLE_POINTS} has ${metrics.length} points`);
  requireEqual(metrics[0]!.step, 0, "first step of a sample");
  requireEqual(metrics.at(-1)!.step, count - 1, "last step of a sample");
  let previous = -1;
  for (const point of metrics) {
    checkSeriesPoint(point, point.step);
    if (point.step <= previous) throw new WrongAnswer(`a sample goes back from step ${previous} to ${point.step}`);
    previous = point.step;
  }
}

export const seriesWorkloads: readonly Workload[] = [ingest, readAll, sample];
