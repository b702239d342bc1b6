import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { type RunTable, type RunTableSearch, readRunTable } from "../../api/run-table.ts";
import { type RunRow, rowsOf } from "./run-rows.ts";

/** The first page is small, so that the first row is there soon; the others follow by themselves. */
const FIRST_PAGE = 200;
const PAGE = 5000;
/** More runs than this are not kept in the page: a filter finds them. */
export const MAX_ROWS = 50_000;

/** How often rows are read anew while a run in sight goes on, in ms. */
const LIVE_PERIOD_MS = 3000;

/** How often the runs are counted, to see whether some have come or gone, in ms. */
const COUNT_PERIOD_MS = 5000;

export interface LoadedRuns {
  rows: readonly RunRow[];
  /** Of all that match; undefined before the first answer. */
  total: number | undefined;
  isComplete: boolean;
  isExact: boolean;
  error: Error | null;
  isLoading: boolean;
  retry: () => void;
}

type Search = Omit<RunTableSearch, "page_token" | "max_results" | "count">;

const rowsOfPage = new WeakMap<RunTable, RunRow[]>();

/** A page's rows, made once: another page that arrives, or a count, costs nothing for those that are there. */
function knownRows(page: RunTable): RunRow[] {
  const known = rowsOfPage.get(page);
  if (known !== undefined) return known;
  const rows = rowsOf(page);
  rowsOfPage.set(page, rows);
  return rows;
}

/** All runs that match, page after page. */
export function useRuns(search: Search): LoadedRuns {
  const query = useInfiniteQuery({
    queryKey: ["runs", "table", "all", search],
    queryFn: ({ pageParam, signal }) =>
      readRunTable(
        pageParam === ""
          ? { ...search, max_results: FIRST_PAGE, count: true }
          : { ...search, max_results: PAGE, page_token: pageParam },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_page_token,
    placeholderData: (before) => before,
    refetchInterval: ({ state }) => {
      const pages = state.data?.pages ?? [];
      const first = pages[0];
      // All pages are read again: what is long is only read anew when something changes here.
      return pages.length <= 2 && first?.runs.status.includes("RUNNING") ? LIVE_PERIOD_MS : false;
    },
  });
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage, isPlaceholderData } = query;
  const rows = useMemo(() => (data?.pages ?? []).flatMap(knownRows), [data]);
  const total = data?.pages[0]?.total;
  useNewRuns(search, isPlaceholderData || query.isError ? undefined : total);
  const wantsMore =
    hasNextPage && !isFetchingNextPage && !isPlaceholderData && rows.length < MAX_ROWS && !query.isError;
  useEffect(() => {
    if (wantsMore) void fetchNextPage();
  }, [wantsMore, fetchNextPage]);
  return {
    rows,
    total,
    isComplete: data !== undefined && !hasNextPage,
    isExact: data?.pages.every((page) => page.is_exact) ?? true,
    error: query.error,
    isLoading: query.isPending,
    retry: () => void query.refetch(),
  };
}

/** Has the rows and keys loaded anew when runs have come or gone. */
function useNewRuns(search: Search, total: number | undefined): void {
  const client = useQueryClient();
  const { experiment_ids, filter, run_view_type } = search;
  const { data, dataUpdatedAt } = useQuery({
    queryKey: ["runs", "count", experiment_ids, filter, run_view_type],
    queryFn: ({ signal }) =>
      readRunTable({ ...search, order_by: [], columns: [], max_results: 1, count: true }, signal),
    enabled: total !== undefined,
    refetchInterval: COUNT_PERIOD_MS,
  });
  const count = data?.total;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another count says anything new
  useEffect(() => {
    if (count === undefined || total === undefined || count === total) return;
    void client.invalidateQueries({ queryKey: ["runs", "table"] });
    void client.invalidateQueries({ queryKey: ["keys"] });
  }, [count, dataUpdatedAt]);
}
