import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { ApiError, isWorthRepeating } from "../../api/client.ts";
import { type RunTable, readRunTable, type TableSearch } from "../../api/run-table.ts";
import { learnColours } from "../../charts/run-colour.ts";
import { type RunRow, rowsOf } from "./run-rows.ts";
import { useLiveRows } from "./use-live-rows.ts";

/**
 * The first page is small, so that the first row appears soon. The other pages follow by themselves. Pages with many columns
 * have fewer rows, because parsing a large answer would interrupt scrolling.
 */
const FIRST_PAGE = { rows: 200, cells: 30_000 };
const PAGE = { rows: 5000, cells: 150_000 };
/** With more rows than this, the page counts new runs less often. */
const MANY_ROWS = 5000;
/** The page keeps at most this many runs. A filter finds the others. */
export const MAX_ROWS = 50_000;

/** How often the page counts the runs to notice new and deleted runs, in ms. A change reloads all rows. */
const COUNT_PERIOD_MS = 5000;
const LONG_COUNT_PERIOD_MS = 30_000;

export interface LoadedRuns {
  rows: readonly RunRow[];
  /** The order of the rows: the previous search's order until the new rows have loaded. */
  sort: readonly string[];
  /** Whether the rows belong to the previous search, because the server has not answered this search. */
  isPrevious: boolean;
  /** The number of matching runs; undefined before the first answer. */
  total: number | undefined;
  isComplete: boolean;
  isExact: boolean;
  /** The server's error for the filter. The rows are then those of the previous filter. */
  mistake: Error | undefined;
  /** The error if there are no rows because of one. */
  error: Error | undefined;
  isLoading: boolean;
  retry: () => void;
}

const NO_SORT: readonly string[] = [];

const rowsOfPage = new WeakMap<RunTable, RunRow[]>();

/** A page's rows, made once, so that a further page or a count costs nothing for the existing rows. */
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
  /** Whether the search is final. Until then only its first page is read. */
  isSettled: boolean;
  /** Returns the runs in sight. They stay up to date while they run. */
  inSight: RefObject<() => readonly RunRow[]>;
}

/** All matching runs, page after page, kept up to date. */
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
    // The count and the polling of visible runs notice changes in between.
    staleTime: 30_000,
    // Comparing every cell with its previous value takes longer than rendering.
    structuralSharing: false,
  });
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isPlaceholderData, refetch } = query;
  const [kept, setKept] = useState({ data: query.data, sort: search.order_by ?? NO_SORT });
  if (query.data !== undefined && !isPlaceholderData && query.data !== kept.data) {
    setKept({ data: query.data, sort: search.order_by ?? NO_SORT });
  }
  const mistake = isMistake(query.error, search) ? query.error : undefined;
  // The previous rows stay if the filter has an error, or if the server is unreachable.
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
    // `query.data` decides, not `pages`: while other columns load, `pages` may be only a part of the earlier search.
    isComplete: query.data !== undefined && query.data.pages.at(-1)?.next_page_token === undefined,
    isExact: pages?.every((page) => page.is_exact) ?? true,
    mistake,
    sort: kept.sort,
    isPrevious: pages !== undefined && (query.data === undefined || (isPlaceholderData && query.failureCount > 0)),
    error: mistake === undefined && pages === undefined && query.error !== null ? query.error : undefined,
    isLoading: query.isPending,
    retry: () => void refetch(),
  };
}

/** Whether the server refused the filter. Errors of an order or of a column have other texts. */
function isMistake(error: Error | null, { filter }: TableSearch): error is ApiError {
  return (
    error instanceof ApiError &&
    error.code === "INVALID_PARAMETER_VALUE" &&
    filter !== undefined &&
    !/order_by|^Invalid column/.test(error.message)
  );
}

/** Reloads the rows and keys when runs were created or deleted. */
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
  // The same number of runs may have been created and deleted; then the newest run differs.
  const mark = data && `${data.total} ${data.runs.run_id[0]}`;
  const lastMark = useRef(mark);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a different mark means a change
  useEffect(() => {
    const isOther = lastMark.current !== undefined && lastMark.current !== mark;
    lastMark.current = mark;
    if (data === undefined || total === undefined || (data.total === total && !isOther)) return;
    void client.invalidateQueries({ queryKey: ["runs", "table"] });
    void client.invalidateQueries({ queryKey: ["keys"] });
  }, [mark]);
}
