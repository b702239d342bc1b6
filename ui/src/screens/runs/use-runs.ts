import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { type RunTableSearch, readRunTable } from "../../api/run-table.ts";
import { type RunRow, rowsOf } from "./run-rows.ts";

/** The first page is small, so that the first row is there soon; the others follow by themselves. */
const FIRST_PAGE = 200;
const PAGE = 5000;
/** More runs than this are not kept in the page: a filter finds them. */
export const MAX_ROWS = 50_000;

/** How often rows are read anew while a run in sight goes on, in ms. */
const LIVE_PERIOD_MS = 3000;

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

/** All runs that match, page after page. */
export function useRuns(search: Omit<RunTableSearch, "page_token" | "max_results" | "count">): LoadedRuns {
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
  const rows = useMemo(() => (data?.pages ?? []).flatMap(rowsOf), [data]);
  const wantsMore =
    hasNextPage && !isFetchingNextPage && !isPlaceholderData && rows.length < MAX_ROWS && !query.isError;
  useEffect(() => {
    if (wantsMore) void fetchNextPage();
  }, [wantsMore, fetchNextPage]);
  return {
    rows,
    total: data?.pages[0]?.total,
    isComplete: data !== undefined && !hasNextPage,
    isExact: data?.pages.every((page) => page.is_exact) ?? true,
    error: query.error,
    isLoading: query.isPending,
    retry: () => void query.refetch(),
  };
}
