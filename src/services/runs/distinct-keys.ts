import { toExperimentIds } from "../../search/experiment-ids.ts";
import {
  findMetricKeys,
  type LiveRunRow,
  liveRunsStatement,
  toLiveRun,
} from "../../stores/d1/metrics/latest-metrics.ts";
import { type DistinctKeys, findDistinctKeys, type KeyRow } from "../../stores/d1/runs/distinct-keys.ts";
import type { ServiceContext } from "../context.ts";
import { askLiveRuns, type LiveNews, MAX_LIVE_RUNS } from "../live/live-news.ts";

/** The keys of the experiments' active runs, including keys that live runs have only just logged. */
export async function listKeys(ctx: ServiceContext, experimentIds: readonly string[]): Promise<DistinctKeys> {
  const ids = toExperimentIds(experimentIds).map(String);
  const { results } = await liveRunsStatement(ctx.primary, ids, MAX_LIVE_RUNS).all<LiveRunRow>();
  const live = results.filter(({ lifecycle_stage }) => lifecycle_stage === "active").map(toLiveRun);
  const { summaries } = await askLiveRuns(ctx, live);
  return await findDistinctKeys(ctx.db, ids, summaries.size === 0 ? [] : await rowsOf(ctx, summaries));
}

/** The keys that live runs add to D1's: only pairs of run and key that D1 does not count yet. */
async function rowsOf(ctx: ServiceContext, summaries: LiveNews["summaries"]): Promise<KeyRow[]> {
  const known = await findMetricKeys(ctx.db, [...summaries.keys()]);
  return [...summaries].flatMap(([runId, news]) =>
    [...news].map(([key, { value }]) => {
      const isNew = !known.get(runId)?.has(key);
      const number = Number.isNaN(value) ? null : value;
      const others = isNew && number === null ? 1 : 0;
      return { key, runs: isNew ? 1 : 0, least: number, greatest: number, others, othersVary: 0, other: null };
    }),
  );
}
