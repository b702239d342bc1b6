import { queryOptions } from "@tanstack/react-query";
import { postJson } from "./client.ts";
import type { RunStatus } from "./runs.ts";
import type { LifecycleStage, ViewType } from "./wire.ts";

/** Doubles that JSON lacks come as "NaN", "Infinity" and "-Infinity". */
export type Cell = string | number | null;

/** What every row has, column by column. Times are in ms since 1970. */
export interface RunColumns {
  run_id: string[];
  experiment_id: string[];
  run_name: string[];
  status: RunStatus[];
  lifecycle_stage: LifecycleStage[];
  start_time: (number | null)[];
  /** Null while the run goes on. */
  end_time: (number | null)[];
  /** When the latest metric of a run that says RUNNING was logged; null for others. */
  last_metric_time: (number | null)[];
  user_id: string[];
  parent_run_id: (string | null)[];
  /** What the tag `mlflow.runColor` says: `#rrggbb`, or whatever else somebody wrote. */
  run_colour: (string | null)[];
  source_name: (string | null)[];
}

export interface RunTableSearch {
  experiment_ids: string[];
  filter?: string;
  order_by?: string[];
  run_view_type?: ViewType;
  /** As filters spell fields: `metrics.acc` (the latest), `min(metrics.acc)`, `params.lr`, `` tags.`a b` ``. */
  columns: string[];
  /** At most 10,000, and fewer where there are more than 50 columns. */
  max_results?: number;
  page_token?: string;
  /** Asks for `total`. */
  count?: boolean;
}

export interface RunTable {
  /** Of all runs that match, whatever the page. */
  total?: number;
  next_page_token?: string;
  /** False where over a thousand runs are logging: their metrics may be up to 60 s old. */
  is_exact: boolean;
  runs: RunColumns;
  /** By the spelling in the search, as long as `runs.run_id`. */
  columns: Record<string, Cell[]>;
}

export function readRunTable(search: RunTableSearch, signal?: AbortSignal): Promise<RunTable> {
  return postJson("ui-api/runs", search, signal);
}

export const runTableQuery = (search: RunTableSearch) =>
  queryOptions({
    queryKey: ["runs", "table", search],
    queryFn: ({ signal }) => readRunTable(search, signal),
  });
