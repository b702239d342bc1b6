import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useDeferredValue, useMemo } from "react";
import { experimentQuery } from "../../api/experiments.ts";
import { IS_SHARED } from "../../api/shared-link.ts";
import { Button, buttonClass } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { lazily } from "../../parts/lazily.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { useCommands } from "../../shell/commands.ts";
import { ShareButton } from "../share/share-button.tsx";
import { shownAddress } from "../share/shown-address.ts";
import { type ComparedRun, distinctlyNamed } from "./compared-run.ts";
import { MAX_RUNS, useComparison } from "./comparison.ts";
import { Drawing, usePreparedDrawings } from "./drawing.tsx";
import { needsEnds } from "./fields.ts";
import { MAX_MANY_RUNS, manyRunsQuery, type RunSearch } from "./many-runs.ts";
import { ManyNotices, Notices } from "./notices.tsx";
import type { PlotProps } from "./plot-parts.tsx";
import type { CompareSearch } from "./search.ts";
import { TableView } from "./table-view.tsx";

const CurvesView = lazily(async () => (await import("./curves-view.tsx")).CurvesView);
const FilesView = lazily(async () => (await import("./files/files-view.tsx")).FilesView);

const VIEWS = [
  { value: "charts", label: "Curves" },
  { value: "table", label: "Table" },
  { value: "files", label: "Files" },
  { value: "matters", label: "What matters" },
  { value: "best", label: "Best so far" },
  { value: "parallel", label: "Parallel coordinates" },
  { value: "scatter", label: "Scatter" },
  { value: "contour", label: "Contour" },
  { value: "box", label: "Box plot" },
  { value: "histogram", label: "Histogram" },
  { value: "bar", label: "Bars" },
  { value: "gantt", label: "Over time" },
] as const;

type View = (typeof VIEWS)[number]["value"];

/** Compares runs of one or several experiments. */
export function CompareScreen() {
  const search = useSearch({ from: "/compare" });
  const navigate = useNavigate({ from: "/compare" });
  const asked = useMemo(() => (search.runs ?? "").split(",").filter(Boolean), [search.runs]);
  const ids = useMemo(() => [...new Set(asked)].slice(0, MAX_RUNS), [asked]);
  const fields = [search.x, search.y, search.z, search.colour, search.size, search.by, ...(search.axes ?? [])];
  const wantsEnds =
    ((search.view ?? "table") === "table" && search.stat !== undefined && search.stat !== "last") ||
    fields.some(needsEnds);
  const isMany = search.experiments !== undefined;
  const few = useComparison(isMany ? NONE : ids, wantsEnds);
  const many = useQuery({
    ...manyRunsQuery(manySearch(search, asked), [
      ...new Set(fields.flatMap((name) => (name !== undefined && needsEnds(name) ? [name] : []))),
    ]),
    enabled: isMany,
  });
  const loaded = isMany ? many : few.loaded;
  const { ends } = few;
  const found = isMany ? (many.data?.runs ?? NO_RUNS) : few.runs;
  const runs = useMemo(() => distinctlyNamed(found), [found]);
  const listed = useMemo(() => (isMany ? runs.slice(0, MAX_RUNS) : runs), [isMany, runs]);
  usePreparedDrawings(runs);
  const missing = isMany ? NONE : few.missing;
  const hasCurves = runs.length === 0 || runs.some(({ metrics }) => metrics.size > 0);
  const { view = hasCurves ? "charts" : "table" } = search;
  // Drawing many runs takes longer than a frame: the tab answers first, and the view before stays meanwhile.
  const shownView = useDeferredValue(view);
  const change = (fields: Partial<CompareSearch>): void => {
    void navigate({
      search: (before) => ({ ...before, ...fields }),
      replace: !("view" in fields || "runs" in fields || "file" in fields),
    });
  };
  const openRun = (run: ComparedRun): void => {
    void navigate({
      to: "/experiments/$experimentId/runs/$runId",
      params: { experimentId: run.experimentId, runId: run.id },
    });
  };
  const baseline = Math.max(
    0,
    runs.findIndex(({ id }) => id === search.baseline),
  );
  const compared = isMany ? runs.length : ids.length;
  const experimentIds = [...new Set(runs.map((run) => run.experimentId))];
  const [experimentId = ""] = experimentIds;
  const experiment = useQuery({ ...experimentQuery(experimentId), enabled: experimentIds.length === 1 && !IS_SHARED });
  useBreadcrumbs([
    { label: "Experiments", href: "#/experiments" },
    ...(experimentIds.length > 0
      ? [
          {
            label:
              experimentIds.length === 1
                ? (experiment.data?.name ?? `Experiment ${experimentId}`)
                : `${experimentIds.length} experiments`,
            href: `#/experiments/${experimentIds.join(",")}`,
          },
        ]
      : []),
    { label: compared === 0 ? "Compare runs" : `Compare ${formatCount(compared)} ${compared === 1 ? "run" : "runs"}` },
  ]);
  useCommands(
    VIEWS.map(({ value, label }) => ({
      id: `compare.${value}`,
      label: `Compare by: ${label}`,
      group: "Compare",
      isDisabled: value === view,
      run: () => change({ view: value }),
    })),
  );
  if (ids.length === 0 && !isMany) {
    return (
      <EmptyState
        title="No runs to compare"
        actions={
          <a href="#/experiments" className={buttonClass("primary")}>
            Choose an experiment
          </a>
        }
      >
        Select two runs or more in the table of an experiment, then compare them.
      </EmptyState>
    );
  }
  if (loaded.data === undefined) {
    return loaded.isError ? (
      <ErrorState title="The runs could not be loaded." error={loaded.error} onRetry={() => void loaded.refetch()} />
    ) : (
      <SkeletonRows rows={16} />
    );
  }
  const share = !IS_SHARED && runs.length > 0 && (
    <ShareButton
      name={`Comparison of ${formatCount(compared)} runs`}
      thing={{
        ...(isMany ? { experiment_ids: search.experiments?.split(",") ?? [] } : { run_ids: runs.map(({ id }) => id) }),
        address: shownAddress(),
      }}
      experimentIds={experimentIds}
    />
  );
  const drop = (gone: readonly string[]): void => change({ runs: ids.filter((id) => !gone.includes(id)).join(",") });
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <h1 className="sr-only">Compare runs</h1>
      {isMany && many.data !== undefined ? (
        <ManyNotices {...many.data} asked={asked.length} isTable={view === "table"} />
      ) : (
        <Notices asked={asked.length} missing={missing} onDrop={() => drop(missing)} />
      )}
      {runs.length === 0 ? (
        isMany ? (
          <EmptyState title="No run matches">The filter of this comparison finds no run.</EmptyState>
        ) : (
          missing.length === ids.length && (
            <EmptyState
              title="These runs do not exist"
              actions={
                <a href="#/experiments" className={buttonClass("primary")}>
                  Go to the experiments
                </a>
              }
            >
              They may have been deleted for good, or the address is of another server.
            </EmptyState>
          )
        )
      ) : (
        <Tabs<View>
          label="Compare by"
          value={view}
          onValueChange={(next) => change({ view: next })}
          tabs={VIEWS}
          end={share}
          className="min-h-0"
        >
          {ends.isError && wantsEnds && (
            <p role="alert" className="shrink-0 bg-danger-surface px-3 py-1.5 wide:px-4 text-danger">
              The least and greatest values could not be loaded: {ends.error.message}{" "}
              <Button kind="quiet" onClick={() => void ends.refetch()}>
                Try again
              </Button>
            </p>
          )}
          {shownView === "table" ? (
            <TableView {...{ search, change, openRun, baseline }} runs={listed} isMovable={!isMany} />
          ) : (
            <Plot {...{ view: shownView, runs, search, change, openRun, baseline }} />
          )}
        </Tabs>
      )}
    </div>
  );
}

const NONE: readonly string[] = [];
const NO_RUNS: readonly ComparedRun[] = [];

function manySearch(
  { experiments = "", filter, sort = [], deleted = false }: CompareSearch,
  runIds: string[],
): RunSearch {
  const experimentIds = experiments.split(",").filter(Boolean);
  return { experimentIds, filter, orderBy: sort, runIds: runIds.slice(0, MAX_MANY_RUNS), isDeleted: deleted };
}

type ViewProps = Omit<PlotProps, "choice"> & { baseline: number };

function Plot({ view, baseline, ...props }: ViewProps & { view: Exclude<View, "table"> }) {
  const fallback = <SkeletonRows rows={14} />;
  switch (view) {
    case "charts":
      return <CurvesView runs={props.runs} fallback={fallback} />;
    case "files":
      return <FilesView {...{ ...props, baseline, fallback }} />;
    default:
      return <Drawing view={view} {...props} />;
  }
}
