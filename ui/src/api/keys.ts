import { queryOptions } from "@tanstack/react-query";
import { getJson } from "./client.ts";

export interface DistinctKey {
  key: string;
  /** How many runs have the key. */
  runs: number;
  /** Whether the key distinguishes runs: some runs lack it, or its values differ. */
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
