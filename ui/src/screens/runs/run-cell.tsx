import { formatMetric } from "../../parts/format.ts";
import { Dash, Duration, Metric, Time } from "../../parts/values.tsx";
import type { RunColumn } from "./run-columns.ts";
import type { GroupRow, RunRow } from "./run-rows.ts";

/** One value of a run. */
export function RunCell({ row, column }: { row: RunRow; column: RunColumn }) {
  switch (column.spelling) {
    case "attributes.start_time":
      return <Time timeMs={row.startMs} />;
    case "duration":
      return row.endMs === null && row.status !== "RUNNING" ? (
        <Dash />
      ) : (
        <Duration startMs={row.startMs} endMs={row.endMs} />
      );
    case "attributes.user_id":
      return <Text text={row.user} />;
    case "source":
      return <Text text={row.source} />;
    case "attributes.experiment_id":
      return <Text text={row.experimentId} />;
    case "attributes.run_id":
      return <Text text={row.id} />;
    default: {
      const cell = row.cells.get(column.spelling);
      return column.kind === "metric" ? <Metric value={cell} /> : <Text text={cell} />;
    }
  }
}

/** Mean and spread of a group's runs; only numbers have them. */
export function GroupCell({ row, column }: { row: GroupRow; column: RunColumn }) {
  const found = row.aggregates.get(column.spelling);
  if (found === undefined || column.kind !== "metric") return null;
  const { mean, std, min, max } = found;
  return (
    <span title={`mean ${mean}, std ${std}, min ${min}, max ${max}`} className="whitespace-nowrap">
      {formatMetric(mean)} <span className="text-ink-muted">± {formatMetric(std, 2)}</span>
    </span>
  );
}

function Text({ text }: { text: string | number | null | undefined }) {
  if (text === null || text === undefined || text === "") return <Dash />;
  const words = String(text);
  return (
    <span className="truncate" title={words.slice(0, 2000)}>
      {words.slice(0, 300)}
    </span>
  );
}
