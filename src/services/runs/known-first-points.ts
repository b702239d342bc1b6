import type { Metric } from "../../domain/entities.ts";

/** Keys remembered over all runs, so that memory stays bounded: about 5 MB. */
const MAX_KEYS = 50_000;

/** Run id → metrics of which this isolate has put a point into D1, the runs least lately written first. */
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
 * Whether the run is known to have a point of one of the metrics, so that D1, which holds one of each, need not be asked to
 * take these. False says nothing: another isolate may have written.
 */
export function isKnownToHave(runId: string, metrics: readonly Metric[]): boolean {
  const keys = keysByRun.get(runId);
  return keys !== undefined && metrics.some(({ key }) => keys.has(key));
}
