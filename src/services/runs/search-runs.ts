import { planRunSearch, type RunSearchPlan, type RunSearchQuery } from "../../search/run-plan.ts";
import { yieldTurn } from "../../stores/d1/connection/turn.ts";
import {
  type LiveRun,
  type LiveRunRow,
  liveRunsStatement,
  summariesStatement,
  toLiveRun,
  toSummaries,
} from "../../stores/d1/metrics/latest-metrics.ts";
import { layOver } from "../../stores/d1/runs/document-news.ts";
import { type PageReads, type RunPageRows, readRunPage } from "../../stores/d1/runs/run-page.ts";
import { type RecordRow, type RunRecord, readRecordRows, toRecords } from "../../stores/d1/runs/run-records.ts";
import type { MetricSummaries } from "../../stores/run/summaries.ts";
import type { ServiceContext } from "../context.ts";
import { askLiveRuns, type LiveNews, MAX_LIVE_RUNS } from "../live/live-news.ts";

/** Runs read at once, so that a page of 50,000 uses little memory. MLflow's clients ask for this many by default. */
const RUNS_PER_READ = 1000;

/**
 * Likewise, of runs without a stored document. D1 renders their documents from all of their rows: in a database of a million
 * runs, 1,000 take 0.2 to 0.3 s, and every writer waits meanwhile.
 */
const RENDERED_PER_READ = 250;

export type RunSearch = Omit<RunSearchQuery, "visibility" | "orderGrammar">;

export interface FoundRuns {
  readonly count: number;
  /** Slices of the page, each read when the consumer asks for it. */
  readonly slices: AsyncGenerator<readonly RunRecord[]>;
  readonly nextPageToken: string | undefined;
  /** False if a logging run's object did not answer, or was not asked because there are too many. */
  readonly isExact: boolean;
}

/**
 * The runs of a page, with every point that was acknowledged before the call. The page's statement also finds the live
 * runs, and their objects are then asked.
 */
export async function searchRuns(ctx: ServiceContext, input: RunSearch): Promise<FoundRuns> {
  const readsRecords = input.maxResults <= RUNS_PER_READ;
  const { db, runIds, records, news, nextPageToken, isExact } = await findRunPage(ctx, input, { readsRecords });
  return { nextPageToken, isExact, count: runIds.length, slices: readInSlices({ ...ctx, db }, runIds, records, news) };
}

export interface RunPage extends Omit<RunPageRows, "ids"> {
  readonly plan: RunSearchPlan;
  /** Where the page was read, and what else is read of it. */
  readonly db: D1Database;
  readonly runIds: readonly string[];
  /** News of the page's runs, which replaces D1's older values. */
  readonly news: LiveNews;
  /** D1's summaries of the shown metrics, for the runs that have news. */
  readonly known: ReadonlyMap<string, MetricSummaries>;
  /** As in {@link FoundRuns}. */
  readonly isExact: boolean;
}

/** What to read for a page's runs. */
interface RunPageReads extends Pick<PageReads, "readsRecords" | "fields"> {
  /** The metrics that the answer shows; all where absent. */
  readonly shows?: readonly string[];
  /** Statements that are executed together with the page's. */
  readonly along?: (plan: RunSearchPlan) => readonly D1PreparedStatement[];
}

/** Maximum number of shown metrics' summaries read from D1 at once. For more, the news is written to D1 instead. */
const MAX_KNOWN = 50_000;

/**
 * The ids of a page's runs. If the filter or order uses metrics, the news of these metrics of all live runs is written to
 * D1, and the page is read again. Otherwise only the page's live runs are asked, for the metrics that the answer shows,
 * and nothing is written.
 */
export async function findRunPage(
  ctx: ServiceContext,
  input: RunSearch & Pick<RunSearchQuery, "orderGrammar">,
  { readsRecords = false, fields, shows, along }: RunPageReads,
): Promise<RunPage> {
  const experimentIds = [...new Set(input.experimentIds)];
  const plan = planRunSearch({ ...input, experimentIds, visibility: ctx.visibility });
  // Residues drop most rows, so reading every row's record at once would be wasted.
  const reads = { readsRecords: readsRecords && plan.residues.length === 0, fields };
  const findLive = (db: D1Database) => liveRunsStatement(db, experimentIds, MAX_LIVE_RUNS + 1, plan.listedRunIds);
  const alongside = along?.(plan) ?? [];
  const keys = shows === undefined ? undefined : [...new Set([...plan.metricKeys, ...shows])];
  // A replica may lack metrics of live runs that were written for an earlier page.
  const db = plan.metricKeys.length > 0 ? ctx.primary : ctx.db;
  // The page of a replica needs the primary's marks beside it.
  const needsMarks = db !== ctx.primary && keys?.length !== 0;
  const [first, marked] = await Promise.all([
    readRunPage(db, plan, { ...reads, alongside: [findLive(db), ...alongside] }),
    needsMarks ? findLive(ctx.primary).all() : undefined,
  ]);
  const [liveThere, ...told] = first.told;
  const there = toLiveRuns(liveThere);
  const live = marked === undefined ? there : markedRuns(toLiveRuns(marked), there);
  const listed = plan.metricKeys.length > 0 ? undefined : new Set(first.ids);
  const isListed = ({ runId }: LiveRun) => listed?.has(runId) ?? true;
  const runs = keys?.length === 0 ? [] : live.filter(isListed);
  const isReplicaBehind = marked !== undefined && lacksSome(live, there.filter(isListed));
  const isFew = runs.length * (shows?.length ?? 0) <= MAX_KNOWN;
  const findKnown = summariesStatement(db, isFew ? runs.map(({ runId }) => runId) : [], shows ?? []);
  const needsKnown = isFew && runs.length > 0 && (shows?.length ?? 0) > 0;
  const [news, known] = await Promise.all([askLiveRuns(ctx, runs, keys), needsKnown ? findKnown.all() : undefined]);
  const written = isFew ? plan.metricKeys : (keys ?? []);
  const before = news.statementsFor(written);
  const page = { plan, news, isExact: news.staleRuns === 0 };
  if (before.length === 0 && !news.isBehind && !isReplicaBehind) {
    return { ...first, ...page, db, runIds: first.ids, told, known: toSummaries(known) };
  }
  const beside = needsKnown ? [findKnown] : [];
  const again = await readRunPage(ctx.primary, plan, { ...reads, before, alongside: [...beside, ...alongside] });
  news.noteWritten(written);
  const knownNow = needsKnown ? again.told[0] : undefined;
  return {
    ...again,
    ...page,
    db: ctx.primary,
    runIds: again.ids,
    told: again.told.slice(beside.length),
    known: toSummaries(knownNow),
  };
}

function toLiveRuns(result: D1Result | undefined): LiveRun[] {
  return ((result?.results ?? []) as LiveRunRow[]).map(toLiveRun);
}

/** The runs that the primary marks, with what the page's replica has of each. The replica knows nothing of a run whose burst is newer. */
function markedRuns(marked: readonly LiveRun[], there: readonly LiveRun[]): LiveRun[] {
  const known = new Map(there.map(({ runId, flushedThrough }) => [runId, flushedThrough]));
  return marked.map((run) => ({ ...run, flushedThrough: known.get(run.runId) ?? 0 }));
}

/** Whether a mark of the replica is cleared at the primary: the replica then lacks what came with the clearing. */
function lacksSome(marked: readonly LiveRun[], there: readonly LiveRun[]): boolean {
  const ids = new Set(marked.map(({ runId }) => runId));
  return there.some(({ runId }) => !ids.has(runId));
}

async function* readInSlices(
  ctx: ServiceContext,
  runIds: readonly string[],
  records: readonly RecordRow[] | undefined,
  { summaries }: LiveNews,
): AsyncGenerator<readonly RunRecord[]> {
  for await (const slice of records === undefined ? readRows(ctx.db, runIds) : [records]) {
    for await (const found of toRecords(ctx.db, slice, ctx.waitUntil)) {
      yield summaries.size === 0 ? found : found.map((record) => layOver(record, summaries.get(record.info.runId)));
    }
  }
}

/** The runs' rows, each slice read when the consumer asks for it, so that a large page takes bounded memory. */
async function* readRows(db: D1Database, runIds: readonly string[]): AsyncGenerator<readonly RecordRow[]> {
  // A page of up to 1,000 runs is one round trip.
  let size = runIds.length > RUNS_PER_READ ? RENDERED_PER_READ : RUNS_PER_READ;
  for (let start = 0; start < runIds.length; ) {
    if (start > 0) await yieldTurn();
    const rows = await readRecordRows(db, runIds.slice(start, start + size));
    yield rows;
    start += size;
    const rendered = rows.filter((row) => row.rendered !== null).length;
    size = 4 * rendered > rows.length ? RENDERED_PER_READ : RUNS_PER_READ;
  }
}
