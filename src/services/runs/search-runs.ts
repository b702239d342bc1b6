import type { Experiment, ViewType } from "../../domain/entities.ts";
import { invalidParameter } from "../../domain/errors.ts";
import { MAX_SEARCH_RESULTS } from "../../domain/limits.ts";
import { planExperimentSearch } from "../../search/experiment-plan.ts";
import { planRunSearch, type RunSearchPlan, type RunSearchQuery } from "../../search/run-plan.ts";
import { findExperiments } from "../../stores/d1/experiments/experiments.ts";
import { liveRunsStatement } from "../../stores/d1/metrics/latest-metrics.ts";
import { searchExperimentIds, searchRunPage } from "../../stores/d1/pages.ts";
import { type RecordRow, type RunRecord, readRuns, toRecords } from "../../stores/d1/runs/runs.ts";
import type { ServiceContext } from "../context.ts";
import { catchUp, MAX_LIVE_RUNS } from "../metrics/catch-up.ts";

/** Runs read at once, so that a page of 50,000 stays in flat memory: as many as MLflow's clients ask for by default. */
const RUNS_PER_READ = 1000;

export interface Search {
  readonly filter: string;
  readonly orderBy: readonly string[];
  readonly viewType: ViewType;
  readonly maxResults: number;
  readonly pageToken: string | undefined;
}

export interface RunSearch extends Search {
  readonly experimentIds: readonly string[];
}

export interface FoundRuns {
  readonly count: number;
  /** Slices of the page, read as they are asked for. */
  readonly slices: AsyncGenerator<readonly RunRecord[]>;
  readonly nextPageToken: string | undefined;
  /** False where a run is logging whose object was not asked, since they are too many, or did not answer. */
  readonly isExact: boolean;
}

/**
 * The runs of a page, with every point that was acknowledged before the call: whether runs are live is read together with
 * the page, and where some are, their objects are asked and the page is read again.
 */
export async function searchRuns(ctx: ServiceContext, input: RunSearch): Promise<FoundRuns> {
  const { runIds, records, ...page } = await findRunPage(ctx, input, input.maxResults <= RUNS_PER_READ);
  return { ...page, count: runIds.length, slices: readInSlices(ctx, runIds, records) };
}

export interface RunPage {
  readonly plan: RunSearchPlan;
  readonly runIds: readonly string[];
  /** The runs of `runIds`, where they were asked for. */
  readonly records: readonly RecordRow[] | undefined;
  readonly nextPageToken: string | undefined;
  /** As in {@link FoundRuns}. */
  readonly isExact: boolean;
}

/** The ids of a page's runs, after D1 has caught up with those that are live. */
export async function findRunPage(
  ctx: ServiceContext,
  input: RunSearch & Pick<RunSearchQuery, "orderGrammar">,
  readsRecords = false,
): Promise<RunPage> {
  checkMaxResults(input.maxResults);
  const experimentIds = [...new Set(input.experimentIds)];
  const plan = planRunSearch({ ...input, experimentIds });
  // Of many rows, residues leave few.
  const reads = { readsRecords: readsRecords && plan.residues.length === 0 };
  const findLive = liveRunsStatement(ctx.db, experimentIds, MAX_LIVE_RUNS + 1);
  const first = await searchRunPage<{ run_id: string }>(ctx.db, plan, { ...reads, statement: findLive });
  const live = first.rows.map((row) => row.run_id);
  const staleRuns = live.length > 0 ? (await catchUp(ctx, live)).staleRuns : 0;
  const { runIds, records, nextPageToken } = live.length > 0 ? await searchRunPage(ctx.db, plan, reads) : first;
  return { plan, runIds, records, nextPageToken, isExact: staleRuns === 0 };
}

async function* readInSlices(
  ctx: ServiceContext,
  runIds: readonly string[],
  records: readonly RecordRow[] | undefined,
): AsyncGenerator<readonly RunRecord[]> {
  if (records !== undefined) return yield await toRecords(ctx.db, records, ctx.waitUntil);
  for (let i = 0; i < runIds.length; i += RUNS_PER_READ) {
    yield await readRuns(ctx.db, runIds.slice(i, i + RUNS_PER_READ), ctx.waitUntil);
  }
}

export interface ExperimentPage {
  readonly experiments: readonly Experiment[];
  readonly nextPageToken: string | undefined;
}

export async function searchExperiments(ctx: ServiceContext, input: Search): Promise<ExperimentPage> {
  checkMaxResults(input.maxResults);
  const { experimentIds, nextPageToken } = await searchExperimentIds(ctx.db, planExperimentSearch(input));
  const byId = new Map((await findExperiments(ctx.db, experimentIds)).map((found) => [found.experimentId, found]));
  return { experiments: experimentIds.flatMap((id) => byId.get(id) ?? []), nextPageToken };
}

function checkMaxResults(maxResults: number): void {
  if (maxResults >= 1 && maxResults <= MAX_SEARCH_RESULTS) return;
  throw invalidParameter(
    `Invalid value ${maxResults} for parameter 'max_results' supplied. It must be a positive integer of at most ${MAX_SEARCH_RESULTS}.`,
  );
}
