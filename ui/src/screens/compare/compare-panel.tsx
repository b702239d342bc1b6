import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Panel } from "../../charts/panels/panel-search.ts";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { type ComparedRun, distinctlyNamed } from "./compared-run.ts";
import { MAX_RUNS } from "./comparison.ts";
import { Drawing } from "./drawing.tsx";
import { FilesView } from "./files/files-view.tsx";
import { manyRunsQuery, type RunSearch } from "./many-runs.ts";
import { ManyNotices } from "./notices.tsx";
import { InPanel } from "./plot-parts.tsx";
import { compareSearch } from "./search.ts";
import { TableView } from "./table-view.tsx";

interface ComparePanelProps {
  panel: Panel;
  /** Which runs: all that the table lists. */
  search: RunSearch;
  /** How many runs the table lists. */
  asked: number;
  onPlot: (plot: Panel["plot"]) => void;
}

const NO_RUNS: readonly ComparedRun[] = [];
const NO_ENDS: readonly string[] = [];
const NO_PLOT: NonNullable<Panel["plot"]> = {};

/** A drawing of comparisons as a panel, of all runs of a table. */
export function ComparePanel({ panel, search: runSearch, asked, onPlot }: ComparePanelProps) {
  const navigate = useNavigate();
  const { data, error, refetch } = useQuery(manyRunsQuery(runSearch, NO_ENDS));
  const { kind, plot = NO_PLOT } = panel;
  const search = useMemo(() => compareSearch.parse(plot), [plot]);
  const runs = useMemo(() => distinctlyNamed(data?.runs ?? NO_RUNS), [data]);
  const listed = useMemo(() => runs.slice(0, MAX_RUNS), [runs]);
  if (data === undefined) {
    return error === null ? (
      <SkeletonRows rows={5} />
    ) : (
      <ErrorState title="The runs could not be loaded" error={error} onRetry={() => void refetch()} />
    );
  }
  if (runs.length === 0 || kind === undefined) return <EmptyState title="No runs to draw" />;
  const props = {
    runs,
    search,
    change: (patch: object) => onPlot(JSON.parse(JSON.stringify({ ...plot, ...patch })) as Panel["plot"]),
    openRun: ({ id, experimentId }: { id: string; experimentId: string }) =>
      void navigate({ to: "/experiments/$experimentId/runs/$runId", params: { experimentId, runId: id } }),
  };
  return (
    <InPanel value={true}>
      {/* The view of files names the runs itself. */}
      {kind !== "files" && <ManyNotices {...data} asked={asked} isTable={kind === "table"} />}
      {kind === "table" ? (
        <TableView {...props} runs={listed} baseline={0} isMovable={false} />
      ) : kind === "files" ? (
        <FilesView {...props} baseline={0} />
      ) : (
        <Drawing view={kind} {...props} />
      )}
    </InPanel>
  );
}
