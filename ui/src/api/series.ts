import { queryOptions } from "@tanstack/react-query";
import { postBinary } from "./client.ts";
import { parseSeries, type Series } from "./series-frames.ts";

export type { Series };

/** `relative`: ms since the run's start. `metric:<key>`: the value of that metric at the same step. */
export type SeriesX = "step" | "time" | "relative" | `metric:${string}`;

export interface SeriesSearch {
  /** At most 100. */
  run_ids: string[];
  metric_keys: string[];
  x?: SeriesX;
  /** The range of x, both ends included. */
  from?: number;
  to?: number;
  /** Parts of the range: one a pixel or two is enough. 500 by default. */
  buckets?: number;
}

/** Runs that do not exist are left out; a metric that a run has not is a series without points. */
export async function readSeries(search: SeriesSearch, signal?: AbortSignal): Promise<Series[]> {
  return parseSeries(await postBinary("ui-api/series", search, signal));
}

export const seriesQuery = (search: SeriesSearch) =>
  queryOptions({
    queryKey: ["series", search],
    queryFn: ({ signal }) => readSeries(search, signal),
  });
