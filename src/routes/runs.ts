import { RUN_STATUSES } from "../domain/entities.ts";
import { logBatch } from "../services/runs/log-batch.ts";
import { logInputs, logOutputs } from "../services/runs/log-inputs.ts";
import { logMetrics } from "../services/runs/log-metrics.ts";
import { logModel } from "../services/runs/log-model.ts";
import { logParam } from "../services/runs/log-params.ts";
import { deleteRunTag, setRunTag } from "../services/runs/run-tags.ts";
import { changeRun, createRun, getRun, setRunStage } from "../services/runs/runs.ts";
import { searchRuns } from "../services/runs/search-runs.ts";
import { MAX_FLUSH_DISTANCE_MS } from "../stores/run/burst.ts";
import { keyValue, runIdField } from "../wire/fields.ts";
import {
  double,
  id,
  int64,
  longText,
  message,
  nested,
  oneOf,
  orElse,
  repeated,
  required,
  string,
} from "../wire/message.ts";
import { pageToPieces } from "../wire/page.ts";
import { json, jsonStream, jsonText } from "../wire/respond.ts";
import { apiPaths, previewedPaths, type Route, route } from "../wire/route.ts";
import { newRunToWire, runInfoToWire, runToWire } from "../wire/tracking.ts";
import { onLinks, onMeasuredModels, onNewRun, onReadableExperiments, onRun } from "./permissions.ts";
import { runSearchFields, toRunSearch } from "./run-search.ts";

const metricFields = {
  key: required(string),
  value: required(double),
  timestamp: required(int64),
  step: orElse(0, int64),
  modelId: string,
  datasetName: string,
  datasetDigest: string,
};
const dataset = message({
  name: required(string),
  digest: required(string),
  sourceType: orElse("", string),
  source: orElse("", longText),
  schema: longText,
  profile: longText,
});
const datasetInput = message({
  dataset: required(nested(dataset)),
  tags: orElse([], repeated(nested(keyValue))),
});

const stageRoute = (path: string, to: "active" | "deleted"): Route =>
  route({
    method: "POST",
    paths: previewedPaths(path),
    permission: onRun("MANAGE"),
    input: message({ runId: runIdField }),
    handle: async ({ ctx, input }) => {
      await setRunStage(ctx, input.runId, to);
      return json({});
    },
  });

const searchRoute = (method: "GET" | "POST"): Route =>
  route({
    method,
    paths: previewedPaths("/mlflow/runs/search"),
    permission: onLinks("runs", onReadableExperiments),
    input: message(runSearchFields),
    handle: async ({ ctx, input }) => {
      const found = await searchRuns(ctx, toRunSearch(input));
      const response = await jsonStream(pageToPieces("runs", found.slices, runToWire, found.nextPageToken));
      if (!found.isExact)
        response.headers.set("X-Trackflare-Max-Staleness-Seconds", String(MAX_FLUSH_DISTANCE_MS / 1000));
      return response;
    },
  });

export const runsRoutes: readonly Route[] = [
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/runs/create"),
    permission: onNewRun,
    input: message({
      experimentId: id,
      userId: string,
      runName: longText,
      startTime: int64,
      tags: repeated(nested(keyValue)),
    }),
    handle: async ({ ctx, input }) => jsonText(`{"run":${newRunToWire(await createRun(ctx, input))}}`),
  }),
  route({
    method: "GET",
    paths: previewedPaths("/mlflow/runs/get"),
    permission: onLinks("runs", onRun("READ")),
    input: message({ runId: runIdField }),
    handle: async ({ ctx, input }) => jsonText(`{"run":${runToWire(await getRun(ctx, input.runId))}}`),
  }),
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/runs/update"),
    permission: onRun("EDIT"),
    input: message({ runId: runIdField, status: oneOf(RUN_STATUSES), endTime: int64, runName: longText }),
    handle: async ({ ctx, input }) => jsonText(`{"run_info":${runInfoToWire(await changeRun(ctx, input))}}`),
  }),
  stageRoute("/mlflow/runs/delete", "deleted"),
  stageRoute("/mlflow/runs/restore", "active"),
  searchRoute("GET"),
  searchRoute("POST"),
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/runs/log-metric"),
    permission: onMeasuredModels,
    input: message({ runId: runIdField, ...metricFields }),
    handle: async ({ ctx, input: { runId, ...metric } }) => {
      await logMetrics(ctx, runId, [metric]);
      return json({});
    },
  }),
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/runs/log-parameter"),
    permission: onRun("EDIT"),
    input: message({ runId: runIdField, key: required(string), value: orElse("", longText) }),
    handle: async ({ ctx, input }) => {
      await logParam(ctx, input.runId, input);
      return json({});
    },
  }),
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/runs/log-batch"),
    permission: onMeasuredModels,
    input: message({
      runId: runIdField,
      metrics: orElse([], repeated(nested(message(metricFields)))),
      params: orElse([], repeated(nested(keyValue))),
      tags: orElse([], repeated(nested(keyValue))),
    }),
    handle: async ({ ctx, input }) => {
      await logBatch(ctx, input);
      return json({});
    },
  }),
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/runs/log-inputs"),
    permission: onRun("EDIT"),
    input: message({
      runId: runIdField,
      datasets: orElse([], repeated(nested(datasetInput))),
      models: orElse([], repeated(nested(message({ modelId: required(string) })))),
    }),
    handle: async ({ ctx, input: { runId, datasets, models } }) => {
      await logInputs(ctx, runId, { datasets, modelIds: models.map(({ modelId }) => modelId) });
      return json({});
    },
  }),
  route({
    method: "POST",
    paths: apiPaths("/mlflow/runs/outputs"),
    permission: onRun("EDIT"),
    input: message({
      runId: runIdField,
      models: required(repeated(nested(message({ modelId: required(string), step: orElse(0, int64) })))),
    }),
    handle: async ({ ctx, input: { runId, models } }) => {
      await logOutputs(ctx, runId, models);
      return json({});
    },
  }),
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/runs/set-tag"),
    permission: onRun("EDIT"),
    input: message({ runId: runIdField, key: required(string), value: orElse("", longText) }),
    handle: async ({ ctx, input }) => {
      await setRunTag(ctx, input.runId, input);
      return json({});
    },
  }),
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/runs/delete-tag"),
    permission: onRun("EDIT"),
    input: message({ runId: runIdField, key: required(string) }),
    handle: async ({ ctx, input }) => {
      await deleteRunTag(ctx, input.runId, input.key);
      return json({});
    },
  }),
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/runs/log-model"),
    permission: onRun("EDIT"),
    input: message({ runId: runIdField, modelJson: required(longText) }),
    handle: async ({ ctx, input }) => {
      await logModel(ctx, input.runId, input.modelJson);
      return json({});
    },
  }),
];
