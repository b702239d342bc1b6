import { MAX_BULK_POINTS, MAX_INTERVAL_POINTS } from "../domain/limits.ts";
import {
  pointsOf,
  type RunSeries,
  readBulkHistory,
  readMetricPage,
  sampleHistory,
} from "../services/metrics/metric-history.ts";
import { runIdField } from "../wire/fields.ts";
import { alsoNamed, int32, int64, message, repeated, required, string } from "../wire/message.ts";
import { pageToPieces } from "../wire/page.ts";
import { jsonStream, jsonText } from "../wire/respond.ts";
import { previewedPaths, type Route, route } from "../wire/route.ts";
import { metricToWire } from "../wire/tracking.ts";
import { onLinks, onRun, onRuns } from "./permissions.ts";

/** A run's points as JSON objects with commas between. */
const seriesToWire = ({ runId, key, series }: RunSeries): string =>
  pointsOf(key, series)
    .map((point) => metricToWire(point, runId))
    .join(",");

/** Yields one run at a time, since the JSON text of a hundred runs' points takes 30 MB. */
async function* runByRun(found: readonly RunSeries[]): AsyncGenerator<readonly RunSeries[]> {
  for (const one of found) if (one.series.values.length > 0) yield [one];
}

export const metricsRoutes: readonly Route[] = [
  route({
    method: "GET",
    paths: previewedPaths("/mlflow/metrics/get-history"),
    permission: onLinks("runs", onRun("READ")),
    input: message({ runId: runIdField, metricKey: required(string), maxResults: int32, pageToken: string }),
    handle: async ({ ctx, input: { runId, metricKey, maxResults, pageToken } }) => {
      const page = readMetricPage(ctx, runId, metricKey, maxResults, pageToken || undefined);
      return jsonStream(pageToPieces("metrics", page.slices, (point) => metricToWire(point), page.nextPageToken));
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
    // MLflow builds this answer without protobuf, so the list is present even when empty.
    handle: async ({ ctx, input: { runIds, metricKey, maxResults = MAX_BULK_POINTS } }) => {
      const found = await readBulkHistory(ctx, runIds, metricKey, maxResults);
      return jsonText(`{"metrics":[${found.map(seriesToWire).join(",")}]}`);
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
      const found = await sampleHistory(ctx, { runIds, key, startStep, endStep, maxResults });
      return jsonStream(pageToPieces("metrics", runByRun(found), seriesToWire, undefined));
    },
  }),
];
