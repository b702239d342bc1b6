import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useDeferredValue, useMemo, useState } from "react";
import { spell } from "../../api/field-spelling.ts";
import { type Cell, readRunTable } from "../../api/run-table.ts";
import { isSystemMetric, type Run } from "../../api/runs.ts";
import { toDouble } from "../../api/wire.ts";
import { type GridColumn, RowGrid } from "../../parts/row-grid.tsx";
import { Metric } from "../../parts/values.tsx";
import { ListSection } from "./list-section.tsx";
import { METRIC_SORTS, type MetricRow, sortMetrics } from "./run-facts.ts";

/** The metrics of one request, because a table has at most 1,000 columns. */
const COLUMNS_A_QUESTION = 900;

type Aggregates = Record<string, Cell>;

/** First, least and greatest value of each metric, by the spelling of its column. */
async function readAggregates(run: Run, keys: readonly string[], signal: AbortSignal): Promise<Aggregates> {
  const columns = keys.flatMap((key) =>
    (["first", "min", "max"] as const).map((aggregate) => spell("metric", key, aggregate)),
  );
  const cells: Aggregates = {};
  for (let from = 0; from < columns.length; from += COLUMNS_A_QUESTION) {
    const table = await readRunTable(
      {
        experiment_ids: [run.info.experiment_id],
        filter: `attributes.run_id = '${run.info.run_id}'`,
        run_view_type: "ALL",
        columns: columns.slice(from, from + COLUMNS_A_QUESTION),
        max_results: 1,
      },
      signal,
    );
    for (const [column, [cell]] of Object.entries(table.columns)) if (cell !== undefined) cells[column] = cell;
  }
  return cells;
}

const number = (cell: Cell | undefined) => <Metric value={cell} />;

/** Of the tab with a metric's chart, which then fills it. */
const chartOf = (key: string) => ({
  tab: isSystemMetric(key) ? ("system" as const) : ("charts" as const),
  chartFull: key,
});

const COLUMNS: readonly GridColumn<MetricRow>[] = [
  {
    id: "key",
    header: "Metric",
    track: "minmax(120px,2fr)",
    isSortable: true,
    cell: ({ key }, tabIndex) => (
      <Link
        from="/experiments/$experimentId/runs/$runId"
        search={chartOf(key)}
        tabIndex={tabIndex}
        title={key}
        className="truncate text-ink -outline-offset-2"
      >
        {key}
      </Link>
    ),
  },
  ...(["last", "min", "max", "first"] as const).map((id) => ({
    id,
    header: id[0]!.toUpperCase() + id.slice(1),
    track: "minmax(72px,1fr)",
    isAtEnd: true,
    isSortable: true,
    isWideOnly: id === "first" || id === "min",
    cell: (row: MetricRow) => number(row[id]),
  })),
  {
    id: "step",
    header: "Step",
    track: "72px",
    isAtEnd: true,
    isSortable: true,
    isWideOnly: true,
    cell: ({ step }) => step,
  },
];

/** The metrics of a run with their latest, least, greatest and first values. */
export function MetricTable({ run }: { run: Run }) {
  const { mq = "", sort = "key" } = useSearch({ from: "/experiments/$experimentId/runs/$runId" });
  const navigate = useNavigate({ from: "/experiments/$experimentId/runs/$runId" });
  const [isAllAsked, setAllAsked] = useState(false);
  const metrics = useMemo(() => run.data.metrics ?? [], [run.data.metrics]);
  const keys = useMemo(() => metrics.map(({ key }) => key).sort(), [metrics]);
  const aggregates = useQuery({
    queryKey: ["runs", "aggregates", run.info.run_id, keys],
    queryFn: ({ signal }) => readAggregates(run, keys, signal),
    enabled: keys.length > 0,
    placeholderData: keepPreviousData,
  });
  const cells = aggregates.data;
  const words = useDeferredValue(mq);
  const rows = useMemo(() => {
    const all = metrics.map(({ key, value, step }) => ({
      key,
      last: toDouble(value),
      step,
      first: cells?.[spell("metric", key, "first")],
      min: cells?.[spell("metric", key, "min")],
      max: cells?.[spell("metric", key, "max")],
    }));
    return sortMetrics(all, words, sort);
  }, [metrics, cells, words, sort]);
  const sortBy = (column: string): void => {
    const first = column === "key" ? "key" : `-${column}`;
    const other = column === "key" ? "-key" : column;
    void navigate({ search: (before) => ({ ...before, sort: sort === first ? other : first }), replace: true });
  };
  return (
    <ListSection
      title="Metrics"
      count={metrics.length}
      found={rows.length}
      words={mq}
      onWords={(next) => void navigate({ search: (before) => ({ ...before, mq: next || undefined }), replace: true })}
      emptyText="No metrics yet: log them by mlflow.log_metric."
      isWhole={isAllAsked}
      onWhole={setAllAsked}
      note={aggregates.isError ? "First, least and greatest values could not be read." : undefined}
    >
      <RowGrid
        label="Metrics"
        rows={rows}
        idOf={({ key }) => key}
        columns={COLUMNS}
        sort={{
          by: METRIC_SORTS.find((name) => name === sort.replace(/^-/, "")) ?? "key",
          isDescending: sort.startsWith("-"),
        }}
        onSort={sortBy}
        onOpen={({ key }) => void navigate({ search: chartOf(key) })}
      />
    </ListSection>
  );
}
