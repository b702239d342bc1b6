import { type UseQueryResult, useQueries, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, lazy, Suspense, useCallback, useMemo, useRef, useState } from "react";
import { type Experiment, experimentQuery } from "../../api/experiments.ts";
import { keysQuery } from "../../api/keys.ts";
import { useChange } from "../../api/query-client.ts";
import type { TableSearch } from "../../api/run-table.ts";
import { updateRun } from "../../api/runs.ts";
import { groupStyle } from "../../charts/group-style.ts";
import { HoverStore } from "../../charts/hover.ts";
import { PANEL_KINDS, type Panel, type PanelKind } from "../../charts/panels/panel-search.ts";
import { useRunStyles } from "../../charts/run-colour.ts";
import { lazily } from "../../parts/lazily.tsx";
import { SplitPane } from "../../parts/split-pane.tsx";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { sayFailed } from "../../parts/toast.tsx";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { useRunRights } from "../access/rights.ts";
import type { Doing } from "./bulk-dialogs.tsx";
import { readQuery } from "./filter-words.ts";
import { NoRuns } from "./no-runs.tsx";
import { ReportHeader } from "./report-header.tsx";
import { defaultColumns, defaultCount, differs, parseColumn, type RunColumn } from "./run-columns.ts";
import { runMenu } from "./run-menu.tsx";
import type { RunRow, TableRow } from "./run-rows.ts";
import { RunsGrid } from "./runs-grid.tsx";
import { comparisonOf, crumbsOf, MAX_COMPARED, reportOf } from "./runs-links.ts";
import { RunsToolbar } from "./runs-toolbar.tsx";
import { SelectionBar } from "./selection-bar.tsx";
import { useCsv } from "./use-csv.ts";
import { useFirstView } from "./use-first-view.ts";
import { useImportantParams } from "./use-important-params.ts";
import { useRuns } from "./use-runs.ts";
import { useRunsCommands } from "./use-runs-commands.ts";
import { type RunsView, useRunsView } from "./use-runs-view.ts";
import { useSelection } from "./use-selection.ts";
import {
  selectionOf,
  useChartGroups,
  useNamed,
  useNumberColumns,
  useOwnGroups,
  useTableRows,
} from "./use-table-rows.ts";

const BulkDialogs = lazy(() => import("./bulk-dialogs.tsx"));
const ComparePanel = lazily(async () => (await import("../compare/compare-panel.tsx")).ComparePanel);
const ChartsPanel = lazily(async () => (await import("../../charts/charts-panel.tsx")).ChartsPanel);

/** The number of runs that charts draw. These runs stay up to date even if their rows are out of sight. */
const MAX_DRAWN = 100;

/** If more runs are pinned, they come first but scroll with the others, because they would fill the table. */
const MAX_STUCK = 8;

/** The table's default width beside charts. */
const BESIDE_CHARTS_PX = 560;

const NONE: readonly string[] = [];
const PANELS = Object.keys(PANEL_KINDS) as PanelKind[];

/** The runs of one or several experiments. */
export function RunsScreen() {
  const view = useRunsView();
  // The key drops all state when the address names other experiments.
  return <RunsOf key={view.experimentIds.join()} view={view} />;
}

function RunsOf({ view }: { view: RunsView }) {
  const { experimentIds, search, change, onToggle } = view;
  const { q = "", sort = NONE, group = NONE, pinned = NONE, fixed = NONE, hidden = NONE } = search;
  const navigate = useNavigate();
  const { experimentNames, missing, only } = useQueries({
    queries: experimentIds.map((id) => experimentQuery(id)),
    combine: summarise,
  });
  const keys = useQuery(keysQuery(experimentIds));
  const rights = useRunRights(experimentIds);
  const important = useImportantParams(experimentIds, keys.data, search.columns === undefined);
  const spellings = useMemo(() => {
    const count = defaultCount(search.charts ? BESIDE_CHARTS_PX : innerWidth);
    const of = { isSeveral: experimentIds.length > 1, isGrouped: group.length > 0, count, important };
    return search.columns ?? defaultColumns(keys.data, of);
  }, [search.columns, search.charts, keys.data, experimentIds, group, important]);
  const shownColumns = useMemo(
    () =>
      [...new Set(spellings)]
        .map(parseColumn)
        .filter((column): column is RunColumn => column !== undefined)
        .filter((column) => !search.diff || differs(column, keys.data)),
    [spellings, search.diff, keys.data],
  );
  // The charts emphasize the run under the pointer in the table.
  const [hover] = useState(() => new HoverStore());
  const inSight = useRef<() => readonly RunRow[]>(() => []);
  const followed = useRef(inSight.current);
  const query = useMemo(() => readQuery(q), [q]);
  const panelGroups = (search.panels ?? []).flatMap((panel) => panel.group ?? NONE);
  const filter = query.kind === "filter" ? query.filter : "";
  const table: Omit<TableSearch, "columns"> = {
    experiment_ids: [...experimentIds],
    ...(filter !== "" && { filter }),
    ...(sort.length > 0 && { order_by: [...sort] }),
    run_view_type: search.view === "deleted" ? "DELETED_ONLY" : "ACTIVE_ONLY",
  };
  const found = useRuns(
    // Sorted, so that moving a column does not reload the rows.
    {
      ...table,
      columns: [...new Set([...shownColumns.flatMap(({ field }) => field ?? []), ...group, ...panelGroups])].sort(),
    },
    { isSettled: search.columns !== undefined || !keys.isPending, inSight: followed },
  );
  const loaded = useNamed(found, query);
  const columns = useNumberColumns(shownColumns, loaded.rows);
  const { runs, groups, rows, isTree, isNested, pinned: first } = useTableRows(loaded.rows, search);

  const [selected, setSelected] = useSelection(experimentIds.join());
  const [doing, setDoing] = useState<Doing>();
  const [renaming, setRenaming] = useState<string>();
  const rename = useChange(updateRun, ["runs"]);
  const box = useRef<{ focus: () => void }>(null);
  const pins = useMemo(() => new Set(pinned), [pinned]);
  const selection = useMemo(() => selectionOf(groups, selected), [groups, selected]);
  const chosen = useMemo(() => runs.filter((row) => selected.has(row.id)), [runs, selected]);
  const drawn = chosen.length > 0 ? chosen : runs;
  const chartGroups = useChartGroups(loaded, groups, chosen.length > 0 ? selected : undefined);
  const ownGroups = useOwnGroups(loaded, runs, keys.data, chosen.length > 0 ? selected : undefined);
  const groupStyles = useMemo(
    () => chartGroups && new Map(chartGroups.map(({ label }, index) => [label, groupStyle(index)])),
    [chartGroups],
  );
  const hasCharts = search.charts || search.report !== undefined;
  // Without charts the table chooses how runs look, as charts would.
  const marked = useMemo(() => (hasCharts ? NONE : drawn.slice(0, MAX_DRAWN).map(({ id }) => id)), [hasCharts, drawn]);
  useRunStyles(marked);
  followed.current = () => [...inSight.current(), ...(hasCharts ? drawn.slice(0, MAX_DRAWN) : [])];
  const clear = (): void => setSelected(new Set());

  useFirstView(only, search, change);
  const title = experimentIds.map((id) => experimentNames[id] ?? id).join(", ");
  useBreadcrumbs([{ label: "Experiments", href: "#/experiments" }, ...crumbsOf(only?.name ?? title)]);

  const openRun = ({ id, experimentId }: RunRow): void => {
    void navigate({ to: "/experiments/$experimentId/runs/$runId", params: { experimentId, runId: id } });
  };
  const compare = (of: readonly string[]): void => {
    // A comparison of all listed runs has the filter in its address; any other comparison has the runs' ids.
    const isAll = loaded.isComplete && of.length === loaded.total && query.kind === "filter";
    void navigate({ to: "/compare", search: comparisonOf(of, { view, filter: isAll ? filter : undefined }) });
  };
  const onRowKey = (event: KeyboardEvent, row: RunRow): void => {
    const ids = chosen.length > 0 ? chosen.map(({ id }) => id) : [row.id];
    if (event.key === "Delete" ? !rights.mayManage : ["F2", "t"].includes(event.key) && !rights.mayEdit) return;
    if (event.key === "Delete" && search.view !== "deleted") setDoing({ kind: "delete", ids });
    else if (event.key === "F2" && search.view !== "deleted") setRenaming(row.id);
    else if (event.key === "p") view.onPin(ids);
    else if (event.key === "h") view.onHide(ids);
    else if (event.key === "t") setDoing({ kind: "tag", ids });
    else return;
    event.preventDefault();
  };
  // Panels show the selected runs, those that are not hidden, or those found by a part of their names, or else all runs.
  const isSome = chosen.length > 0 || hidden.length > 0 || query.kind === "name";
  const runSearch = {
    ...{ experimentIds, filter: filter || undefined, orderBy: sort, isDeleted: search.view === "deleted" },
    runIds: isSome ? drawn.slice(0, MAX_COMPARED).map(({ id }) => id) : NONE,
  };
  const { download, downloadAll } = useCsv({ table, runs, columns, query });
  const onRename = useCallback(
    ({ id, name: before }: RunRow, name: string | undefined): void => {
      setRenaming(undefined);
      if (name === undefined) return;
      rename.mutate(
        { run_id: id, run_name: name },
        { onError: (error) => sayFailed(`${before} could not be renamed.`, error) },
      );
    },
    [rename.mutate],
  );
  const off = useMemo(() => new Set(search.chartOff), [search.chartOff]);
  const isDownloadable = loaded.isComplete && runs.length > 0;
  const makeReport = (): void => change(reportOf(title, search));
  useRunsCommands({
    view,
    onFilter: () => box.current?.focus(),
    onCompare: chosen.length < 2 ? undefined : () => compare(chosen.map(({ id }) => id)),
    onReport: makeReport,
    onDownload: isDownloadable ? download : undefined,
  });

  const drawing = {
    kinds: PANELS,
    draw: (panel: Panel, onPlot: (plot: Panel["plot"]) => void) => (
      <ComparePanel
        {...{ panel, onPlot }}
        search={runSearch}
        asked={isSome ? drawn.length : (loaded.total ?? 0)}
        fallback={<SkeletonRows rows={5} />}
      />
    ),
  };
  const grid =
    loaded.isLoading && !missing ? (
      <SkeletonRows rows={16} />
    ) : rows.length === 0 || missing ? (
      <NoRuns {...{ loaded, view, missing }} />
    ) : (
      <RunsGrid
        {...{ rows, isTree, columns, fixed, onToggle, onRowKey, inSight, experimentNames }}
        sort={loaded.sort}
        stuck={first > MAX_STUCK ? 0 : first}
        isGrouped={group.length > 0}
        spread={search.spread ?? "std"}
        groupStyles={groupStyles}
        actions={view.columnActions(spellings)}
        selected={selection.shown}
        onSelect={(next) => setSelected(selection.take(next))}
        pinned={pins}
        onOpen={openRun}
        onEye={search.charts ? view.onEye : undefined}
        {...{ off, renaming, onRename }}
        menuOf={(row) =>
          runMenu(row, {
            view,
            chosen: chosen.map(({ id }) => id),
            rights,
            onOpen: openRun,
            onRename: ({ id }) => setRenaming(id),
            onDo: setDoing,
            onCompare: compare,
          })
        }
      />
    );
  const charts = (
    <ChartsPanel
      fallback={<SkeletonRows rows={6} />}
      hover={hover}
      of={drawn.length}
      runs={drawn.slice(0, MAX_DRAWN).map(({ id, name, status, experimentId }) => ({
        ...{ id, name, status, experimentId },
      }))}
      {...{ ownGroups }}
      groups={chartGroups}
      metricKeys={loaded.isLoading ? undefined : keys.data?.metrics.map(({ key }) => key)}
      onNewKeys={() => void keys.refetch()}
      drawing={drawing}
      isReport={search.report !== undefined}
    />
  );
  if (search.report !== undefined && !missing) {
    return (
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <ReportHeader
          title={search.report}
          subject={title}
          runs={drawn.length}
          filter={q}
          onTitle={(report) => change({ report })}
          experimentIds={experimentIds}
          onTable={() => change({ report: undefined })}
        />
        {charts}
      </div>
    );
  }
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <h1 className="sr-only">Runs of {title}</h1>
      <RunsToolbar
        {...{ view, box, isNested, title }}
        keys={keys.data}
        columns={spellings}
        mistake={loaded.mistake?.message}
        onView={(next) => {
          clear();
          change({ view: next === "active" ? undefined : next, hidden: undefined, pinned: undefined });
        }}
        onDownload={isDownloadable ? download : undefined}
        onDownloadAll={downloadAll}
        onReport={makeReport}
      />
      {!missing && (
        <SelectionBar
          {...{ title, loaded, view, chosen, rights, runs }}
          experiment={only}
          onDo={setDoing}
          onCompare={compare}
          onClear={clear}
        />
      )}
      {search.charts ? (
        <SplitPane
          label="Width of the table"
          settingName="runs.table"
          initial={560}
          min={260}
          max={1600}
          first={
            // biome-ignore lint/a11y/noStaticElementInteractions: the pointer's targets are the rows inside
            <div
              className="flex min-h-60 min-w-0 flex-1 flex-col wide:min-h-0"
              onPointerOver={(event) => hover.pointAtLine(runAt(event.target, rows))}
              onPointerLeave={() => hover.pointAtLine(undefined)}
              onFocus={(event) => hover.pointAtLine(runAt(event.target, rows))}
              onBlur={() => hover.pointAtLine(undefined)}
            >
              {grid}
            </div>
          }
          second={
            keys.isLoadingError ? (
              <ErrorState
                title="The metrics could not be loaded"
                error={keys.error}
                onRetry={() => void keys.refetch()}
              />
            ) : (
              charts
            )
          }
        />
      ) : (
        grid
      )}
      <Suspense>
        {doing !== undefined && <BulkDialogs doing={doing} onClose={() => setDoing(undefined)} onGone={clear} />}
      </Suspense>
    </div>
  );
}

/** The id of the run in whose row an element is. */
function runAt(target: EventTarget, rows: readonly TableRow[]): string | undefined {
  const index = target instanceof Element && target.closest<HTMLElement>("[data-index]")?.dataset.index;
  const row = index ? rows[Number(index)] : undefined;
  return row?.kind === "run" ? row.id : undefined;
}

/** The experiments' names by id, and the error if one could not be read. */
function summarise(experiments: readonly UseQueryResult<Experiment>[]) {
  const known = experiments.flatMap(({ data }) => data ?? []);
  return {
    /** The experiment, if there is only one. */
    only: experiments.length === 1 ? experiments[0]?.data : undefined,
    experimentNames: Object.fromEntries(known.map(({ experiment_id, name }) => [experiment_id, name])),
    missing: experiments.find(({ isError }) => isError)?.error,
  };
}
