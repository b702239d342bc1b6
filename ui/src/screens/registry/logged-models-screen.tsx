import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useRef } from "react";
import { experimentQuery } from "../../api/experiments.ts";
import { type LoggedModel, searchLoggedModels } from "../../api/logged-models.ts";
import { failureOf } from "../../api/query-client.ts";
import { Button, buttonClass } from "../../parts/button.tsx";
import { classNames } from "../../parts/class-names.ts";
import { formatCount } from "../../parts/format.ts";
import { type GridColumn, RowGrid } from "../../parts/row-grid.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { SearchField } from "../../parts/text-field.tsx";
import { Dash, Time } from "../../parts/values.tsx";
import { useAddressText } from "../../shell/address-text.ts";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { useCommands } from "../../shell/commands.ts";
import { MODEL_STATUS, metricsText } from "./logged-model-text.ts";
import { quoted } from "./registry-filter.ts";
import { Unreadable } from "./registry-parts.tsx";

const PAGE = 100;

const COLUMNS: GridColumn<LoggedModel>[] = [
  {
    id: "name",
    header: "Name",
    track: "minmax(120px,2fr)",
    cell: ({ info }, tabIndex) => (
      <a
        href={`#/experiments/${info.experiment_id}/models/${info.model_id}`}
        tabIndex={tabIndex}
        title={`${info.name} ${info.model_id}`}
        className="truncate rounded-sm"
      >
        {info.name}
      </a>
    ),
  },
  { id: "status", header: "Status", track: "72px", cell: ({ info }) => MODEL_STATUS[info.status] },
  {
    id: "type",
    header: "Type",
    track: "minmax(72px,1fr)",
    isWideOnly: true,
    cell: ({ info }) => (info.model_type ? <span className="truncate">{info.model_type}</span> : <Dash />),
  },
  {
    id: "metrics",
    header: "Metrics",
    track: "minmax(120px,3fr)",
    isWideOnly: true,
    cell: ({ data }) => {
      const text = metricsText(data.metrics);
      return text === "" ? (
        <Dash />
      ) : (
        <span className="truncate text-ink-muted" title={text}>
          {text}
        </span>
      );
    },
  },
  {
    id: "run",
    header: "Run",
    track: "88px",
    isWideOnly: true,
    cell: ({ info }, tabIndex) =>
      info.source_run_id ? (
        <a
          href={`#/experiments/${info.experiment_id}/runs/${info.source_run_id}`}
          tabIndex={tabIndex}
          className="truncate rounded-sm font-mono text-sm"
        >
          {info.source_run_id.slice(0, 8)}
        </a>
      ) : (
        <Dash />
      ),
  },
  {
    id: "created",
    header: "Created",
    track: "88px",
    isAtEnd: true,
    cell: ({ info }) => <Time timeMs={info.creation_timestamp_ms} />,
  },
];

/** The logged models of one experiment, newest first. */
export function LoggedModelsScreen() {
  const { experimentId } = useParams({ from: "/experiments/$experimentId/models" });
  const search = useSearch({ from: "/experiments/$experimentId/models" });
  const navigate = useNavigate({ from: "/experiments/$experimentId/models" });
  const experiment = useQuery(experimentQuery(experimentId));
  const { q = "" } = search;
  const [text, setText] = useAddressText(search.q, (next) => {
    void navigate({ search: { q: next }, replace: true });
  });
  const words = q.trim();
  const filter = words === "" ? "" : `name ILIKE ${quoted(`%${words}%`)}`;
  const pages = useInfiniteQuery({
    queryKey: ["logged-models", "list", experimentId, filter],
    queryFn: ({ pageParam, signal }) =>
      searchLoggedModels(
        {
          experiment_ids: [experimentId],
          max_results: PAGE,
          ...(filter !== "" && { filter }),
          ...(pageParam !== "" && { page_token: pageParam }),
        },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_page_token || undefined,
    placeholderData: (previous) => previous,
  });
  const label = experiment.data?.name ?? `Experiment ${experimentId}`;
  useBreadcrumbs([
    { label: "Experiments", href: "#/experiments" },
    { label, href: `#/experiments/${experimentId}` },
    { label: "Logged models" },
  ]);
  const searchBox = useRef<HTMLInputElement>(null);
  useCommands([
    {
      id: "logged-models.search",
      label: "Search in the list",
      group: "Logged models",
      keys: "/",
      run: () => searchBox.current?.focus(),
    },
    {
      id: "logged-models.runs",
      label: "Runs of the experiment",
      group: "Logged models",
      run: () => void navigate({ to: "/experiments/$ids", params: { ids: experimentId } }),
    },
  ]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  const loadMore = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const rows = pages.data?.pages.flatMap((page) => page.models ?? []);
  const missing = failureOf(experiment);
  if (missing !== undefined) {
    return (
      <Unreadable
        what="experiment"
        error={missing}
        onRetry={() => void experiment.refetch()}
        href="#/experiments"
        goTo="Go to the experiments"
      />
    );
  }
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <header className="flex shrink-0 flex-wrap items-center gap-2 px-3 py-2 wide:px-4">
        <h1 className="sr-only">Logged models of {label}</h1>
        <SearchField
          ref={searchBox}
          label="Name"
          value={text}
          onValueChange={setText}
          className="min-w-0 flex-1 wide:max-w-[360px]"
        />
        <span role="status" className="text-ink-muted">
          {rows !== undefined &&
            `${formatCount(rows.length)}${hasNextPage ? "+" : ""} ${rows.length === 1 ? "model" : "models"}`}
        </span>
        <a href={`#/experiments/${experimentId}`} className={classNames(buttonClass(), "ml-auto")}>
          Runs
        </a>
      </header>
      {pages.error !== null && rows === undefined ? (
        <ErrorState
          title="The logged models could not be loaded"
          error={pages.error}
          onRetry={() => void pages.refetch()}
        />
      ) : rows === undefined ? (
        <SkeletonRows rows={14} />
      ) : rows.length > 0 ? (
        <RowGrid
          label="Logged models"
          rows={rows}
          idOf={({ info }) => info.model_id}
          columns={COLUMNS}
          onOpen={({ info }) =>
            void navigate({
              to: "/experiments/$experimentId/models/$modelId",
              params: { experimentId, modelId: info.model_id },
            })
          }
          onEndNear={loadMore}
        />
      ) : words !== "" ? (
        <EmptyState title="No model matches" actions={<Button onClick={() => setText("")}>Empty the search</Button>} />
      ) : (
        <EmptyState title="No logged models">
          What a run logs by <code>mlflow.&lt;flavor&gt;.log_model(…)</code> is listed here.
        </EmptyState>
      )}
    </div>
  );
}
