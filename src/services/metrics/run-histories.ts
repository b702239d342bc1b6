import { findFirstPoints } from "../../stores/d1/metrics/first-points.ts";
import { D1History } from "../../stores/run/d1-history.ts";
import type { HistoryReader } from "../../stores/run/history.ts";
import { runObject } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";
import { knownPlaceOfObject } from "../runs/known-runs.ts";

/**
 * Where one metric's history of each run is read: from its object, or where the run has none yet, from what D1 holds. Runs
 * that do not exist are left out.
 */
export async function findHistories(
  ctx: ServiceContext,
  runIds: readonly string[],
  metricKey: string,
): Promise<Map<string, HistoryReader>> {
  const unknown = runIds.filter((runId) => knownPlaceOfObject(runId) === undefined);
  const found = unknown.length === 0 ? undefined : await findFirstPoints(ctx.db, unknown, metricKey);
  const histories = new Map<string, HistoryReader>();
  for (const runId of runIds) {
    const first = found?.get(runId);
    const place = knownPlaceOfObject(runId) ?? (first?.hasObject ? { runId, cell: first.cell } : undefined);
    if (place !== undefined) histories.set(runId, runObject(ctx.env, place));
    else if (first !== undefined) histories.set(runId, new D1History(first.points));
  }
  return histories;
}
