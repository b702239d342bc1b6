import { useQueries, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Download, Group, LineChart, MoreHorizontal } from "lucide-react";
import { type KeyboardEvent, lazy, Suspense, useMemo, useRef, useState } from "react";
import { ApiError } from "../../api/client.ts";
import { experimentQuery } from "../../api/experiments.ts";
import { spell } from "../../api/field-spelling.ts";
import { keysQuery } from "../../api/keys.ts";
import { Button, IconButton } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { Menu, type MenuEntry } from "../../parts/menu.tsx";
import { SplitPane } from "../../parts/split-pane.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { Segmented } from "../../parts/toggles.tsx";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { useCommands } from "../../shell/commands.ts";
import type { Doing } from "./bulk-dialogs.tsx";
import { ColumnChooser } from "./column-chooser.tsx";
import { QueryBox } from "./query-box.tsx";
import { defaultColumns, differs, nextSort, parseColumn, type RunColumn } from "./run-columns.ts";
import { groupLabel, groupRows, nest, type RunRow, type TableRow } from "./run-rows.ts";
import { RunsGrid } from "./runs-grid.tsx";
import { SavedViews } from "./saved-views.tsx";
import { MAX_ROWS, useRuns } from "./use-runs.ts";

const BulkDialogs = lazy(() => import("./bulk-dialogs.tsx"));
const ChartsPanel = lazy(() =>
  import("../../charts/charts-panel.tsx").then((module) => ({ default: module.ChartsPanel })),
);

/** Fields that every row has of itself: no column of the answer. */
const OWN = new Set([
  "attributes.start_time",
  "duration",
  "attributes.user_id",
  "source",
  "attributes.experiment_id",
  "attributes.run_id",
]);
const MAX_COMPARED = 100;

export function RunsScreen() {
  const { ids } = useParams({ from: "/experiments/$ids" });
  const search = useSearch({ from: "/experiments/$ids" });
  const navigate = useNavigate({ from: "/experiments/$ids" });
  const experimentIds = useMemo(() => [...new Set(ids.split(",").filter(Boolean))], [ids]);
  const { q = "", view = "active", sort = [], group = [], pinned = [], hidden = [] } = search;
  const change = (patch: Partial<typeof search>): void => {
    void navigate({ search: (before) => ({ ...before, ...patch }), replace: true });
  };

  const experiments = useQueries({ queries: experimentIds.map((id) => experimentQuery(id)) });
  const keys = useQuery(keysQuery(experimentIds));
  const spellings = useMemo(
    () => search.columns ?? defaultColumns(keys.data, experimentIds.length > 1),
    [search.columns, keys.data, experimentIds],
  );
  const columns = useMemo(
    () =>
      spellings
        .map(parseColumn)
        .filter((column): column is RunColumn => column !== undefined)
        .filter((column) => !search.diff || differs(column, keys.data)),
    [spellings, search.diff, keys.data],
  );
  const asked = [...new Set([...columns.map((column) => column.spelling), ...group])].filter(
    (spelling) => !OWN.has(spelling),
  );
  const loaded = useRuns({
    experiment_ids: experimentIds,
    ...(q !== "" && { filter: q }),
    ...(sort.length > 0 && { order_by: sort }),
    run_view_type: view === "deleted" ? "DELETED_ONLY" : "ACTIVE_ONLY",
    columns: asked,
  });

  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [doing, setDoing] = useState<Doing>();
  const box = useRef<{ focus: () => void }>(null);
  const pins = useMemo(() => new Set(pinned), [pinned]);
  const runs = useMemo(() => {
    const out = new Set(hidden);
    const seen = loaded.rows.filter((row) => !out.has(row.id));
    return [...seen.filter((row) => pins.has(row.id)), ...seen.filter((row) => !pins.has(row.id))];
  }, [loaded.rows, hidden, pins]);
  const rows: readonly TableRow[] = useMemo(() => {
    if (group.length > 0) return groupRows(runs, group, open);
    return search.nested ? nest(runs, open) : runs;
  }, [runs, group, search.nested, open]);

  const names = experiments.map(({ data }, at) => data?.name ?? experimentIds[at]!);
  useBreadcrumbs([{ label: "Experiments", href: "#/experiments" }, { label: names.join(", ") }]);

  const chosen = runs.filter((row) => selected.has(row.id));
  const hrefOf = (row: RunRow): string => `#/experiments/${row.experimentId}/runs/${row.id}`;
  const openRun = (row: RunRow): void => {
    void navigate({
      to: "/experiments/$experimentId/runs/$runId",
      params: { experimentId: row.experimentId, runId: row.id },
    });
  };
  const toggleOpen = (id: string): void => {
    const next = new Set(open);
    if (!next.delete(id)) next.add(id);
    setOpen(next);
  };
  const targets = (row?: RunRow): string[] =>
    chosen.length > 0 ? chosen.map(({ id }) => id) : row === undefined ? [] : [row.id];
  const togglePinned = (of: readonly string[]): void => {
    const isOn = of.every((id) => pins.has(id));
    const others = pinned.filter((id) => !of.includes(id));
    change({ pinned: orNothing(isOn ? others : [...others, ...of]) });
  };
  const hide = (of: readonly string[]): void => {
    change({ hidden: [...new Set([...hidden, ...of])] });
    setSelected(new Set());
  };
  const compare = (of: readonly string[]): void => {
    void navigate({ to: "/compare", search: { runs: of.slice(0, MAX_COMPARED).join(",") } });
  };
  const onRowKey = (event: KeyboardEvent, row: RunRow): void => {
    if (event.key === "Delete" && view === "active") setDoing({ kind: "delete", ids: targets(row) });
    else if (event.key === "p") togglePinned(targets(row));
    else if (event.key === "h") hide(targets(row));
    else if (event.key === "t") setDoing({ kind: "tag", ids: targets(row) });
    else return;
    event.preventDefault();
  };
  const downloadCsv = async (): Promise<void> => {
    const { runsCsv } = await import("./runs-csv.ts");
    const url = URL.createObjectURL(new Blob([runsCsv(runs, columns)], { type: "text/csv" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `runs-${experimentIds.join("-").slice(0, 60)}.csv`;
    link.click();
    URL.revokeObjectURL(url);
  };
  const isCsvReady = loaded.isComplete && runs.length > 0;
  const setView = (next: "active" | "deleted"): void => {
    setSelected(new Set());
    change({ view: next === "active" ? undefined : next });
  };
  useCommands([
    { id: "runs.filter", label: "Filter the runs", group: "Runs", keys: "/", run: () => box.current?.focus() },
    {
      id: "runs.charts",
      label: search.charts ? "Close the charts" : "Show charts beside the table",
      group: "Runs",
      keys: "v",
      run: () => change({ charts: search.charts ? undefined : true }),
    },
    {
      id: "runs.compare",
      label: "Compare the selected runs",
      group: "Runs",
      keys: "m",
      isDisabled: chosen.length < 2,
      run: () => compare(targets()),
    },
    {
      id: "runs.diff",
      label: "Only columns that differ",
      group: "Runs",
      run: () => change({ diff: search.diff ? undefined : true }),
    },
    {
      id: "runs.csv",
      label: "Download the runs as CSV",
      group: "Runs",
      isDisabled: !isCsvReady,
      run: () => void downloadCsv(),
    },
  ]);

  const groupable = [
    ...(keys.data?.params ?? []).filter((key) => key.differs).map(({ key }) => spell("param", key)),
    ...(keys.data?.tags ?? [])
      .filter((key) => key.differs && !key.key.startsWith("mlflow."))
      .map(({ key }) => spell("tag", key)),
  ].slice(0, 40);
  const groupEntries: MenuEntry[] = [
    ...groupable.map((spelling) => ({
      label: spelling,
      isChecked: group.includes(spelling),
      onSelect: () =>
        change({
          group: orNothing(group.includes(spelling) ? group.filter((one) => one !== spelling) : [...group, spelling]),
        }),
    })),
    ...(groupable.length > 0 ? [null] : []),
    {
      label: "Children below their parents",
      isChecked: search.nested ?? false,
      onSelect: () => change({ nested: search.nested ? undefined : true, group: undefined }),
    },
    ...(group.length > 0 ? [{ label: "No groups", onSelect: () => change({ group: undefined }) }] : []),
  ];
  const moreEntries: MenuEntry[] = [
    {
      label: "Download as CSV",
      icon: <Download size={14} aria-hidden />,
      isDisabled: !isCsvReady,
      onSelect: () => void downloadCsv(),
    },
    ...(hidden.length > 0
      ? [{ label: `Show the ${formatCount(hidden.length)} hidden`, onSelect: () => change({ hidden: undefined }) }]
      : []),
    ...(sort.length > 0 ? [{ label: "Newest first", onSelect: () => change({ sort: undefined }) }] : []),
  ];

  const isMistake = loaded.error !== null && q !== "" && isBadRequest(loaded.error);
  const missing = experiments.find(({ isError }) => isError);
  const table =
    loaded.isLoading && loaded.rows.length === 0 ? (
      <SkeletonRows rows={16} />
    ) : loaded.error !== null && !isMistake && loaded.rows.length === 0 ? (
      <ErrorState
        title={missing ? "The experiment could not be loaded." : "The runs could not be loaded."}
        error={loaded.error}
        onRetry={loaded.retry}
      />
    ) : rows.length === 0 ? (
      <NoRuns
        isFiltered={q !== ""}
        view={view}
        isHidden={hidden.length > 0}
        onClear={() => change({ q: undefined, hidden: undefined })}
      />
    ) : (
      <RunsGrid
        rows={rows}
        columns={columns}
        sort={sort}
        onSort={(spelling, isAdded) => change({ sort: orNothing(nextSort(sort, spelling, isAdded)) })}
        selected={selected}
        onSelect={setSelected}
        pinned={pins}
        onToggle={toggleOpen}
        hrefOf={hrefOf}
        onOpen={openRun}
        onRowKey={onRowKey}
      />
    );
  const drawn = chosen.length > 0 ? chosen : runs;
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <header className="flex shrink-0 flex-wrap items-start gap-2 px-3 py-2 wide:px-4">
        <h1 className="sr-only">Runs of {names.join(", ")}</h1>
        <QueryBox
          ref={box}
          value={q}
          onSubmit={(next) => change({ q: next || undefined })}
          keys={keys.data}
          error={isMistake ? loaded.error!.message : undefined}
        />
        <Segmented
          label="Which runs"
          value={view}
          onValueChange={setView}
          segments={[
            { value: "active", label: "Active" },
            { value: "deleted", label: "Trash" },
          ]}
        />
        <div className="ml-auto flex flex-wrap items-center gap-2">
          <Button
            aria-pressed={search.charts ?? false}
            icon={<LineChart size={14} aria-hidden />}
            onClick={() => change({ charts: search.charts ? undefined : true })}
          >
            Charts
          </Button>
          <Menu
            align="end"
            trigger={
              <Button icon={<Group size={14} aria-hidden />}>
                {group.length > 0 ? `Group (${group.length})` : "Group"}
              </Button>
            }
            entries={groupEntries}
          />
          <ColumnChooser
            keys={keys.data}
            columns={spellings}
            onChange={(next) => change({ columns: next })}
            onReset={() => change({ columns: undefined, diff: undefined })}
            isDiff={search.diff ?? false}
            onDiff={(isOn) => change({ diff: isOn || undefined })}
          />
          {experimentIds.length === 1 && <SavedViews experimentId={experimentIds[0]!} />}
          <Menu
            align="end"
            trigger={<IconButton label="More" icon={<MoreHorizontal size={14} aria-hidden />} />}
            entries={moreEntries}
          />
        </div>
      </header>
      <div className="flex min-h-8 shrink-0 flex-wrap items-center gap-2 px-3 pb-1 wide:px-4">
        <span role="status" className="text-ink-muted">
          {countText(loaded.total, loaded.rows.length, chosen.length, hidden.length)}
          {!loaded.isExact && ", metrics of running ones up to a minute old"}
        </span>
        {chosen.length > 0 && (
          <>
            <Button disabled={chosen.length < 2} onClick={() => compare(targets())}>
              Compare
            </Button>
            <Button onClick={() => togglePinned(targets())}>
              {chosen.every((row) => pins.has(row.id)) ? "Unpin" : "Pin"}
            </Button>
            <Button onClick={() => hide(targets())}>Hide</Button>
            <Button onClick={() => setDoing({ kind: "tag", ids: targets() })}>Tag</Button>
            {view === "active" ? (
              <Button kind="danger" onClick={() => setDoing({ kind: "delete", ids: targets() })}>
                Delete
              </Button>
            ) : (
              <Button onClick={() => setDoing({ kind: "restore", ids: targets() })}>Restore</Button>
            )}
            <Button kind="quiet" onClick={() => setSelected(new Set())}>
              Clear
            </Button>
          </>
        )}
      </div>
      {search.charts ? (
        <SplitPane
          label="Width of the table"
          settingName="runs.table"
          initial={560}
          min={260}
          max={1600}
          first={<div className="flex min-h-60 min-w-0 flex-1 flex-col wide:min-h-0">{table}</div>}
          second={
            <Suspense fallback={<SkeletonRows rows={6} />}>
              <ChartsPanel
                runs={drawn.map((row) => ({
                  id: row.id,
                  name: row.name,
                  status: row.status,
                  ...(group.length > 0 && { group: groupLabel(row, group) }),
                }))}
                metricKeys={keys.data?.metrics.map(({ key }) => key) ?? []}
                onNewKeys={() => void keys.refetch()}
                onRun={() => loaded.retry()}
              />
            </Suspense>
          }
        />
      ) : (
        table
      )}
      <Suspense>
        {doing !== undefined && (
          <BulkDialogs
            doing={doing}
            onClose={() => {
              setDoing(undefined);
              setSelected(new Set());
            }}
          />
        )}
      </Suspense>
    </div>
  );
}

const orNothing = (list: string[]): string[] | undefined => (list.length > 0 ? list : undefined);

function isBadRequest(error: Error): boolean {
  return error instanceof ApiError && error.code === "INVALID_PARAMETER_VALUE";
}

function countText(total: number | undefined, loaded: number, selected: number, hidden: number): string {
  if (selected > 0) return `${formatCount(selected)} selected`;
  if (total === undefined) return "";
  const shown = loaded < Math.min(total, MAX_ROWS) ? `, ${formatCount(loaded)} loaded` : "";
  const capped = total > MAX_ROWS && loaded >= MAX_ROWS ? `, the first ${formatCount(MAX_ROWS)} are listed` : "";
  const out = hidden > 0 ? `, ${formatCount(hidden)} hidden` : "";
  return `${formatCount(total)} ${total === 1 ? "run" : "runs"}${shown}${capped}${out}`;
}

interface NoRunsProps {
  isFiltered: boolean;
  view: "active" | "deleted";
  isHidden: boolean;
  onClear: () => void;
}

function NoRuns({ isFiltered, view, isHidden, onClear }: NoRunsProps) {
  if (isFiltered || isHidden) {
    return (
      <EmptyState
        title="No run matches"
        actions={<Button onClick={onClear}>{isHidden ? "Show all runs" : "Empty the filter"}</Button>}
      >
        Filters are written as mlflow.search_runs takes them, with OR, NOT, brackets and min(), max(), first() as well.
      </EmptyState>
    );
  }
  if (view === "deleted") return <EmptyState title="The trash is empty">Deleted runs can be restored here.</EmptyState>;
  return (
    <EmptyState title="No runs yet">
      Log one into this experiment: <code className="whitespace-nowrap">with mlflow.start_run(): …</code>. It appears
      here by itself.
    </EmptyState>
  );
}
