import { useInfiniteQuery } from "@tanstack/react-query";
import { type ComponentProps, type ReactNode, useCallback, useRef } from "react";
import { ApiError } from "../../api/client.ts";
import { Button } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { RowGrid } from "../../parts/row-grid.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { SearchField } from "../../parts/text-field.tsx";
import { useCommands } from "../../shell/commands.ts";

interface Answer {
  next_page_token?: string;
}

interface PageRequest {
  max_results: number;
  page_token?: string;
}

/** The rows of a search, page after page. While the next search loads, the rows are those of the search before. */
export function useSearchPages<Page extends Answer, Row>(of: {
  queryKey: readonly unknown[];
  perPage: number;
  read: (page: PageRequest, signal: AbortSignal) => Promise<Page>;
  rowsOf: (page: Page) => readonly Row[] | undefined;
}) {
  const query = useInfiniteQuery({
    queryKey: of.queryKey,
    queryFn: ({ pageParam, signal }) =>
      of.read({ max_results: of.perPage, ...(pageParam !== "" && { page_token: pageParam }) }, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_page_token || undefined,
    placeholderData: (previous) => previous,
  });
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const loadMore = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return {
    rows: query.data?.pages.flatMap((page) => of.rowsOf(page) ?? []),
    error: query.error,
    hasMore: hasNextPage,
    loadMore,
    retry: () => void query.refetch(),
  };
}

type Grid<Row> = Omit<ComponentProps<typeof RowGrid<Row>>, "label" | "rows" | "onEndNear">;

interface SearchListProps<Row> extends Grid<Row> {
  /** Begins the ids of its commands. */
  id: string;
  /** The heading of the page. */
  title: string;
  /** The name of the list. */
  label: string;
  /** The words for one row, and for several. */
  words: readonly [one: string, several: string];
  /** What the search field takes. */
  hint: string;
  text: string;
  setText: (text: string) => void;
  /** Whether the rows are those of a search, and not all. */
  isSearch: boolean;
  found: ReturnType<typeof useSearchPages<Answer, Row>>;
  /** At the end of the head. */
  action: ReactNode;
  /** Stands for the rows if there are none without a search. */
  empty: ReactNode;
}

/** The page of a list with a search field and a count. Further rows load as the reader scrolls. */
export function SearchList<Row>(props: SearchListProps<Row>) {
  const { id, title, label, words, hint, text, setText, isSearch, found, action, empty, ...grid } = props;
  const { rows, error, hasMore, loadMore, retry } = found;
  const [one, several] = words;
  const searchBox = useRef<HTMLInputElement>(null);
  useCommands([
    {
      id: `${id}.search`,
      label: "Search in the list",
      group: label,
      keys: "/",
      run: () => searchBox.current?.focus(),
    },
  ]);
  const emptySearch = <Button onClick={() => setText("")}>Empty the search</Button>;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <header className="flex shrink-0 flex-wrap items-center gap-2 px-3 py-2 wide:px-4">
        <h1 className="sr-only">{title}</h1>
        <SearchField
          ref={searchBox}
          label={hint}
          value={text}
          onValueChange={setText}
          className="min-w-0 flex-1 basis-full wide:max-w-[360px] wide:basis-auto"
        />
        <span role="status" className="text-ink-muted">
          {rows !== undefined &&
            `${formatCount(rows.length)}${hasMore ? "+" : ""} ${rows.length === 1 ? one : several}`}
        </span>
        <div className="ml-auto">{action}</div>
      </header>
      {error !== null && rows === undefined ? (
        isSearch && error instanceof ApiError && error.status === 400 ? (
          <ErrorState title="The search could not be read" error={error}>
            {emptySearch}
          </ErrorState>
        ) : (
          <ErrorState title={`The ${label.toLowerCase()} could not be loaded`} error={error} onRetry={retry} />
        )
      ) : rows === undefined ? (
        <SkeletonRows rows={14} />
      ) : rows.length > 0 ? (
        <RowGrid {...grid} label={label} rows={rows} onEndNear={loadMore} />
      ) : isSearch ? (
        <EmptyState title={`No ${one} matches`} actions={emptySearch} />
      ) : (
        empty
      )}
    </div>
  );
}
