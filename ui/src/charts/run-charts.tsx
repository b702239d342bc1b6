import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { isSystemMetric, type Run, runQuery, SYSTEM_PREFIX } from "../api/runs.ts";
import type { SeriesX } from "../api/series.ts";
import { ErrorState } from "../parts/states.tsx";
import { ChartsPanel } from "./charts-panel.tsx";

interface RunChartsProps {
  runId: string;
  /** Shows only metrics whose keys begin with this text, such as `system/`. Without it, all metrics except system metrics. */
  prefix?: string;
  /** The value if the address has none. */
  defaultX?: SeriesX;
}

/** The charts of one run. */
export function RunCharts({
  runId,
  prefix,
  defaultX = prefix === SYSTEM_PREFIX ? "relative" : "step",
}: RunChartsProps) {
  const client = useQueryClient();
  const query = runQuery(runId);
  const { data: run, error, refetch } = useQuery(query);
  const name = run?.info.run_name;
  const status = run?.info.status;
  const runs = useMemo(
    () => (name === undefined || status === undefined ? [] : [{ id: runId, name, status }]),
    [runId, name, status],
  );
  const names = (run?.data.metrics ?? [])
    .map(({ key }) => key)
    .filter((key) => (prefix === undefined ? !isSystemMetric(key) : key.startsWith(prefix)));
  const joined = JSON.stringify(names.sort());
  const metricKeys = useMemo(() => JSON.parse(joined) as string[], [joined]);
  if (error !== null) {
    return <ErrorState title="This run's metrics could not be loaded." error={error} onRetry={() => void refetch()} />;
  }
  if (run === undefined) return <div role="status" aria-label="Loading" className="min-h-0 flex-1" />;
  const isNew = (key: string): boolean => !(run.data.metrics ?? []).some((metric) => metric.key === key);
  return (
    <ChartsPanel
      runs={runs}
      metricKeys={metricKeys}
      defaultX={defaultX}
      onRun={(_, { status }) => {
        if (status === undefined || status === run.info.status) return;
        client.setQueryData(query.queryKey, (old: Run | undefined) => old && { ...old, info: { ...old.info, status } });
      }}
      onNewKeys={(keys) => {
        if (keys.some(isNew)) void refetch({ cancelRefetch: false });
      }}
    />
  );
}
