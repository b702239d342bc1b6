import { queryOptions } from "@tanstack/react-query";
import { getJson } from "./client.ts";
import type { Experiment } from "./experiments.ts";
import type { KeyValue } from "./wire.ts";

export interface ListedExperiment extends Experiment {
  tags: KeyValue[];
  active_runs: number;
  deleted_runs: number;
  /** Active runs whose status is RUNNING. */
  running_runs: number;
  /** The time of the latest start, end or logged point of an active run, in ms since 1970; null if there is none. */
  last_activity: number | null;
}

/** All experiments, deleted ones too, ordered by name. */
export async function listExperiments(signal?: AbortSignal): Promise<ListedExperiment[]> {
  return (await getJson<{ experiments: ListedExperiment[] }>("ui-api/experiments", {}, signal)).experiments;
}

export const experimentListQuery = () =>
  queryOptions({
    queryKey: ["experiments", "list"],
    queryFn: ({ signal }) => listExperiments(signal),
  });
