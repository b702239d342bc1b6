import { queryOptions } from "@tanstack/react-query";
import { deleteJson, getJson, MLFLOW, patchJson, postJson } from "./client.ts";
import type { KeyValue, WireDouble } from "./wire.ts";

export interface LoggedModelMetric {
  key: string;
  value: WireDouble;
  /** In ms since 1970. */
  timestamp: number;
  step: number;
  model_id: string;
  run_id: string;
  dataset_name?: string;
  dataset_digest?: string;
}

export interface LoggedModel {
  info: {
    model_id: string;
    experiment_id: string;
    name: string;
    creation_timestamp_ms: number;
    last_updated_timestamp_ms: number;
    artifact_uri: string;
    status: "LOGGED_MODEL_PENDING" | "LOGGED_MODEL_READY" | "LOGGED_MODEL_UPLOAD_FAILED";
    status_message?: string;
    model_type?: string;
    source_run_id?: string;
    tags?: KeyValue[];
  };
  data: { params?: KeyValue[]; metrics?: LoggedModelMetric[] };
}

export interface LoggedModelSearch {
  experiment_ids: string[];
  filter?: string;
  order_by?: { field_name: string; ascending?: boolean }[];
  max_results?: number;
  page_token?: string;
}

export interface LoggedModelPage {
  models?: LoggedModel[];
  next_page_token?: string;
}

const PATH = `${MLFLOW}/logged-models`;

const pathOf = (modelId: string): string => `${PATH}/${encodeURIComponent(modelId)}`;

export async function getLoggedModel(modelId: string, signal?: AbortSignal): Promise<LoggedModel> {
  return (await getJson<{ model: LoggedModel }>(pathOf(modelId), undefined, signal)).model;
}

export function searchLoggedModels(search: LoggedModelSearch, signal?: AbortSignal): Promise<LoggedModelPage> {
  return postJson(`${PATH}/search`, search, signal);
}

export const loggedModelQuery = (modelId: string) =>
  queryOptions({
    queryKey: ["logged-models", "get", modelId],
    queryFn: ({ signal }) => getLoggedModel(modelId, signal),
  });

export const loggedModelSearchQuery = (search: LoggedModelSearch) =>
  queryOptions({
    queryKey: ["logged-models", "search", search],
    queryFn: ({ signal }) => searchLoggedModels(search, signal),
  });

export function deleteLoggedModel(input: { model_id: string }): Promise<object> {
  return deleteJson(pathOf(input.model_id));
}

export function setLoggedModelTags(input: { model_id: string; tags: KeyValue[] }): Promise<object> {
  return patchJson(`${pathOf(input.model_id)}/tags`, { tags: input.tags });
}

export function deleteLoggedModelTag(input: { model_id: string; key: string }): Promise<object> {
  return deleteJson(`${pathOf(input.model_id)}/tags/${encodeURIComponent(input.key)}`);
}
