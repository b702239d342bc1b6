import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { ApiError } from "../../api/client.ts";
import { spell } from "../../api/field-spelling.ts";
import { type Cell, readRunTable } from "../../api/run-table.ts";
import { getRun, type Run, searchRuns } from "../../api/runs.ts";
import { type ComparedRun, comparedRun, type MetricEnds } from "./compared-run.ts";

/** As many runs as a comparison has. */
export const MAX_RUNS = 100;

/** Columns of one question about the ends of metrics; all are asked for, one question after the other. */
const COLUMNS_AT_ONCE = 200;
const REFRESH_MS = 5000;

interface Loaded {
  readonly runs: readonly ComparedRun[];
  /** Ids of runs that do not exist. */
  readonly missing: readonly string[];
}

/** An id of no run, or no id. */
function isMissing(error: unknown): boolean {
  return (
    error instanceof ApiError && (error.code === "RESOURCE_DOES_NOT_EXIST" || error.code === "INVALID_PARAMETER_VALUE")
  );
}

/** Mostly few requests: the first run, then all runs of its experiment at once, and so on with the missing runs. */
async function loadRuns(ids: readonly string[], signal: AbortSignal): Promise<Loaded> {
  const found = new Map<string, Run>();
  const missing: string[] = [];
  const left = new Set(ids);
  const keep = (run: Run): void => {
    found.set(run.info.run_id, run);
    left.delete(run.info.run_id);
  };
  for (const id of ids) {
    if (!left.has(id)) continue;
    const first = await getRun(id, signal).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    if (first === undefined) missing.push(id);
    else keep(first);
    left.delete(id);
    if (first === undefined || left.size === 0) continue;
    const page = await searchRuns(
      {
        experiment_ids: [first.info.experiment_id],
        filter: oneOf([...left]),
        run_view_type: "ALL",
        max_results: MAX_RUNS,
      },
      signal,
    );
    for (const run of page.runs ?? []) keep(run);
  }
  return { runs: ids.flatMap((id) => found.get(id) ?? []).map(comparedRun), missing };
}

/** A filter by ids. */
export function oneOf(ids: readonly string[]): string {
  return `attributes.run_id IN (${ids.map((id) => `'${id.replaceAll("'", "")}'`).join(", ")})`;
}

type Ends = ReadonlyMap<string, ReadonlyMap<string, Omit<MetricEnds, "last">>>;

function toNumber(cell: Cell | undefined): number | undefined {
  return cell === null || cell === undefined ? undefined : Number(cell);
}

/** The least and greatest of every metric of the runs, by run and key. */
async function loadEnds(runs: readonly ComparedRun[], keys: readonly string[], signal: AbortSignal): Promise<Ends> {
  const ends = new Map(runs.map((run) => [run.id, new Map<string, Omit<MetricEnds, "last">>()]));
  const filter = oneOf(runs.map((run) => run.id));
  const experimentIds = [...new Set(runs.map((run) => run.experimentId))];
  for (let start = 0; start < keys.length; start += COLUMNS_AT_ONCE / 2) {
    const some = keys.slice(start, start + COLUMNS_AT_ONCE / 2);
    const table = await readRunTable(
      {
        experiment_ids: experimentIds,
        filter,
        run_view_type: "ALL",
        columns: some.flatMap((key) => [spell("metric", key, "min"), spell("metric", key, "max")]),
        max_results: MAX_RUNS,
      },
      signal,
    );
    for (const [row, id] of table.runs.run_id.entries()) {
      for (const key of some) {
        const min = toNumber(table.columns[spell("metric", key, "min")]?.[row]);
        const max = toNumber(table.columns[spell("metric", key, "max")]?.[row]);
        ends.get(id)?.set(key, { min, max });
      }
    }
  }
  return ends;
}

const endsQuery = (runs: readonly ComparedRun[], isLive: boolean) => {
  const keys = [...new Set(runs.flatMap((run) => [...run.metrics.keys()]))].sort();
  return queryOptions({
    queryKey: ["runs", "ends", runs.map((run) => run.id), keys],
    queryFn: ({ signal }) => loadEnds(runs, keys, signal),
    refetchInterval: isLive && REFRESH_MS,
    placeholderData: keepPreviousData,
  });
};

/** The runs of a comparison in the order of their ids, reloaded while a run is live. `ends` adds the extremes of metrics. */
export function useComparison(ids: readonly string[], needsEnds: boolean) {
  const loaded = useQuery({
    queryKey: ["runs", "compared", ids],
    queryFn: ({ signal }) => loadRuns(ids, signal),
    enabled: ids.length > 0,
    placeholderData: keepPreviousData,
    refetchInterval: (query) => query.state.data?.runs.some((run) => run.status === "RUNNING") && REFRESH_MS,
  });
  const shown = useMemo(() => {
    const known = new Map(loaded.data?.runs.map((run) => [run.id, run]));
    return ids.flatMap((id) => known.get(id) ?? []);
  }, [loaded.data, ids]);
  const isLive = shown.some((run) => run.status === "RUNNING");
  const ends = useQuery({ ...endsQuery(shown, isLive), enabled: needsEnds && shown.length > 0 });
  const runs = useMemo(() => {
    const known = ends.data;
    if (known === undefined || !needsEnds) return shown;
    return shown.map((run) => {
      const metrics = [...run.metrics].map(
        ([key, value]) => [key, { ...value, ...known.get(run.id)?.get(key) }] as const,
      );
      return { ...run, metrics: new Map(metrics) };
    });
  }, [shown, ends.data, needsEnds]);
  return { loaded, ends, runs, missing: loaded.data?.missing.filter((id) => ids.includes(id)) ?? [] };
}
