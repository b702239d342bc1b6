import type { Metric } from "../../domain/entities.ts";

/** Maximum number of keys remembered over all runs, about 5 MB, so that memory stays bounded. */
const MAX_KEYS = 50_000;

/** Run id → metrics of which this isolate has put a point into D1. The least recently written run comes first. */
const keysByRun = new Map<string, Set<string>>();
let keyCount = 0;

/** Remembers that D1 has a point of each of the metrics. */
export function rememberFirstPoints(runId: string, metrics: readonly Metric[]): void {
  const keys = keysByRun.get(runId) ?? new Set();
  keyCount -= keys.size;
  for (const { key } of metrics) keys.add(key);
  keyCount += keys.size;
  keysByRun.delete(runId);
  keysByRun.set(runId, keys);
  for (const [oldest, { size }] of keysByRun) {
    if (keyCount <= MAX_KEYS) break;
    keysByRun.delete(oldest);
    keyCount -= size;
  }
}

/**
 * Whether the run is known to have a point of one of the metrics. D1 then refuses these points, since it holds only one of
 * each metric, and need not be asked. False is not certain: another isolate may have written points.
 */
export function isKnownToHave(runId: string, metrics: readonly Metric[]): boolean {
  const keys = keysByRun.get(runId);
  return keys !== undefined && metrics.some(({ key }) => keys.has(key));
}
