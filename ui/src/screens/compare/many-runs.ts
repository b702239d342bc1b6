import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { parseSpelling, spell } from "../../api/field-spelling.ts";
import { type DistinctKey, listKeys } from "../../api/keys.ts";
import { type Cell, type RunTable, readRunTable } from "../../api/run-table.ts";
import { isSystemMetric } from "../../api/runs.ts";
import { takeTurns } from "../../parts/turns.ts";
import type { ComparedRun, MetricEnds } from "./compared-run.ts";
import { oneOf } from "./comparison.ts";

/** Runs by a search: a whole table of runs, or more of it than a page reads one by one. */
export interface RunSearch {
  readonly experimentIds: readonly string[];
  readonly filter: string | undefined;
  readonly orderBy: readonly string[];
  /** If not empty, only these runs of the experiments. */
  readonly runIds: readonly string[];
  readonly isDeleted: boolean;
}

export interface ManyRuns {
  readonly runs: readonly ComparedRun[];
  /** How many match. */
  readonly total: number;
  /** Params and metrics that are not read, as there are too many. */
  readonly leftOut: number;
}

/** More runs are not drawn. */
export const MAX_MANY_RUNS = 10_000;
const MAX_PARAMS = 80;
const MAX_METRICS = 80;
const REFRESH_MS = 30_000;
/** How many runs are made before the clock is looked at. */
const RUNS_A_LOOK = 100;
const NO_DATASETS: ComparedRun["datasets"] = [];

/** Keys whose values differ come first, then keys that most runs have. */
function chosen(keys: readonly DistinctKey[], most: number): string[] {
  return keys
    .toSorted((a, b) => Number(b.differs) - Number(a.differs) || b.runs - a.runs)
    .slice(0, most)
    .map(({ key }) => key);
}

/** @param ends fields such as `min(metrics.acc)` that are read, too. */
async function loadMany(search: RunSearch, ends: readonly string[], signal: AbortSignal): Promise<ManyRuns> {
  const { experimentIds, filter, orderBy, runIds, isDeleted } = search;
  const keys = await listKeys(experimentIds, signal);
  const metrics = keys.metrics.filter(({ key }) => !isSystemMetric(key));
  const [metricKeys, paramKeys] = [chosen(metrics, MAX_METRICS), chosen(keys.params, MAX_PARAMS)];
  const spelledEnds = ends.flatMap((field) => {
    const [, end, key] = /^(min|max)\(metrics\.(.+)\)$/s.exec(field) ?? [];
    return key === undefined ? [] : [spell("metric", key, end as "min" | "max")];
  });
  const columns = [
    ...metricKeys.map((key) => spell("metric", key)),
    ...paramKeys.map((key) => spell("param", key)),
    ...spelledEnds,
  ];
  const runs: ComparedRun[] = [];
  let total = 0;
  let token: string | undefined;
  do {
    const page = await readRunTable(
      {
        experiment_ids: [...experimentIds],
        ...(runIds.length > 0 ? { filter: oneOf(runIds) } : filter !== undefined && { filter }),
        ...(orderBy.length > 0 && { order_by: [...orderBy] }),
        run_view_type: isDeleted ? "DELETED_ONLY" : runIds.length > 0 ? "ALL" : "ACTIVE_ONLY",
        columns,
        max_results: MAX_MANY_RUNS - runs.length,
        ...(token === undefined ? { count: true } : { page_token: token }),
      },
      signal,
    );
    total = page.total ?? total;
    await addRuns(runs, page);
    token = page.next_page_token;
  } while (token !== undefined && runs.length < MAX_MANY_RUNS);
  const leftOut = metrics.length - metricKeys.length + keys.params.length - paramKeys.length;
  return { runs, total, leftOut };
}

/** Adds a page's runs. The browser draws meanwhile: ten thousand runs take longer than a frame. */
async function addRuns(all: ComparedRun[], { runs, columns }: RunTable): Promise<void> {
  const turn = takeTurns();
  const fields = Object.entries(columns).flatMap(([spelling, cells]) => {
    const field = parseSpelling(spelling);
    return field === undefined ? [] : [{ ...field, cells }];
  });
  for (const [at, id] of runs.run_id.entries()) {
    if (at % RUNS_A_LOOK === 0) await turn();
    const params = new Map<string, string>();
    const metrics = new Map<string, MetricEnds>();
    for (const { kind, key, aggregate, cells } of fields) {
      const cell: Cell | undefined = cells[at];
      if (cell === null || cell === undefined) continue;
      if (kind === "param") params.set(key, String(cell));
      else if (aggregate === "last") metrics.set(key, { ...metrics.get(key), last: Number(cell) });
      else metrics.set(key, { last: Number.NaN, ...metrics.get(key), [aggregate]: Number(cell) });
    }
    all.push({
      id,
      name: runs.run_name[at] || id,
      experimentId: runs.experiment_id[at]!,
      status: runs.status[at]!,
      isDeleted: runs.lifecycle_stage[at] === "deleted",
      startMs: runs.start_time[at] ?? undefined,
      endMs: runs.end_time[at] ?? undefined,
      user: runs.user_id[at] ?? "",
      source: runs.source_name[at] ?? undefined,
      ...{ commit: undefined, repository: undefined, branch: undefined, datasets: NO_DATASETS },
      note: undefined,
      ...{ params, metrics, tags: new Map<string, string>() },
    });
  }
}

export const manyRunsQuery = (search: RunSearch, ends: readonly string[]) =>
  queryOptions({
    queryKey: ["runs", "many", search, ends],
    queryFn: ({ signal }) => loadMany(search, ends, signal),
    placeholderData: keepPreviousData,
    structuralSharing: false,
    refetchInterval: (query) => query.state.data?.runs.some((run) => run.status === "RUNNING") && REFRESH_MS,
  });
