import { queryOptions } from "@tanstack/react-query";
import { getJson, MLFLOW, postJson } from "./client.ts";
import type { KeyValue, LifecycleStage, ViewType, WireDouble } from "./wire.ts";

export type RunStatus = "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";

/** Times are in ms since 1970. */
export interface RunInfo {
  run_id: string;
  run_name: string;
  experiment_id: string;
  user_id: string;
  status: RunStatus;
  start_time?: number;
  /** Absent until the run ends. */
  end_time?: number;
  artifact_uri: string;
  lifecycle_stage: LifecycleStage;
}

/** A point of a metric; in a run, the latest point. */
export interface Metric {
  key: string;
  value: WireDouble;
  /** In ms since 1970. */
  timestamp: number;
  step: number;
}

/** The prefix of system metrics' keys in MLflow's clients (`mlflow/system_metrics`). */
export const SYSTEM_PREFIX = "system/";

export const isSystemMetric = (key: string) => key.startsWith(SYSTEM_PREFIX);

export interface Dataset {
  name: string;
  digest: string;
  source_type: string;
  source: string;
  schema?: string;
  profile?: string;
}

export interface Run {
  info: RunInfo;
  data: { metrics?: Metric[]; params?: KeyValue[]; tags?: KeyValue[] };
  inputs?: { dataset_inputs?: { dataset: Dataset; tags?: KeyValue[] }[]; model_inputs?: { model_id: string }[] };
  outputs?: { model_outputs?: { model_id: string; step?: number }[] };
}

export interface RunSearch {
  experiment_ids: string[];
  filter?: string;
  run_view_type?: ViewType;
  order_by?: string[];
  max_results?: number;
  page_token?: string;
}

export interface RunPage {
  runs?: Run[];
  next_page_token?: string;
}

export interface RunId {
  run_id: string;
}

const PATH = `${MLFLOW}/runs`;

export async function getRun(runId: string, signal?: AbortSignal): Promise<Run> {
  return (await getJson<{ run: Run }>(`${PATH}/get`, { run_id: runId }, signal)).run;
}

export function searchRuns(search: RunSearch, signal?: AbortSignal): Promise<RunPage> {
  return postJson(`${PATH}/search`, search, signal);
}

export const runQuery = (runId: string) =>
  queryOptions({ queryKey: ["runs", "get", runId], queryFn: ({ signal }) => getRun(runId, signal) });

export const runSearchQuery = (search: RunSearch) =>
  queryOptions({ queryKey: ["runs", "search", search], queryFn: ({ signal }) => searchRuns(search, signal) });

export async function createRun(input: {
  experiment_id: string;
  run_name?: string;
  start_time: number;
  tags?: KeyValue[];
}): Promise<Run> {
  return (await postJson<{ run: Run }>(`${PATH}/create`, input)).run;
}

/** Changes the name, the status or the end time. */
export async function updateRun(
  input: RunId & { run_name?: string; status?: RunStatus; end_time?: number },
): Promise<RunInfo> {
  return (await postJson<{ run_info: RunInfo }>(`${PATH}/update`, input)).run_info;
}

export function deleteRun(input: RunId): Promise<object> {
  return postJson(`${PATH}/delete`, input);
}

export function restoreRun(input: RunId): Promise<object> {
  return postJson(`${PATH}/restore`, input);
}

export function setRunTag(input: RunId & KeyValue): Promise<object> {
  return postJson(`${PATH}/set-tag`, input);
}

export function deleteRunTag(input: RunId & { key: string }): Promise<object> {
  return postJson(`${PATH}/delete-tag`, input);
}
