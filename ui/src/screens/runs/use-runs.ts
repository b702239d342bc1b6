import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { ApiError, isWorthRepeating } from "../../api/client.ts";
import { type RunTable, type RunTableSearch, readRunTable } from "../../api/run-table.ts";
import { learnColours } from "../../charts/run-colour.ts";
import { type RunRow, rowsOf } from "./run-rows.ts";
import { useLiveRows } from "./use-live-rows.ts";

/**
 * The first page is small, so that the first row is there soon; the others follow by themselves. With many columns pages
 * have fewer rows: reading one must not hold the page up while it is scrolled.
 */
const FIRST_PAGE = { rows: 200, cells: 30_000 };
const PAGE = { rows: 5000, cells: 150_000 };
/** With more rows than this, others are not counted as often. */
const MANY_ROWS = 5000;
/** More runs than this are not kept in the page: a filter finds them. */
export const MAX_ROWS = 50_000;

/** How often the runs are counted, to see whether some have come or gone, in ms; more seldom where all are read anew. */
const COUNT_PERIOD_MS = 5000;
const LONG_COUNT_PERIOD_MS = 30_000;

export interface LoadedRuns {
  rows: readonly RunRow[];
  /** What the rows are ordered by: that of the search before, until its rows are here. */
  sort: readonly string[];
  /** The rows are those of the search before, as the server has not answered this one. */
  isPrevious: boolean;
  /** Of all that match; undefined before the first answer. */
  total: number | undefined;
  isComplete: boolean;
  isExact: boolean;
  /** What the server found wrong with the filter; the rows are then those of the filter before. */
  mistake: Error | undefined;
  /** Why there are no rows. */
  error: Error | undefined;
  isLoading: boolean;
  retry: () => void;
}

export type TableSearch = Omit<RunTableSearch, "page_token" | "max_results" | "count">;

const NO_SORT: readonly string[] = [];

const rowsOfPage = new WeakMap<RunTable, RunRow[]>();

/** A page's rows, made once: another page that arrives, or a count, costs nothing for those that are there. */
function knownRows(page: RunTable): RunRow[] {
  const known = rowsOfPage.get(page);
  if (known !== undefined) return known;
  const rows = rowsOf(page);
  const { run_id, run_colour } = page.runs;
  queueMicrotask(() => learnColours(run_id.map((id, at) => [id, run_colour[at] ?? null])));
  rowsOfPage.set(page, rows);
  return rows;
}

function sizeOf({ rows, cells }: typeof PAGE, { columns }: TableSearch): number {
  return Math.min(rows, Math.floor(cells / Math.max(columns.length, 1)));
}

interface Following {
  /** Whether the search is one that will stay: else only its first page is read. */
  isSettled: boolean;
  /** Tells the runs in sight, which are kept up to date while they go on. */
  inSight: RefObject<() => readonly RunRow[]>;
}

/** All runs that match, page after page, and as they go on. */
export function useRuns(search: TableSearch, { isSettled, inSight }: Following): LoadedRuns {
  const query = useInfiniteQuery({
    queryKey: ["runs", "table", "all", search],
    queryFn: ({ pageParam, signal }) =>
      readRunTable(
        pageParam === ""
          ? { ...search, max_results: sizeOf(FIRST_PAGE, search), count: true }
          : { ...search, max_results: sizeOf(PAGE, search), page_token: pageParam },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_page_token,
    placeholderData: (before) => before,
    // What changes in between is seen by counting and by asking about the runs in sight.
    staleTime: 30_000,
    // To compare every cell with what was there before takes longer than to show it.
    structuralSharing: false,
  });
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isPlaceholderData, refetch } = query;
  const [kept, setKept] = useState({ data: query.data, sort: search.order_by ?? NO_SORT });
  if (query.data !== undefined && !isPlaceholderData && query.data !== kept.data) {
    setKept({ data: query.data, sort: search.order_by ?? NO_SORT });
  }
  const mistake = isMistake(query.error, search) ? query.error : undefined;
  // What was read before outlives a mistake, and a server that is away.
  const outlives = mistake !== undefined || isWorthRepeating(query.error);
  const pages = (query.data ?? (outlives ? kept.data : undefined))?.pages;

  const read = useMemo(() => (pages ?? []).flatMap(knownRows), [pages]);
  const isShort = (pages?.length ?? 0) <= 1 && !hasNextPage;
  const rows = useLiveRows(read, { search, inSight, onChange: isShort ? () => void refetch() : undefined });
  const total = pages?.[0]?.total;
  useNewRuns(search, isPlaceholderData || query.isError ? undefined : total);
  const wantsMore =
    isSettled && hasNextPage && !isFetchingNextPage && !isPlaceholderData && read.length < MAX_ROWS && !query.isError;
  useEffect(() => {
    if (wantsMore) void fetchNextPage();
  }, [wantsMore, fetchNextPage]);
  return {
    rows,
    total,
    isComplete: query.data !== undefined && !hasNextPage,
    isExact: pages?.every((page) => page.is_exact) ?? true,
    mistake,
    sort: kept.sort,
    isPrevious: pages !== undefined && (query.data === undefined || (isPlaceholderData && query.failureCount > 0)),
    error: mistake === undefined && pages === undefined && query.error !== null ? query.error : undefined,
    isLoading: query.isPending,
    retry: () => void refetch(),
  };
}

/** Whether the server refused the filter; what is wrong with an order or a column has its own words. */
function isMistake(error: Error | null, { filter }: TableSearch): error is ApiError {
  return (
    error instanceof ApiError &&
    error.code === "INVALID_PARAMETER_VALUE" &&
    filter !== undefined &&
    !/order_by|^Invalid column/.test(error.message)
  );
}

/** Has the rows and keys loaded anew when runs have come or gone. */
function useNewRuns(search: TableSearch, total: number | undefined): void {
  const client = useQueryClient();
  const { experiment_ids, filter, run_view_type } = search;
  const { data } = useQuery({
    queryKey: ["runs", "count", experiment_ids, filter, run_view_type],
    queryFn: ({ signal }) =>
      readRunTable({ ...search, order_by: [], columns: [], max_results: 1, count: true }, signal),
    enabled: total !== undefined,
    refetchInterval: total !== undefined && total > MANY_ROWS ? LONG_COUNT_PERIOD_MS : COUNT_PERIOD_MS,
  });
  // As many may have come as gone: then the newest is another.
  const mark = data && `${data.total} ${data.runs.run_id[0]}`;
  const lastMark = useRef(mark);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another mark says anything new
  useEffect(() => {
    const isOther = lastMark.current !== undefined && lastMark.current !== mark;
    lastMark.current = mark;
    if (data === undefined || total === undefined || (data.total === total && !isOther)) return;
    void client.invalidateQueries({ queryKey: ["runs", "table"] });
    void client.invalidateQueries({ queryKey: ["keys"] });
  }, [mark]);
}
