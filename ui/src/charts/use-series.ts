import { useLayoutEffect, useState } from "react";
import type { LivePoints, RunNotice } from "../api/live.ts";
import type { ChartRun } from "./chart-lines.ts";
import type { ChartSettings } from "./chart-settings.ts";
import { HoverStore } from "./hover.ts";
import { type LiveState, useLiveRuns } from "./live-runs.ts";
import { SeriesStore } from "./series-store.ts";

export interface ChartsPage {
  readonly store: SeriesStore;
  readonly hover: HoverStore;
  readonly live: LiveState;
}

interface Followed {
  metricKeys: readonly string[];
  /** Called with a live run's news that are not points. */
  onRun?: ((runId: string, notice: RunNotice) => void) | undefined;
  /** Called when a live run logs metrics that `metricKeys` does not have. */
  onNewKeys?: ((keys: string[]) => void) | undefined;
}

/** The series of a page's charts, with new points of live runs. */
export function useSeries(
  runs: readonly ChartRun[],
  { x, zoom, sameX }: ChartSettings,
  { onRun, onNewKeys, metricKeys }: Followed,
  buckets: number,
): ChartsPage {
  const [page] = useState(() => ({ store: new SeriesStore(), hover: new HoverStore() }));
  const { store } = page;
  const ids = runs.map(({ id }) => id).join();
  useLayoutEffect(() => {
    store.show(ids === "" ? [] : ids.split(","), { x, zoom, buckets, sameX });
  }, [store, ids, x, zoom, buckets, sameX]);
  useLayoutEffect(() => () => store.dispose(), [store]);
  const onPoints = (points: LivePoints[]): void => {
    store.receive(points);
    if (onNewKeys === undefined) return;
    const fresh = points.map(({ key }) => key).filter((key) => !metricKeys.includes(key));
    if (fresh.length > 0) onNewKeys(fresh);
  };
  const running = runs.filter(({ status }) => status === "RUNNING").map(({ id }) => id);
  const live = useLiveRuns(running, {
    onPoints,
    onMissed: (runId) => store.reload(runId),
    ...(onRun && { onRun }),
  });
  return { ...page, live };
}
