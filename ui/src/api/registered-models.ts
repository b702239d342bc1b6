import { queryOptions } from "@tanstack/react-query";
import { deleteJson, getJson, MLFLOW, patchJson, postJson } from "./client.ts";
import type { ModelVersion } from "./model-versions.ts";
import type { KeyValue, RegistrySearch } from "./wire.ts";

export interface RegisteredModel {
  name: string;
  /** In ms since 1970. */
  creation_timestamp: number;
  last_updated_timestamp: number;
  description?: string;
  /** One version per stage. */
  latest_versions?: ModelVersion[];
  tags?: KeyValue[];
  aliases?: { alias: string; version: string }[];
}

export interface RegisteredModelPage {
  registered_models?: RegisteredModel[];
  next_page_token?: string;
}

export interface ModelName {
  name: string;
}

const PATH = `${MLFLOW}/registered-models`;

interface ModelAnswer {
  registered_model: RegisteredModel;
}

export async function getRegisteredModel(name: string, signal?: AbortSignal): Promise<RegisteredModel> {
  return (await getJson<ModelAnswer>(`${PATH}/get`, { name }, signal)).registered_model;
}

export function searchRegisteredModels(search: RegistrySearch, signal?: AbortSignal): Promise<RegisteredModelPage> {
  return getJson(`${PATH}/search`, { ...search }, signal);
}

export const registeredModelQuery = (name: string) =>
  queryOptions({
    queryKey: ["registered-models", "get", name],
    queryFn: ({ signal }) => getRegisteredModel(name, signal),
  });

export const registeredModelSearchQuery = (search: RegistrySearch) =>
  queryOptions({
    queryKey: ["registered-models", "search", search],
    queryFn: ({ signal }) => searchRegisteredModels(search, signal),
  });

export async function createRegisteredModel(
  input: ModelName & { description?: string; tags?: KeyValue[] },
): Promise<RegisteredModel> {
  return (await postJson<ModelAnswer>(`${PATH}/create`, input)).registered_model;
}

export function updateRegisteredModel(input: ModelName & { description: string }): Promise<object> {
  return patchJson(`${PATH}/update`, input);
}

export async function renameRegisteredModel(input: ModelName & { new_name: string }): Promise<RegisteredModel> {
  return (await postJson<ModelAnswer>(`${PATH}/rename`, input)).registered_model;
}

export function deleteRegisteredModel(input: ModelName): Promise<object> {
  return deleteJson(`${PATH}/delete`, input);
}

export function setRegisteredModelTag(input: ModelName & KeyValue): Promise<object> {
  return postJson(`${PATH}/set-tag`, input);
}

export function deleteRegisteredModelTag(input: ModelName & { key: string }): Promise<object> {
  return deleteJson(`${PATH}/delete-tag`, input);
}

export function setAlias(input: ModelName & { alias: string; version: string }): Promise<object> {
  return postJson(`${PATH}/alias`, input);
}

export function deleteAlias(input: ModelName & { alias: string }): Promise<object> {
  return deleteJson(`${PATH}/alias`, input);
}
