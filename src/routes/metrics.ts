import { MAX_BULK_POINTS, MAX_INTERVAL_POINTS } from "../domain/limits.ts";
import {
  type RunMetric,
  readBulkHistory,
  readHistory,
  readMetricPage,
  sampleHistory,
} from "../services/metrics/metric-history.ts";
import { positionAt, type Series } from "../stores/run/series.ts";
import { runIdField } from "../wire/fields.ts";
import { alsoNamed, int32, int64, message, repeated, required, string } from "../wire/message.ts";
import { pageToWire } from "../wire/page.ts";
import { jsonStream, jsonText } from "../wire/respond.ts";
import { previewedPaths, type Route, route } from "../wire/route.ts";
import { metricToWire } from "../wire/tracking.ts";
import { onRun, onRuns } from "./permissions.ts";

/** The whole series, a slice at a time: a million points are 80 MB of JSON. */
async function* wholeHistoryToWire(key: string, slices: AsyncGenerator<Series>): AsyncGenerator<string> {
  let separator = `{"metrics":[`;
  for await (const series of slices) {
    const points = Array.from(series.values, (_, i) => metricToWire({ key, ...positionAt(series, i) }));
    yield separator + points.join(",");
    separator = ",";
  }
  yield separator === "," ? "]}" : "{}";
}

const runMetricsToWire = (points: readonly RunMetric[]): string[] =>
  points.map((point) => metricToWire(point, point.runId));

export const metricsRoutes: readonly Route[] = [
  route({
    method: "GET",
    paths: previewedPaths("/mlflow/metrics/get-history"),
    permission: onRun("READ"),
    input: message({ runId: runIdField, metricKey: required(string), maxResults: int32, pageToken: string }),
    handle: async ({ ctx, input: { runId, metricKey, maxResults, pageToken } }) => {
      const token = pageToken || undefined;
      if (maxResults === undefined) {
        return jsonStream(wholeHistoryToWire(metricKey, readHistory(ctx, runId, metricKey, token)));
      }
      const page = await readMetricPage(ctx, runId, metricKey, maxResults, token);
      return jsonText(
        pageToWire(
          "metrics",
          page.points.map((point) => metricToWire(point)),
          page.nextPageToken,
        ),
      );
    },
  }),
  route({
    method: "GET",
    paths: previewedPaths("/mlflow/metrics/get-history-bulk"),
    permission: onRuns("READ"),
    input: message({
      runIds: required(alsoNamed("run_id", repeated(string))),
      metricKey: required(string),
      maxResults: int32,
    }),
    // MLflow makes this answer by hand, and so with the list even where it is empty.
    handle: async ({ ctx, input: { runIds, metricKey, maxResults = MAX_BULK_POINTS } }) => {
      const points = runMetricsToWire(await readBulkHistory(ctx, runIds, metricKey, maxResults));
      return jsonText(`{"metrics":[${points.join(",")}]}`);
    },
  }),
  route({
    method: "GET",
    paths: previewedPaths("/mlflow/metrics/get-history-bulk-interval"),
    permission: onRuns("READ"),
    input: message({
      runIds: required(repeated(string)),
      metricKey: required(string),
      startStep: int64,
      endStep: int64,
      maxResults: int32,
    }),
    handle: async ({ ctx, input }) => {
      const { runIds, metricKey: key, startStep, endStep, maxResults = MAX_INTERVAL_POINTS } = input;
      const points = await sampleHistory(ctx, { runIds, key, startStep, endStep, maxResults });
      return jsonText(pageToWire("metrics", runMetricsToWire(points), undefined));
    },
  }),
];
