import { type Experiment, VIEW_TYPES } from "../domain/entities.ts";
import { DEFAULT_SEARCH_RESULTS, MAX_SEARCH_RESULTS } from "../domain/limits.ts";
import { setExperimentStage } from "../services/experiments/experiment-stage.ts";
import {
  createExperiment,
  deleteExperimentTag,
  getExperiment,
  getExperimentByName,
  renameExperiment,
  setExperimentTag,
} from "../services/experiments/experiments.ts";
import { searchExperiments } from "../services/experiments/search-experiments.ts";
import { searchDatasets } from "../services/runs/search-datasets.ts";
import { experimentIdsField, keyValue, searchFields } from "../wire/fields.ts";
import { id, longText, message, nested, oneOf, orElse, repeated, required, string } from "../wire/message.ts";
import { pageToPieces } from "../wire/page.ts";
import { json, jsonStream } from "../wire/respond.ts";
import { apiPaths, previewedPaths, type Route, route } from "../wire/route.ts";
import { datasetSummaryToWire, experimentToWire } from "../wire/tracking.ts";
import { onExperiment, onExperiments, onLinks, onList, onWholeExperiment } from "./permissions.ts";

const experimentId = message({ experimentId: required(id) });

const search = message({ ...searchFields, viewType: orElse("ACTIVE_ONLY", oneOf(VIEW_TYPES)) });

/** @param defaults the values for fields that a request leaves out. */
const searchRoute = (
  method: "GET" | "POST",
  path: string,
  defaults: { readonly orderBy: readonly string[]; readonly maxResults: number },
): Route =>
  route({
    method,
    paths: previewedPaths(path),
    permission: onList,
    input: search,
    handle: async ({ ctx, input }) => {
      const page = await searchExperiments(ctx, {
        filter: input.filter,
        orderBy: input.orderBy ?? defaults.orderBy,
        viewType: input.viewType,
        maxResults: input.maxResults ?? defaults.maxResults,
        pageToken: input.pageToken || undefined,
      });
      const toWire = (experiment: Experiment) => JSON.stringify(experimentToWire(experiment));
      return await jsonStream(pageToPieces("experiments", page.slices, toWire, page.nextPageToken));
    },
  });

/** Here max_results has a default; MLflow treats an absent max_results as 0 and refuses it. */
const searchDefaults = { orderBy: [], maxResults: DEFAULT_SEARCH_RESULTS };

export const experimentsRoutes: readonly Route[] = [
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/experiments/create"),
    permission: { level: "EDIT", on: () => [{ kind: "newExperiment" }] },
    input: message({ name: required(string), artifactLocation: string, tags: repeated(nested(keyValue)) }),
    handle: async ({ ctx, input }) => json({ experiment_id: await createExperiment(ctx, input) }),
  }),
  route({
    method: "GET",
    paths: previewedPaths("/mlflow/experiments/get"),
    permission: onLinks("experiments", onExperiment("READ")),
    input: experimentId,
    handle: async ({ ctx, input }) =>
      json({ experiment: experimentToWire(await getExperiment(ctx, input.experimentId)) }),
  }),
  route({
    method: "GET",
    paths: previewedPaths("/mlflow/experiments/get-by-name"),
    permission: { level: "READ", on: ({ experimentName: name }) => [{ kind: "experimentName", name }] },
    input: message({ experimentName: required(string) }),
    handle: async ({ ctx, input }) =>
      json({ experiment: experimentToWire(await getExperimentByName(ctx, input.experimentName)) }),
  }),
  searchRoute("GET", "/mlflow/experiments/search", searchDefaults),
  searchRoute("POST", "/mlflow/experiments/search", searchDefaults),
  // 1.x clients call this. Up to 1.27 they do not page, and expect all experiments.
  searchRoute("GET", "/mlflow/experiments/list", {
    orderBy: ["experiment_id ASC"],
    maxResults: MAX_SEARCH_RESULTS,
  }),
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/experiments/update"),
    permission: onExperiment("EDIT"),
    input: message({ experimentId: required(id), newName: required(string) }),
    handle: async ({ ctx, input }) => {
      await renameExperiment(ctx, input.experimentId, input.newName);
      return json({});
    },
  }),
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/experiments/delete"),
    permission: onWholeExperiment,
    input: experimentId,
    handle: async ({ ctx, input }) => {
      await setExperimentStage(ctx, input.experimentId, "deleted");
      return json({});
    },
  }),
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/experiments/restore"),
    permission: onWholeExperiment,
    input: experimentId,
    handle: async ({ ctx, input }) => {
      await setExperimentStage(ctx, input.experimentId, "active");
      return json({});
    },
  }),
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/experiments/set-experiment-tag"),
    permission: onExperiment("EDIT"),
    input: message({ experimentId: required(id), key: required(string), value: orElse("", longText) }),
    handle: async ({ ctx, input: { experimentId, key, value } }) => {
      await setExperimentTag(ctx, experimentId, { key, value });
      return json({});
    },
  }),
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/experiments/delete-experiment-tag"),
    permission: onExperiment("EDIT"),
    input: message({ experimentId: required(id), key: required(string) }),
    handle: async ({ ctx, input }) => {
      await deleteExperimentTag(ctx, input.experimentId, input.key);
      return json({});
    },
  }),
  route({
    method: "POST",
    paths: apiPaths("/mlflow/experiments/search-datasets"),
    permission: onExperiments("READ"),
    input: message({ experimentIds: orElse([], experimentIdsField) }),
    handle: async ({ ctx, input }) => {
      const summaries = await searchDatasets(ctx, input.experimentIds);
      return json(summaries.length > 0 ? { dataset_summaries: summaries.map(datasetSummaryToWire) } : {});
    },
  }),
];
