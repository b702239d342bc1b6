import { canonicalArtifactPath } from "../domain/artifact-path.ts";
import type { ModelVersion } from "../domain/entities.ts";
import { MAX_MODEL_VERSION_SEARCH_RESULTS } from "../domain/limits.ts";
import {
  deleteModelVersion,
  deleteModelVersionTag,
  getDownloadUri,
  getModelVersion,
  setModelVersionTag,
  updateModelVersion,
} from "../services/registry/model-versions.ts";
import { createModelVersion } from "../services/registry/registration.ts";
import { searchModelVersions } from "../services/registry/search-registry.ts";
import { locateVersionArtifact } from "../services/registry/sources.ts";
import { transitionStage } from "../services/registry/stages.ts";
import { artifactResponse, presignedResponse } from "../wire/artifact-response.ts";
import { keyValue, searchFields } from "../wire/fields.ts";
import { bool, longText, message, nested, orElse, repeated, required, string } from "../wire/message.ts";
import { pageToPieces } from "../wire/page.ts";
import { modelVersionToWire } from "../wire/registry.ts";
import { json, jsonStream } from "../wire/respond.ts";
import { previewedPaths, type Route, route } from "../wire/route.ts";
import { onFiles, onList, onNewModelVersion, onRegisteredModel } from "./permissions.ts";

const version = message({ name: required(string), version: required(string) });

export const modelVersionsRoutes: readonly Route[] = [
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/model-versions/create"),
    permission: onNewModelVersion,
    input: message({
      name: required(string),
      source: required(longText),
      runId: string,
      tags: orElse([], repeated(nested(keyValue))),
      runLink: longText,
      description: longText,
      modelId: string,
    }),
    handle: async ({ ctx, input }) => json({ model_version: modelVersionToWire(await createModelVersion(ctx, input)) }),
  }),
  route({
    method: "GET",
    paths: previewedPaths("/mlflow/model-versions/get"),
    permission: onRegisteredModel("READ"),
    input: version,
    handle: async ({ ctx, input }) =>
      json({ model_version: modelVersionToWire(await getModelVersion(ctx, input.name, input.version)) }),
  }),
  route({
    method: "PATCH",
    paths: previewedPaths("/mlflow/model-versions/update"),
    permission: onRegisteredModel("EDIT"),
    input: message({ name: required(string), version: required(string), description: longText }),
    handle: async ({ ctx, input }) => {
      const updated = await updateModelVersion(ctx, input.name, input.version, input.description);
      return json({ model_version: modelVersionToWire(updated) });
    },
  }),
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/model-versions/transition-stage"),
    permission: onRegisteredModel("EDIT"),
    input: message({
      name: required(string),
      version: required(string),
      stage: required(string),
      archiveExistingVersions: orElse(false, bool),
    }),
    handle: async ({ ctx, input }) => json({ model_version: modelVersionToWire(await transitionStage(ctx, input)) }),
  }),
  route({
    method: "DELETE",
    paths: previewedPaths("/mlflow/model-versions/delete"),
    permission: onRegisteredModel("MANAGE"),
    input: version,
    handle: async ({ ctx, input }) => {
      await deleteModelVersion(ctx, input.name, input.version);
      return json({});
    },
  }),
  route({
    method: "GET",
    paths: previewedPaths("/mlflow/model-versions/search"),
    permission: onList,
    input: message(searchFields),
    handle: async ({ ctx, input }) => {
      const { slices, nextPageToken } = await searchModelVersions(ctx, {
        filter: input.filter,
        orderBy: input.orderBy ?? [],
        maxResults: input.maxResults ?? MAX_MODEL_VERSION_SEARCH_RESULTS,
        pageToken: input.pageToken || undefined,
      });
      const toWire = (version: ModelVersion) => JSON.stringify(modelVersionToWire(version));
      return await jsonStream(pageToPieces("model_versions", slices, toWire, nextPageToken));
    },
  }),
  route({
    method: "GET",
    paths: previewedPaths("/mlflow/model-versions/get-download-uri"),
    permission: onRegisteredModel("READ"),
    input: version,
    handle: async ({ ctx, input }) => json({ artifact_uri: await getDownloadUri(ctx, input.name, input.version) }),
  }),
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/model-versions/set-tag"),
    permission: onRegisteredModel("EDIT"),
    input: message({
      name: required(string),
      version: required(string),
      key: required(string),
      value: orElse("", longText),
    }),
    handle: async ({ ctx, input: { name, version, ...tag } }) => {
      await setModelVersionTag(ctx, name, version, tag);
      return json({});
    },
  }),
  route({
    method: "DELETE",
    paths: previewedPaths("/mlflow/model-versions/delete-tag"),
    permission: onRegisteredModel("MANAGE"),
    input: message({ name: required(string), version: required(string), key: required(string) }),
    handle: async ({ ctx, input }) => {
      await deleteModelVersionTag(ctx, input.name, input.version, input.key);
      return json({});
    },
  }),
  route({
    method: "GET",
    paths: ["/model-versions/get-artifact"],
    permission: onFiles(onRegisteredModel("READ")),
    input: message({ name: required(string), version: required(string), path: required(string), presigned: string }),
    handle: async ({ ctx, input: { name, version, path, presigned }, request }) => {
      const { at, objectKey } = await locateVersionArtifact(ctx, name, version, canonicalArtifactPath(path));
      return presigned === "true"
        ? presignedResponse(at, request, { objectKey })
        : artifactResponse(at, request, { objectKey });
    },
  }),
];
