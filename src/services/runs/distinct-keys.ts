import { toExperimentIds } from "../../search/experiment-ids.ts";
import { liveRunsStatement, type RunPlaceRow, toPlace } from "../../stores/d1/metrics/latest-metrics.ts";
import { type DistinctKeys, findDistinctKeys } from "../../stores/d1/runs/distinct-keys.ts";
import type { ServiceContext } from "../context.ts";
import { catchUp, MAX_LIVE_RUNS } from "../metrics/catch-up.ts";

/** The keys of the experiments' active runs, those that live runs have only just logged included. */
export async function listKeys(ctx: ServiceContext, experimentIds: readonly string[]): Promise<DistinctKeys> {
  const ids = toExperimentIds(experimentIds).map(String);
  const { results } = await liveRunsStatement(ctx.db, ids, MAX_LIVE_RUNS).all<RunPlaceRow>();
  if (results.length > 0) await catchUp(ctx, results.map(toPlace));
  return findDistinctKeys(ctx.db, ids);
}
