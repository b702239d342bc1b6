import { queryOptions } from "@tanstack/react-query";
import { postBinary } from "./client.ts";
import { type GroupSeries, type LatestValues, parseGroupSeries, parseSeries, type Series } from "./series-frames.ts";

export type { GroupSeries, LatestValues, Series };

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
  /** How points with the same x are joined if x is a metric, such as all steps of an epoch. Absent, they are not joined. */
  same_x?: SameX;
}

export type SameX = "mean" | "last";

/** Runs that do not exist are left out; a metric that a run has not is a series without points. */
export async function readSeries(search: SeriesSearch, signal?: AbortSignal): Promise<Series[]> {
  return parseSeries(await postBinary("ui-api/series", search, signal));
}

export interface GroupSeriesSearch extends SeriesSearch {
  /** Of each run of `run_ids`, 10,000 at most, the number of its group. */
  group_of: number[];
}

/** The mean curve of each group that has a run. */
export async function readGroupSeries(search: GroupSeriesSearch, signal?: AbortSignal): Promise<GroupSeries[]> {
  return parseGroupSeries(await postBinary("ui-api/group-series", search, signal));
}

export const seriesQuery = (search: SeriesSearch) =>
  queryOptions({
    queryKey: ["series", search],
    queryFn: ({ signal }) => readSeries(search, signal),
  });
