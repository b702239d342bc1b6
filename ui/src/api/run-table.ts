import { queryOptions } from "@tanstack/react-query";
import { postJson } from "./client.ts";
import type { RunStatus } from "./runs.ts";
import type { LifecycleStage, ViewType } from "./wire.ts";

/** Doubles that JSON lacks come as "NaN", "Infinity" and "-Infinity". */
export type Cell = string | number | null;

/** The fields of every row, column by column. Times are in ms since 1970. */
export interface RunColumns {
  run_id: string[];
  experiment_id: string[];
  run_name: string[];
  status: RunStatus[];
  lifecycle_stage: LifecycleStage[];
  start_time: (number | null)[];
  /** Null until the run ends. */
  end_time: (number | null)[];
  /** The time at which a run with the status RUNNING logged its latest metric; null for other runs. */
  last_metric_time: (number | null)[];
  user_id: string[];
  parent_run_id: (string | null)[];
  /** The value of the tag `mlflow.runColor`: `#rrggbb`, or any other text that somebody wrote. */
  run_colour: (string | null)[];
  source_name: (string | null)[];
}

export interface RunTableSearch {
  experiment_ids: string[];
  filter?: string;
  order_by?: string[];
  run_view_type?: ViewType;
  /** Fields in the spelling of filters: `metrics.acc` (the latest), `min(metrics.acc)`, `params.lr`, `` tags.`a b` ``. */
  columns: string[];
  /** At most 10,000, and fewer with more than 50 columns. */
  max_results?: number;
  page_token?: string;
  /** Requests `total`. */
  count?: boolean;
}

/** A search of the table's runs, whichever page. */
export type TableSearch = Omit<RunTableSearch, "page_token" | "max_results" | "count">;

export interface RunTable {
  /** The number of all matching runs on all pages. */
  total?: number;
  next_page_token?: string;
  /** False if the server could not ask all live runs: the metrics of the others may be 8 minutes old. */
  is_exact: boolean;
  runs: RunColumns;
  /** Columns by their spelling in the search, each as long as `runs.run_id`. */
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
