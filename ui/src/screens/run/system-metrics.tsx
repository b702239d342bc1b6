import { type Run, SYSTEM_PREFIX } from "../../api/runs.ts";
import { RunCharts } from "../../charts/run-charts.tsx";
import { CodeLines } from "../../parts/code-lines.tsx";
import { EmptyState } from "../../parts/states.tsx";
import { hasSystemMetrics } from "./run-facts.ts";

const TURN_ON = `mlflow.enable_system_metrics_logging()
with mlflow.start_run():
    ...`;

/** The charts of the machine's metrics during the run. */
export default function SystemMetrics({ run }: { run: Run }) {
  if (hasSystemMetrics(run)) return <RunCharts runId={run.info.run_id} prefix={SYSTEM_PREFIX} />;
  return (
    <EmptyState title="No system metrics" actions={<CodeLines text={TURN_ON} label="Copy the lines" />}>
      The client measures processor, memory, disk, network and GPUs where it is told to, before a run begins:
    </EmptyState>
  );
}
