import { useLayoutEffect, useMemo, useRef, useSyncExternalStore } from "react";
import type { LineSource } from "../line-source.ts";
import type { Snapshot } from "./panel-lines.ts";

/** The snapshots of several metrics, which the store reads while the component is mounted. The list is the same until one changes. */
export function useSnapshots({ store }: LineSource, metrics: readonly string[]): readonly Snapshot[] {
  const kept = useRef<readonly Snapshot[]>([]);
  const subscribe = useMemo(
    () => (listener: () => void) => {
      const ends = metrics.map((metric) => store.subscribe(metric, listener));
      return () => {
        for (const end of ends) end();
      };
    },
    [store, metrics],
  );
  useLayoutEffect(() => {
    const ends = metrics.map((metric) => store.want(metric));
    return () => {
      for (const end of ends) end();
    };
  }, [store, metrics]);
  return useSyncExternalStore(subscribe, () => {
    const next = metrics.map((metric): Snapshot => store.snapshot(metric));
    const isSame = next.length === kept.current.length && next.every((one, index) => one === kept.current[index]);
    if (!isSame) kept.current = next;
    return kept.current;
  });
}
