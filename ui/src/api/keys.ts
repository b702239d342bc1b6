import { queryOptions } from "@tanstack/react-query";
import { getJson } from "./client.ts";

export interface DistinctKey {
  key: string;
  /** How many runs have it. */
  runs: number;
  /** Whether it tells the runs apart: not all have it, or not all the same value. */
  differs: boolean;
}

/** The keys of the active runs of some experiments, sorted. */
export interface DistinctKeys {
  metrics: DistinctKey[];
  params: DistinctKey[];
  tags: DistinctKey[];
  /** How many active runs there are. */
  runs: number;
}

export function listKeys(experimentIds: readonly string[], signal?: AbortSignal): Promise<DistinctKeys> {
  return getJson("ui-api/keys", { experiment_ids: experimentIds }, signal);
}

export const keysQuery = (experimentIds: readonly string[]) =>
  queryOptions({
    queryKey: ["keys", experimentIds],
    queryFn: ({ signal }) => listKeys(experimentIds, signal),
  });
