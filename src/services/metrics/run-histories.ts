import { findFirstPoints } from "../../stores/d1/metrics/first-points.ts";
import { FirstPoints } from "../../stores/run/first-points.ts";
import type { HistoryReader } from "../../stores/run/history.ts";
import { runObject } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";
import { isKnownToHaveObject } from "../runs/known-runs.ts";

/**
 * Where one metric's history of each run is read: from its object, or where the run has none yet, from what D1 holds. Runs
 * that do not exist are left out.
 */
export async function findHistories(
  ctx: ServiceContext,
  runIds: readonly string[],
  metricKey: string,
): Promise<Map<string, HistoryReader>> {
  const unknown = runIds.filter((runId) => !isKnownToHaveObject(runId));
  const found = unknown.length === 0 ? undefined : await findFirstPoints(ctx.db, unknown, metricKey);
  const histories = new Map<string, HistoryReader>();
  for (const runId of runIds) {
    const first = found?.get(runId);
    if (isKnownToHaveObject(runId) || first?.hasObject) histories.set(runId, runObject(ctx.env, runId));
    else if (first !== undefined) histories.set(runId, new FirstPoints(first.points));
  }
  return histories;
}
