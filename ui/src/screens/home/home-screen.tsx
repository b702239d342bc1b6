import { useQuery } from "@tanstack/react-query";
import { FlaskConical, Play, Star } from "lucide-react";
import { lazy, type ReactNode, Suspense } from "react";
import { experimentListQuery, type ListedExperiment } from "../../api/experiment-list.ts";
import { type RunTable, runTableQuery } from "../../api/run-table.ts";
import type { RunStatus } from "../../api/runs.ts";
import { Status } from "../../parts/badges.tsx";
import { IconButton } from "../../parts/button.tsx";
import { classNames } from "../../parts/class-names.ts";
import { useNow } from "../../parts/clock.ts";
import { formatCount, formatDuration, formatRelative, formatTime } from "../../parts/format.ts";
import { shownStatus } from "../../parts/run-status.ts";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { type Place, toggleFavourite, usePlaces } from "../../shell/places.ts";

const FirstRun = lazy(() => import("../experiments/first-run.tsx"));

const MAX_LISTED = 8;
/** The page looks for runs in this many experiments with the latest activity. */
const MAX_EXPERIMENTS = 200;
const REFRESH_MS = 5000;

/** Three columns; of two, the first has the experiments below the runs. */
const GRID =
  "grid w-full max-w-[2560px] gap-x-8 gap-y-6 px-3 py-4 wide:grid-cols-2 wide:grid-rows-[auto_1fr] wide:px-4 " +
  "wide:min-[1800px]:grid-cols-3 wide:min-[1800px]:grid-rows-1";
const COLUMN = "flex min-w-0 flex-col gap-6";

/** The home page: live runs, failed runs, and the pages that the reader visited. */
export function HomeScreen() {
  useBreadcrumbs([{ label: "Home" }]);
  const list = useQuery({ ...experimentListQuery(), refetchInterval: REFRESH_MS });
  const favourites = usePlaces("favourite");
  const recent = usePlaces("recent");
  const nowMs = useNow();
  if (list.data === undefined) {
    return list.isError ? (
      <ErrorState title="The experiments could not be loaded" error={list.error} onRetry={() => void list.refetch()} />
    ) : (
      <SkeletonRows rows={14} />
    );
  }
  const experiments = list.data
    .filter(({ lifecycle_stage }) => lifecycle_stage === "active")
    .toSorted((a, b) => activityMs(b) - activityMs(a));
  const names = new Map(experiments.map(({ experiment_id, name }) => [experiment_id, name]));
  const ids = experiments.slice(0, MAX_EXPERIMENTS).map(({ experiment_id }) => experiment_id);
  const running = experiments.reduce((sum, { running_runs }) => sum + running_runs, 0);
  const hasRuns = experiments.some(({ active_runs }) => active_runs > 0);
  return (
    <div className="flex min-h-0 flex-1 flex-col overflow-y-auto">
      <h1 className="sr-only">Home</h1>
      {!hasRuns && (
        <Suspense>
          <FirstRun />
        </Suspense>
      )}
      <div className={GRID}>
        <div className={COLUMN}>
          <Block title="Running now" count={running}>
            <RunList status="RUNNING" {...{ ids, names }} empty="No runs are running." />
          </Block>
          <Block title="Failed recently">
            <RunList status="FAILED" {...{ ids, names }} empty="No runs failed." />
          </Block>
        </div>
        <div className={classNames(COLUMN, "wide:col-start-2 wide:row-span-2 wide:min-[1800px]:row-span-1")}>
          <Block title="Favourites" count={favourites.length}>
            <PlaceList
              places={favourites}
              empty="A star on the page of a run or an experiment puts it here."
              isMarked
            />
          </Block>
          <Block title="Recently viewed">
            <PlaceList
              places={recent.slice(0, MAX_LISTED)}
              empty="Runs and experiments that you open are listed here."
            />
          </Block>
        </div>
        <Block title="Recently active experiments" actions={<a href="#/experiments">All experiments</a>}>
          <ul>
            {experiments.slice(0, MAX_LISTED).map((experiment) => (
              <ExperimentLine key={experiment.experiment_id} {...{ experiment, nowMs }} />
            ))}
          </ul>
        </Block>
      </div>
    </div>
  );
}

interface BlockProps {
  title: string;
  count?: number;
  actions?: ReactNode;
  children: ReactNode;
}

function Block({ title, count = 0, actions, children }: BlockProps) {
  return (
    <section aria-label={title} className="flex min-w-0 flex-col gap-1">
      <div className="flex min-w-0 items-baseline gap-2 border-line border-b pb-1">
        <h2 className="min-w-0 flex-1 truncate">
          {title} {count > 0 && <span className="font-normal text-ink-muted">{formatCount(count)}</span>}
        </h2>
        {actions}
      </div>
      {children}
    </section>
  );
}

const LINE = "flex min-h-7 min-w-0 items-center gap-2";

function Empty({ children }: { children: ReactNode }) {
  return <p className="py-1 text-ink-muted">{children}</p>;
}

/** The time of the latest run, or of the creation of an experiment without runs. */
const activityMs = ({ last_activity, creation_time }: ListedExperiment): number => last_activity ?? creation_time;

function ExperimentLine({ experiment, nowMs }: { experiment: ListedExperiment; nowMs: number }) {
  const { experiment_id, name, active_runs, running_runs } = experiment;
  const activeMs = activityMs(experiment);
  return (
    <li className={LINE}>
      <FlaskConical size={14} aria-hidden className="shrink-0 text-ink-muted" />
      <a href={`#/experiments/${experiment_id}`} title={name} className="min-w-0 flex-1 truncate">
        <bdi>{name}</bdi>
      </a>
      {running_runs > 0 && <span className="shrink-0 text-info">{formatCount(running_runs)} running</span>}
      <span className="shrink-0 text-ink-muted">
        {formatCount(active_runs)} {active_runs === 1 ? "run" : "runs"}
      </span>
      <span className="w-24 shrink-0 text-right text-ink-muted" title={formatTime(activeMs)}>
        {formatRelative(activeMs, nowMs)}
      </span>
    </li>
  );
}

interface RunListProps {
  status: RunStatus;
  /** The ids of the searched experiments. */
  ids: readonly string[];
  /** Names of experiments, by id. */
  names: ReadonlyMap<string, string>;
  empty: string;
}

/** The latest runs with a status. */
function RunList({ status, ids, names, empty }: RunListProps) {
  const { data, error } = useQuery({
    ...runTableQuery({
      experiment_ids: [...ids],
      filter: `attributes.status = '${status}'`,
      order_by: ["attributes.start_time DESC"],
      columns: [],
      max_results: MAX_LISTED,
    }),
    enabled: ids.length > 0,
    refetchInterval: REFRESH_MS,
  });
  if (error !== null && data === undefined) {
    return (
      <p role="alert" className="py-1 text-danger">
        They could not be read: {error.message}
      </p>
    );
  }
  if (data === undefined) return ids.length > 0 ? <SkeletonRows rows={2} /> : <Empty>{empty}</Empty>;
  const { run_id } = data.runs;
  if (run_id.length === 0) return <Empty>{empty}</Empty>;
  return (
    <ul>
      {run_id.map((id, at) => (
        <RunLine key={id} {...{ at, names }} runs={data.runs} />
      ))}
    </ul>
  );
}

interface RunLineProps {
  runs: RunTable["runs"];
  at: number;
  names: ReadonlyMap<string, string>;
}

function RunLine({ runs, at, names }: RunLineProps) {
  const isRunning = runs.status[at] === "RUNNING";
  const nowMs = useNow(isRunning);
  const startMs = runs.start_time[at] ?? undefined;
  const [id, experimentId] = [runs.run_id[at]!, runs.experiment_id[at]!];
  const heardMs = Math.max(startMs ?? 0, runs.last_metric_time[at] ?? 0);
  const experiment = names.get(experimentId) ?? experimentId;
  return (
    <li className={LINE}>
      <Status status={shownStatus(runs.status[at]!, heardMs, nowMs)} isCompact />
      <a
        href={`#/experiments/${experimentId}/runs/${id}`}
        title={runs.run_name[at]}
        className="min-w-0 flex-1 truncate"
      >
        <bdi>{runs.run_name[at] || id}</bdi>
      </a>
      <a
        href={`#/experiments/${experimentId}`}
        title={experiment}
        className="min-w-0 max-w-[40%] truncate text-ink-muted"
      >
        <bdi>{experiment}</bdi>
      </a>
      {startMs !== undefined && (
        <span className="w-24 shrink-0 text-right text-ink-muted" title={formatTime(startMs)}>
          {isRunning ? formatDuration(Math.max(0, nowMs - startMs)) : formatRelative(startMs, nowMs)}
        </span>
      )}
    </li>
  );
}

interface PlaceListProps {
  places: readonly Place[];
  empty: string;
  /** Whether the reader can remove the entries. */
  isMarked?: boolean;
}

function PlaceList({ places, empty, isMarked = false }: PlaceListProps) {
  if (places.length === 0) return <Empty>{empty}</Empty>;
  return (
    <ul>
      {places.map((place) => {
        const { kind, id, experimentId, name } = place;
        const Icon = kind === "run" ? Play : FlaskConical;
        return (
          <li key={`${kind} ${id}`} className={LINE}>
            <Icon size={14} aria-hidden className="shrink-0 text-ink-muted" />
            <a
              href={kind === "run" ? `#/experiments/${experimentId}/runs/${id}` : `#/experiments/${id}`}
              title={name}
              className="min-w-0 flex-1 truncate"
            >
              <bdi>{name}</bdi>
            </a>
            <span className="shrink-0 text-ink-muted">{kind}</span>
            {isMarked && (
              <IconButton
                label={`Take ${name} off the favourites`}
                icon={<Star size={14} aria-hidden className="fill-current text-warning" />}
                onClick={() => toggleFavourite(place)}
              />
            )}
          </li>
        );
      })}
    </ul>
  );
}
