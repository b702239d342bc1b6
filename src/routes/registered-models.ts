import type { RegisteredModel } from "../domain/entities.ts";
import { DEFAULT_REGISTERED_MODEL_SEARCH_RESULTS } from "../domain/limits.ts";
import { IS_PROMPT_TAG, isPrompt } from "../domain/prompts.ts";
import { getVersionByAlias, removeAlias, setAlias } from "../services/registry/aliases.ts";
import {
  createRegisteredModel,
  deleteRegisteredModel,
  deleteRegisteredModelTag,
  getRegisteredModel,
  renameRegisteredModel,
  setRegisteredModelTag,
  updateRegisteredModel,
} from "../services/registry/registered-models.ts";
import { searchRegisteredModels } from "../services/registry/search-registry.ts";
import { getLatestVersions } from "../services/registry/stages.ts";
import { keyValue, searchFields } from "../wire/fields.ts";
import { longText, message, nested, orElse, repeated, required, string } from "../wire/message.ts";
import { pageToPieces } from "../wire/page.ts";
import { modelVersionToWire, registeredModelToWire } from "../wire/registry.ts";
import { json, jsonStream } from "../wire/respond.ts";
import { apiPaths, type Permission, previewedPaths, type Route, route } from "../wire/route.ts";
import { onList, onRegisteredModel } from "./permissions.ts";

const named = message({ name: required(string) });

/** The tag of prompts decides which grants apply: those on models, or those on prompts. */
const onTag: Permission<{ readonly name: string; readonly key: string }> = {
  level: "EDIT",
  on: ({ name, key }) => [{ kind: "registeredModel", name, level: key === IS_PROMPT_TAG ? "MANAGE" : "EDIT" }],
};

const searchRoute = (path: string): Route =>
  route({
    method: "GET",
    paths: previewedPaths(path),
    permission: onList,
    input: message(searchFields),
    handle: async ({ ctx, input }) => {
      const { slices, nextPageToken } = await searchRegisteredModels(ctx, {
        filter: input.filter,
        orderBy: input.orderBy ?? [],
        maxResults: input.maxResults ?? DEFAULT_REGISTERED_MODEL_SEARCH_RESULTS,
        pageToken: input.pageToken || undefined,
      });
      const toWire = (model: RegisteredModel) => JSON.stringify(registeredModelToWire(model));
      return await jsonStream(pageToPieces("registered_models", slices, toWire, nextPageToken));
    },
  });

/** Clients older than 2.3 read the newest versions with GET, so newer clients fall back to GET. */
const latestVersionsRoute = (method: "GET" | "POST"): Route =>
  route({
    method,
    paths: previewedPaths("/mlflow/registered-models/get-latest-versions"),
    permission: onRegisteredModel("READ"),
    input: message({ name: required(string), stages: orElse([], repeated(string)) }),
    handle: async ({ ctx, input: { name, stages } }) => {
      const versions = await getLatestVersions(ctx, name, stages);
      return json(versions.length > 0 ? { model_versions: versions.map(modelVersionToWire) } : {});
    },
  });

export const registeredModelsRoutes: readonly Route[] = [
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/registered-models/create"),
    permission: {
      level: "EDIT",
      on: ({ tags = [] }) => [{ kind: isPrompt(tags) ? "newPrompt" : "newRegisteredModel" }],
    },
    input: message({
      name: required(string),
      tags: orElse([], repeated(nested(keyValue))),
      description: longText,
    }),
    handle: async ({ ctx, input }) =>
      json({ registered_model: registeredModelToWire(await createRegisteredModel(ctx, input)) }),
  }),
  route({
    method: "GET",
    paths: previewedPaths("/mlflow/registered-models/get"),
    permission: onRegisteredModel("READ"),
    input: named,
    handle: async ({ ctx, input }) =>
      json({ registered_model: registeredModelToWire(await getRegisteredModel(ctx, input.name)) }),
  }),
  route({
    method: "PATCH",
    paths: previewedPaths("/mlflow/registered-models/update"),
    permission: onRegisteredModel("EDIT"),
    input: message({ name: required(string), description: orElse("", longText) }),
    handle: async ({ ctx, input: { name, description } }) =>
      json({ registered_model: registeredModelToWire(await updateRegisteredModel(ctx, name, description)) }),
  }),
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/registered-models/rename"),
    permission: {
      // Other users find the model by its name, so EDIT is not enough to rename it.
      level: "MANAGE",
      on: ({ name }) => [{ kind: "registeredModel", name }, { kind: "newRegisteredModel" }],
    },
    input: message({ name: required(string), newName: required(string) }),
    handle: async ({ ctx, input }) => {
      const model = await renameRegisteredModel(ctx, input.name, input.newName);
      return json({ registered_model: registeredModelToWire(model) });
    },
  }),
  route({
    method: "DELETE",
    paths: previewedPaths("/mlflow/registered-models/delete"),
    permission: onRegisteredModel("MANAGE"),
    input: named,
    handle: async ({ ctx, input }) => {
      await deleteRegisteredModel(ctx, input.name);
      return json({});
    },
  }),
  searchRoute("/mlflow/registered-models/search"),
  // 1.x clients call these.
  searchRoute("/mlflow/registered-models/list"),
  latestVersionsRoute("GET"),
  latestVersionsRoute("POST"),
  route({
    method: "POST",
    paths: previewedPaths("/mlflow/registered-models/set-tag"),
    permission: onTag,
    input: message({ name: required(string), key: required(string), value: orElse("", longText) }),
    handle: async ({ ctx, input: { name, key, value } }) => {
      await setRegisteredModelTag(ctx, name, { key, value });
      return json({});
    },
  }),
  route({
    method: "DELETE",
    paths: previewedPaths("/mlflow/registered-models/delete-tag"),
    permission: onTag,
    input: message({ name: required(string), key: required(string) }),
    handle: async ({ ctx, input }) => {
      await deleteRegisteredModelTag(ctx, input.name, input.key);
      return json({});
    },
  }),
  route({
    method: "POST",
    paths: apiPaths("/mlflow/registered-models/alias"),
    permission: onRegisteredModel("EDIT"),
    input: message({ name: required(string), alias: required(string), version: required(string) }),
    handle: async ({ ctx, input }) => {
      await setAlias(ctx, input.name, input.alias, input.version);
      return json({});
    },
  }),
  route({
    method: "DELETE",
    paths: apiPaths("/mlflow/registered-models/alias"),
    permission: onRegisteredModel("MANAGE"),
    input: message({ name: required(string), alias: required(string) }),
    handle: async ({ ctx, input }) => {
      await removeAlias(ctx, input.name, input.alias);
      return json({});
    },
  }),
  route({
    method: "GET",
    paths: apiPaths("/mlflow/registered-models/alias"),
    permission: onRegisteredModel("READ"),
    input: message({ name: required(string), alias: required(string) }),
    handle: async ({ ctx, input }) =>
      json({ model_version: modelVersionToWire(await getVersionByAlias(ctx, input.name, input.alias)) }),
  }),
];
