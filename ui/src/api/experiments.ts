import { queryOptions } from "@tanstack/react-query";
import { getJson, MLFLOW, postJson } from "./client.ts";
import type { KeyValue, LifecycleStage, ViewType } from "./wire.ts";

/** Times are in ms since 1970. */
export interface Experiment {
  experiment_id: string;
  name: string;
  artifact_location: string;
  lifecycle_stage: LifecycleStage;
  creation_time: number;
  last_update_time: number;
  tags?: KeyValue[];
}

export interface ExperimentSearch {
  filter?: string;
  view_type?: ViewType;
  order_by?: string[];
  max_results?: number;
  page_token?: string;
}

export interface ExperimentPage {
  experiments?: Experiment[];
  next_page_token?: string;
}

export interface ExperimentId {
  experiment_id: string;
}

const PATH = `${MLFLOW}/experiments`;

export async function getExperiment(experimentId: string, signal?: AbortSignal): Promise<Experiment> {
  const answer = await getJson<{ experiment: Experiment }>(`${PATH}/get`, { experiment_id: experimentId }, signal);
  return answer.experiment;
}

export function searchExperiments(search: ExperimentSearch, signal?: AbortSignal): Promise<ExperimentPage> {
  return postJson(`${PATH}/search`, { max_results: 1000, ...search }, signal);
}

export const experimentQuery = (experimentId: string) =>
  queryOptions({
    queryKey: ["experiments", "get", experimentId],
    queryFn: ({ signal }) => getExperiment(experimentId, signal),
  });

export const experimentSearchQuery = (search: ExperimentSearch) =>
  queryOptions({
    queryKey: ["experiments", "search", search],
    queryFn: ({ signal }) => searchExperiments(search, signal),
  });

/** @returns the new experiment's id. */
export async function createExperiment(input: { name: string; artifact_location?: string }): Promise<string> {
  return (await postJson<ExperimentId>(`${PATH}/create`, input)).experiment_id;
}

export function renameExperiment(input: ExperimentId & { new_name: string }): Promise<object> {
  return postJson(`${PATH}/update`, input);
}

export function deleteExperiment(input: ExperimentId): Promise<object> {
  return postJson(`${PATH}/delete`, input);
}

export function restoreExperiment(input: ExperimentId): Promise<object> {
  return postJson(`${PATH}/restore`, input);
}

export function setExperimentTag(input: ExperimentId & KeyValue): Promise<object> {
  return postJson(`${PATH}/set-experiment-tag`, input);
}

export function deleteExperimentTag(input: ExperimentId & { key: string }): Promise<object> {
  return postJson(`${PATH}/delete-experiment-tag`, input);
}
