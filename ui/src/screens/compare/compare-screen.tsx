import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Images } from "lucide-react";
import { lazy, Suspense, useMemo, useRef, useState } from "react";
import { experimentListQuery } from "../../api/experiment-list.ts";
import { experimentQuery } from "../../api/experiments.ts";
import { Button, buttonClass } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import { SearchField } from "../../parts/text-field.tsx";
import { say, sayFailed } from "../../parts/toast.tsx";
import { Segmented, Switch } from "../../parts/toggles.tsx";
import { useAddressText } from "../../shell/address-text.ts";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { useCommands } from "../../shell/commands.ts";
import { compareRows, type Stat } from "./compare-rows.ts";
import { CompareTable } from "./compare-table.tsx";
import type { ComparedRun } from "./compared-run.ts";
import { MAX_RUNS, useComparison } from "./comparison.ts";
import { fieldChoice, needsEnds } from "./fields.ts";
import { findSharedImage } from "./first-image.ts";
import { MAX_MANY_RUNS, type ManyRuns, manyRunsQuery, type RunSearch } from "./many-runs.ts";
import type { PlotProps } from "./plot-parts.tsx";
import type { CompareSearch } from "./search.ts";

const MattersView = lazy(async () => ({ default: (await import("./matters/matters-view.tsx")).MattersView }));
const ParallelView = lazy(async () => ({ default: (await import("./parallel-view.tsx")).ParallelView }));
const ScatterView = lazy(async () => ({ default: (await import("./scatter-view.tsx")).ScatterView }));
const ContourView = lazy(async () => ({ default: (await import("./contour-view.tsx")).ContourView }));
const BoxView = lazy(async () => ({ default: (await import("./box-view.tsx")).BoxView }));

const VIEWS = [
  { value: "table", label: "Table" },
  { value: "matters", label: "What matters" },
  { value: "parallel", label: "Parallel coordinates" },
  { value: "scatter", label: "Scatter" },
  { value: "contour", label: "Contour" },
  { value: "box", label: "Box plot" },
] as const;

type View = (typeof VIEWS)[number]["value"];

/** Runs, of one experiment or several, beside each other. */
export function CompareScreen() {
  const search = useSearch({ from: "/compare" });
  const navigate = useNavigate({ from: "/compare" });
  const { view = "table" } = search;
  const asked = useMemo(() => (search.runs ?? "").split(",").filter(Boolean), [search.runs]);
  const ids = useMemo(() => [...new Set(asked)].slice(0, MAX_RUNS), [asked]);
  const fields = [search.x, search.y, search.z, search.colour, search.size, search.by, ...(search.axes ?? [])];
  const wantsEnds = (view === "table" && search.stat !== undefined && search.stat !== "last") || fields.some(needsEnds);
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
  const runs = isMany ? (many.data?.runs ?? NO_RUNS) : few.runs;
  const missing = isMany ? NONE : few.missing;
  const change = (fields: Partial<CompareSearch>): void => {
    void navigate({ search: (before) => ({ ...before, ...fields }), replace: !("view" in fields || "runs" in fields) });
  };
  const openRun = (run: ComparedRun): void => {
    void navigate({
      to: "/experiments/$experimentId/runs/$runId",
      params: { experimentId: run.experimentId, runId: run.id },
    });
  };
  const compared = isMany ? runs.length : ids.length;
  const experimentIds = [...new Set(runs.map((run) => run.experimentId))];
  const [experimentId = ""] = experimentIds;
  const experiment = useQuery({ ...experimentQuery(experimentId), enabled: experimentIds.length === 1 });
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
          {view === "table" ? (
            <TableView
              runs={isMany ? runs.slice(0, MAX_RUNS) : runs}
              search={search}
              change={change}
              openRun={openRun}
            />
          ) : (
            <Suspense fallback={<SkeletonRows rows={14} />}>
              <Plot view={view} runs={runs} search={search} change={change} openRun={openRun} />
            </Suspense>
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

/** What of many runs, or of their fields, is not shown. */
function ManyNotices({ runs, total, leftOut, asked, isTable }: ManyRuns & { asked: number; isTable: boolean }) {
  const words = [
    Math.max(asked, total) > runs.length &&
      `${formatCount(runs.length)} of ${formatCount(Math.max(asked, total))} runs are compared.`,
    isTable &&
      runs.length > MAX_RUNS &&
      `The table has the first ${MAX_RUNS} of ${formatCount(runs.length)} runs; the drawings have all.`,
    leftOut > 0 && `${formatCount(leftOut)} parameters and metrics are left out: those that fewest runs have.`,
  ].filter((text) => text !== false);
  if (words.length === 0) return null;
  return (
    <p role="status" className="shrink-0 bg-surface px-3 py-1 text-ink-muted wide:px-4">
      {words.join(" ")}
    </p>
  );
}

interface NoticesProps {
  asked: number;
  missing: readonly string[];
  onDrop: () => void;
}

function Notices({ asked, missing, onDrop }: NoticesProps) {
  const words = [
    asked > MAX_RUNS && `Of ${asked} runs the first ${MAX_RUNS} are compared.`,
    missing.length > 0 &&
      `${missing.length === 1 ? "One run does" : `${missing.length} runs do`} not exist: ${missing.slice(0, 3).join(", ")}${missing.length > 3 ? "…" : ""}`,
  ].filter((text) => text !== false);
  if (words.length === 0) return null;
  return (
    <div
      role="status"
      className="flex shrink-0 flex-wrap items-center gap-2 bg-warning-surface px-3 py-1 text-warning wide:px-4"
    >
      <span className="min-w-0 wrap-anywhere">{words.join(" ")}</span>
      {missing.length > 0 && (
        <Button kind="quiet" className="text-warning" onClick={onDrop}>
          Remove from comparison
        </Button>
      )}
    </div>
  );
}

type ViewProps = Omit<PlotProps, "choice">;

function Plot({ view, ...props }: ViewProps & { view: Exclude<View, "table"> }) {
  const choice = useMemo(() => fieldChoice(props.runs), [props.runs]);
  switch (view) {
    case "matters":
      return <MattersView {...props} choice={choice} />;
    case "parallel":
      return <ParallelView {...props} choice={choice} />;
    case "scatter":
      return <ScatterView {...props} choice={choice} />;
    case "contour":
      return <ContourView {...props} choice={choice} />;
    case "box":
      return <BoxView {...props} choice={choice} />;
  }
}

const STATS = [
  { value: "last", label: "Last" },
  { value: "min", label: "Min" },
  { value: "max", label: "Max" },
  { value: "all", label: "All" },
] as const;

const ALL_STATS: readonly Stat[] = ["last", "min", "max"];

function TableView({ runs, search, change, openRun }: ViewProps) {
  const { q = "", diff = false, stat = "last" } = search;
  const [text, setText] = useAddressText(search.q, (next) => change({ q: next }));
  const searchBox = useRef<HTMLInputElement>(null);
  const experiments = useQuery(experimentListQuery()).data;
  const rows = useMemo(() => {
    const names = new Map(experiments?.map(({ experiment_id, name }) => [experiment_id, name]));
    return compareRows(runs, {
      words: q,
      isDifferingOnly: diff,
      stats: stat === "all" ? ALL_STATS : [stat],
      experimentName: (id) => names.get(id) ?? id,
    });
  }, [runs, q, diff, stat, experiments]);
  useCommands([
    { id: "compare.find", label: "Find a row", group: "Compare", keys: "/", run: () => searchBox.current?.focus() },
    {
      id: "compare.diff",
      label: diff ? "Show all rows" : "Show only what differs",
      group: "Compare",
      keys: "d",
      run: () => change({ diff: diff ? undefined : true }),
    },
  ]);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-2 border-line border-b px-3 py-2 wide:px-4">
        <SearchField
          ref={searchBox}
          label="Find a row"
          value={text}
          onValueChange={setText}
          className="min-w-0 basis-full wide:w-60 wide:basis-auto"
        />
        <Switch label="Only what differs" isOn={diff} onChange={(isOn) => change({ diff: isOn || undefined })} />
        <Segmented
          label="Value of metrics"
          value={stat}
          onValueChange={(next) => change({ stat: next === "last" ? undefined : next })}
          segments={STATS}
        />
        {runs.length < 2 && <span className="text-ink-muted">Select another run to compare this one with.</span>}
        <ImagesLink runs={runs} />
      </div>
      {rows.length === 0 ? (
        <EmptyState
          title={q === "" ? "Nothing differs" : "No row matches"}
          actions={
            <Button
              onClick={() => {
                setText("");
                change({ q: undefined, diff: undefined });
              }}
            >
              Show all rows
            </Button>
          }
        >
          {q === "" ? "These runs have the same parameters, metrics and tags." : "Names of rows were searched."}
        </EmptyState>
      ) : (
        <CompareTable runs={runs} rows={rows} onRuns={(next) => change({ runs: next.join(",") })} openRun={openRun} />
      )}
    </div>
  );
}

/** To an image that one of these runs has, beside those of the others. */
function ImagesLink({ runs }: { runs: readonly ComparedRun[] }) {
  const navigate = useNavigate();
  const [isSearching, setSearching] = useState(false);
  if (runs.length < 2) return null;
  const open = async (): Promise<void> => {
    setSearching(true);
    try {
      const found = await findSharedImage(runs.map(({ id }) => id));
      const of = runs.find(({ id }) => id === found?.runId);
      if (found === undefined || of === undefined) {
        say("None of these runs has an image.");
        return;
      }
      const others = runs.map(({ id }) => id).filter((id) => id !== of.id);
      await navigate({
        to: "/experiments/$experimentId/runs/$runId",
        params: { experimentId: of.experimentId, runId: of.id },
        search: { tab: "artifacts", path: found.path, runs: others.join(",") },
      });
    } catch (error) {
      sayFailed("The artifacts could not be listed.", error);
    } finally {
      setSearching(false);
    }
  };
  return (
    <Button
      kind="quiet"
      icon={<Images size={14} aria-hidden />}
      disabled={isSearching}
      onClick={() => void open()}
      className="wide:ml-auto"
    >
      Images side by side
    </Button>
  );
}
