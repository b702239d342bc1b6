import { canonicalArtifactPath } from "../domain/artifact-path.ts";
import { LOGGED_MODEL_STATUSES } from "../domain/entities.ts";
import { MlflowError } from "../domain/errors.ts";
import { DEFAULT_LOGGED_MODEL_RESULTS } from "../domain/logged-model.ts";
import { locateModelArtifact } from "../services/artifacts/artifact-access.ts";
import {
  createLoggedModel,
  deleteLoggedModel,
  deleteModelTag,
  finalizeLoggedModel,
  getLoggedModel,
  logModelParams,
  restoreLoggedModel,
  setModelTags,
} from "../services/logged-models/logged-models.ts";
import { searchLoggedModels } from "../services/logged-models/search-logged-models.ts";
import { listingPageResponse, listingResponse } from "../wire/artifact-listing.ts";
import { artifactResponse, presignedResponse } from "../wire/artifact-response.ts";
import { experimentIdsField, optionalKeyValue, searchFields } from "../wire/fields.ts";
import { bool, id, message, nested, oneOf, orElse, repeated, required, string } from "../wire/message.ts";
import { pageToPieces } from "../wire/page.ts";
import { json, jsonStream, jsonText } from "../wire/respond.ts";
import { apiPaths, type Permission, type Route, route } from "../wire/route.ts";
import { loggedModelToWire } from "../wire/tracking.ts";
import { filesOf, onFiles, onLinks, onLoggedModel, onNewLoggedModel, onReadableExperiments } from "./permissions.ts";

const MODEL = "/mlflow/logged-models/:model_id";

const modelId = required(string);

const orderTerm = message({
  fieldName: required(string),
  ascending: orElse(true, bool),
  datasetName: string,
  datasetDigest: string,
});

const search = message({
  ...searchFields,
  experimentIds: required(experimentIdsField),
  datasets: orElse([], repeated(nested(message({ datasetName: required(string), datasetDigest: string })))),
  orderBy: orElse([], repeated(nested(orderTerm))),
});

interface ModelFile {
  readonly modelId: string;
  readonly artifactDirectoryPath?: string | undefined;
  readonly artifactFilePath?: string | undefined;
}

const onModelFile: Permission<ModelFile> = onLinks("file", {
  level: "READ",
  on: ({ modelId, artifactDirectoryPath, artifactFilePath = artifactDirectoryPath }) =>
    filesOf({ modelId, path: artifactFilePath }),
});

/** The models that MLflow 3 logs: their metadata, and their files by paths relative to the model. */
export const loggedModelsRoutes: readonly Route[] = [
  route({
    method: "POST",
    paths: apiPaths("/mlflow/logged-models"),
    permission: onNewLoggedModel,
    input: message({
      experimentId: required(id),
      name: string,
      modelType: string,
      sourceRunId: string,
      params: repeated(nested(optionalKeyValue)),
      tags: repeated(nested(optionalKeyValue)),
    }),
    handle: async ({ ctx, input }) => jsonText(`{"model":${loggedModelToWire(await createLoggedModel(ctx, input))}}`),
  }),
  route({
    method: "POST",
    paths: apiPaths("/mlflow/logged-models/search"),
    permission: onLinks("experiments", onReadableExperiments),
    input: search,
    handle: async ({ ctx, input }) => {
      const found = await searchLoggedModels(ctx, {
        experimentIds: input.experimentIds,
        filter: input.filter,
        datasets: input.datasets.map((of) => ({ name: of.datasetName, digest: of.datasetDigest || undefined })),
        orderBy: input.orderBy,
        maxResults: input.maxResults || DEFAULT_LOGGED_MODEL_RESULTS,
        pageToken: input.pageToken || undefined,
      });
      return jsonStream(pageToPieces("models", found.slices, loggedModelToWire, found.nextPageToken));
    },
  }),
  route({
    method: "GET",
    paths: apiPaths(MODEL),
    permission: onLinks("runs", onLoggedModel("READ")),
    input: message({ modelId, allowDeleted: bool }),
    handle: async ({ ctx, input }) =>
      jsonText(`{"model":${loggedModelToWire(await getLoggedModel(ctx, input.modelId, input.allowDeleted))}}`),
  }),
  route({
    method: "PATCH",
    paths: apiPaths(MODEL),
    permission: onLoggedModel("EDIT"),
    input: message({ modelId, status: required(oneOf(LOGGED_MODEL_STATUSES, 0)) }),
    handle: async ({ ctx, input }) =>
      jsonText(`{"model":${loggedModelToWire(await finalizeLoggedModel(ctx, input.modelId, input.status))}}`),
  }),
  route({
    method: "DELETE",
    paths: apiPaths(MODEL),
    permission: onLoggedModel("MANAGE"),
    input: message({ modelId }),
    handle: async ({ ctx, input }) => {
      await deleteLoggedModel(ctx, input.modelId);
      return json({});
    },
  }),
  route({
    method: "POST",
    // MLflow's REST API cannot restore a model.
    paths: apiPaths("/trackflare/logged-models/restore"),
    permission: onLoggedModel("MANAGE"),
    input: message({ modelId }),
    handle: async ({ ctx, input }) => {
      await restoreLoggedModel(ctx, input.modelId);
      return json({});
    },
  }),
  route({
    method: "PATCH",
    paths: apiPaths(`${MODEL}/tags`),
    permission: onLoggedModel("EDIT"),
    input: message({ modelId, tags: orElse([], repeated(nested(optionalKeyValue))) }),
    handle: async ({ ctx, input: { modelId, tags } }) => {
      await setModelTags(ctx, modelId, tags);
      return json({});
    },
  }),
  route({
    method: "DELETE",
    paths: apiPaths(`${MODEL}/tags/:tag_key`),
    permission: onLoggedModel("MANAGE"),
    input: message({ modelId, tagKey: required(string) }),
    handle: async ({ ctx, input }) => {
      await deleteModelTag(ctx, input.modelId, input.tagKey);
      return json({});
    },
  }),
  route({
    method: "POST",
    paths: apiPaths(`${MODEL}/params`),
    permission: onLoggedModel("EDIT"),
    input: message({ modelId, params: orElse([], repeated(nested(optionalKeyValue))) }),
    handle: async ({ ctx, input: { modelId, params } }) => {
      await logModelParams(ctx, modelId, params);
      return json({});
    },
  }),
  route({
    method: "GET",
    paths: apiPaths(`${MODEL}/artifacts/directories`),
    permission: onModelFile,
    input: message({ modelId, artifactDirectoryPath: string, pageToken: string }),
    handle: async ({ ctx, input: { modelId, artifactDirectoryPath = "", pageToken } }) => {
      const folder = canonicalArtifactPath(artifactDirectoryPath);
      const { at, artifactUri: rootUri, objectKey } = await locateModelArtifact(ctx, modelId, folder);
      const listed = { rootUri, objectKey, folder };
      return pageToken === undefined ? listingResponse(at, listed) : listingPageResponse(at, listed, pageToken);
    },
  }),
  route({
    method: "GET",
    paths: apiPaths(`${MODEL}/artifacts/files`),
    permission: onFiles(onModelFile),
    input: message({ modelId, artifactFilePath: string, presigned: string }),
    handle: async ({ ctx, input: { modelId, artifactFilePath, presigned }, request }) => {
      if (!artifactFilePath) {
        throw new MlflowError("BAD_REQUEST", 'Request must include the "artifact_file_path" query parameter.');
      }
      const { at, objectKey } = await locateModelArtifact(ctx, modelId, canonicalArtifactPath(artifactFilePath));
      if (presigned === "true" && ctx.principal.link !== undefined) {
        // A presigned URL would stay valid after the link's end.
        throw new MlflowError("PERMISSION_DENIED", "Permission denied.");
      }
      return presigned === "true"
        ? presignedResponse(at, request, { objectKey })
        : artifactResponse(at, request, { objectKey });
    },
  }),
];
