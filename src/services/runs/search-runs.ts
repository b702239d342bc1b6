import { planRunSearch, type RunSearchPlan, type RunSearchQuery } from "../../search/run-plan.ts";
import { inSlices } from "../../stores/d1/connection/page.ts";
import { liveRunsStatement, type RunPlaceRow, toPlace } from "../../stores/d1/metrics/latest-metrics.ts";
import { readRunPage } from "../../stores/d1/runs/run-page.ts";
import { type RecordRow, type RunRecord, readRecordRows, toRecords } from "../../stores/d1/runs/runs.ts";
import type { ServiceContext } from "../context.ts";
import { catchUp, MAX_LIVE_RUNS } from "../metrics/catch-up.ts";

/** Runs read at once, so that a page of 50,000 stays in flat memory: as many as MLflow's clients ask for by default. */
const RUNS_PER_READ = 1000;

export type RunSearch = Omit<RunSearchQuery, "visibility" | "orderGrammar">;

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
  const experimentIds = [...new Set(input.experimentIds)];
  const plan = planRunSearch({ ...input, experimentIds, visibility: ctx.visibility });
  // Of many rows, residues leave few.
  const reads = { readsRecords: readsRecords && plan.residues.length === 0 };
  const findLive = liveRunsStatement(ctx.db, experimentIds, MAX_LIVE_RUNS + 1);
  const first = await readRunPage<RunPlaceRow>(ctx.db, plan, { ...reads, alongside: findLive });
  const live = first.rows.map(toPlace);
  const staleRuns = live.length > 0 ? (await catchUp(ctx, live)).staleRuns : 0;
  const { ids, records, nextPageToken } = live.length > 0 ? await readRunPage(ctx.db, plan, reads) : first;
  return { plan, runIds: ids, records, nextPageToken, isExact: staleRuns === 0 };
}

async function* readInSlices(
  ctx: ServiceContext,
  runIds: readonly string[],
  records: readonly RecordRow[] | undefined,
): AsyncGenerator<readonly RunRecord[]> {
  const rows =
    records === undefined ? inSlices(runIds, RUNS_PER_READ, (ids) => readRecordRows(ctx.db, ids)) : [records];
  for await (const slice of rows) yield* toRecords(ctx.db, slice, ctx.waitUntil);
}
