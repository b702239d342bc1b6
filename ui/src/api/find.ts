import { getJson } from "./client.ts";

/** Things whose name contains a text, or whose id matches it: up to eight of each kind. */
export interface FoundThings {
  experiments: { experiment_id: string; name: string }[];
  runs: { run_id: string; experiment_id: string; run_name: string }[];
  models: { name: string }[];
}

export function findByText(text: string, signal?: AbortSignal): Promise<FoundThings> {
  return getJson("ui-api/find", { text }, signal);
}
