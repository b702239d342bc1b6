import { queryOptions } from "@tanstack/react-query";
import { deleteJson, getJson, MLFLOW, patchJson, postJson } from "./client.ts";
import type { KeyValue, RegistrySearch } from "./wire.ts";

export const STAGES = ["None", "Staging", "Production", "Archived"] as const;

export type Stage = (typeof STAGES)[number];

export interface ModelVersion {
  name: string;
  /** A number, as text. */
  version: string;
  /** In ms since 1970. */
  creation_timestamp: number;
  last_updated_timestamp: number;
  description?: string;
  current_stage: Stage;
  /** The place of the version's files: `runs:/…`, `models:/m-…` or a URI. */
  source: string;
  run_id?: string;
  run_link?: string;
  status: "READY" | "PENDING_REGISTRATION" | "FAILED_REGISTRATION";
  tags?: KeyValue[];
  aliases?: string[];
}

export interface ModelVersionId {
  name: string;
  version: string;
}

export interface ModelVersionPage {
  model_versions?: ModelVersion[];
  next_page_token?: string;
}

const PATH = `${MLFLOW}/model-versions`;

interface VersionAnswer {
  model_version: ModelVersion;
}

export async function getModelVersion(id: ModelVersionId, signal?: AbortSignal): Promise<ModelVersion> {
  const answer = await getJson<VersionAnswer>(`${PATH}/get`, { name: id.name, version: id.version }, signal);
  return answer.model_version;
}

/** The filter that finds one model's versions, or one run's: `name = '…'`, `run_id = '…'`. */
export function searchModelVersions(search: RegistrySearch, signal?: AbortSignal): Promise<ModelVersionPage> {
  return getJson(`${PATH}/search`, { ...search }, signal);
}

export const modelVersionQuery = (name: string, version: string) =>
  queryOptions({
    queryKey: ["model-versions", "get", name, version],
    queryFn: ({ signal }) => getModelVersion({ name, version }, signal),
  });

export const modelVersionSearchQuery = (search: RegistrySearch) =>
  queryOptions({
    queryKey: ["model-versions", "search", search],
    queryFn: ({ signal }) => searchModelVersions(search, signal),
  });

export async function createModelVersion(input: {
  name: string;
  source: string;
  run_id?: string;
  description?: string;
  tags?: KeyValue[];
  model_id?: string;
}): Promise<ModelVersion> {
  return (await postJson<VersionAnswer>(`${PATH}/create`, input)).model_version;
}

export function updateModelVersion(input: ModelVersionId & { description: string }): Promise<object> {
  return patchJson(`${PATH}/update`, input);
}

export function transitionStage(
  input: ModelVersionId & { stage: Stage; archive_existing_versions: boolean },
): Promise<object> {
  return postJson(`${PATH}/transition-stage`, input);
}

export function deleteModelVersion(input: ModelVersionId): Promise<object> {
  return deleteJson(`${PATH}/delete`, input);
}

export function setModelVersionTag(input: ModelVersionId & KeyValue): Promise<object> {
  return postJson(`${PATH}/set-tag`, input);
}

export function deleteModelVersionTag(input: ModelVersionId & { key: string }): Promise<object> {
  return deleteJson(`${PATH}/delete-tag`, input);
}
