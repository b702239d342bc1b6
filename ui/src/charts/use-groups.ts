import { useEffect, useLayoutEffect, useState } from "react";
import type { ChartSettings } from "./chart-settings.ts";
import { type ChartGroup, GroupStore } from "./group-store.ts";

/** How often curves of live runs are read again. */
const REFRESH_MS = 10_000;
/** Curves of groups have fewer buckets than curves of runs, because the server reads a hundred runs or more for each. */
const MAX_BUCKETS = 150;

const NONE: readonly ChartGroup[] = [];

/** The mean curves of a page's charts. */
export function useGroups(
  groups: readonly ChartGroup[] = NONE,
  { x, zoom, sameX }: ChartSettings,
  buckets: number,
): GroupStore {
  const [store] = useState(() => new GroupStore());
  useLayoutEffect(() => {
    store.show(groups, { x, zoom, sameX, buckets: Math.min(buckets, MAX_BUCKETS) });
  }, [store, groups, x, zoom, sameX, buckets]);
  useLayoutEffect(() => () => store.dispose(), [store]);
  const hasLiveRuns = groups.some(({ isLive }) => isLive);
  useEffect(() => {
    if (!hasLiveRuns) return;
    const timer = setInterval(() => store.refresh(), REFRESH_MS);
    return () => clearInterval(timer);
  }, [store, hasLiveRuns]);
  return store;
}
