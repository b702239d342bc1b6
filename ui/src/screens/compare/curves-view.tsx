import { useMemo } from "react";
import { isSystemMetric } from "../../api/runs.ts";
import { ChartsPanel, MAX_CHART_RUNS } from "../../charts/charts-panel.tsx";
import type { ComparedRun } from "./compared-run.ts";

/** The metrics of the runs as curves over one another, whatever experiments the runs are of. */
export function CurvesView({ runs }: { runs: readonly ComparedRun[] }) {
  const metricKeys = useMemo(
    () => [...new Set(runs.flatMap(({ metrics }) => [...metrics.keys()]))].filter((key) => !isSystemMetric(key)).sort(),
    [runs],
  );
  const drawn = useMemo(
    () =>
      runs.slice(0, MAX_CHART_RUNS).map(({ id, name, status, experimentId }) => ({ id, name, status, experimentId })),
    [runs],
  );
  return <ChartsPanel runs={drawn} of={runs.length} metricKeys={metricKeys} hasLegend />;
}
