import { forEachAtMost } from "../../domain/for-each-at-most.ts";
import type { Int64 } from "../../domain/int64.ts";
import { remember } from "../../domain/remember.ts";
import type { Database } from "../../stores/d1/connection/database.ts";
import {
  clearLiveRunsStatements,
  type LiveRun,
  noteFlushedStatements,
  upsertLatestStatements,
} from "../../stores/d1/metrics/latest-metrics.ts";
import type { NewsOfRun } from "../../stores/run/cell.ts";
import type { Confirmed, RunNews } from "../../stores/run/open-run.ts";
import {
  askForNews,
  byObject,
  MAX_ASKED_OBJECTS,
  OBJECTS_AT_A_TIME,
  type ObjectRequest,
  type RunPlace,
} from "../../stores/run/stub.ts";
import { MetricSummaries } from "../../stores/run/summaries.ts";
import { parseSummaryRow } from "../../stores/run/summary-rows.ts";
import type { ServiceContext } from "../context.ts";
import { recentNews, rememberNews } from "./last-changes.ts";

/** Maximum number of live runs that a search looks at. */
export const MAX_LIVE_RUNS = 10_000;

/** Maximum number of news held in memory, in UTF-16 units. More is written to D1 instead, since an isolate has 128 MB. */
const MAX_CHARACTERS = 4_000_000;

const MAX_REMEMBERED_RUNS = 10_000;

/** Run id → what this isolate has written to D1. The next question tells the run's object, which then sends only news. */
const confirmedRuns = new Map<string, Confirmed>();

const MAX_REMEMBERED_ROWS = 20_000;
const REMEMBERED_MS = 60_000;

/** Run id and key → the row that this isolate has written to D1, and until when the row is trusted to be there. */
const writtenRows = new Map<string, { readonly row: string; readonly untilMs: number }>();

interface NewsRow {
  readonly key: string;
  readonly row: string;
}

/** Points that objects of live runs have acknowledged and D1 does not have yet. */
export interface LiveNews {
  /** How many runs were not asked about, or have an object that did not answer. D1's values of these runs may be old. */
  readonly staleRuns: number;
  /** The other runs. The answer has their present values. */
  readonly told: ReadonlySet<string>;
  /** Whether D1 got news after the runs were read from it. The caller must then read the runs again. */
  readonly isBehind: boolean;
  /** Run id → the summaries that replace D1's. */
  readonly summaries: ReadonlyMap<string, MetricSummaries>;
  /** Run id → the latest timestamp among the run's news, over all metrics. */
  readonly lastTimestamps: ReadonlyMap<string, Int64>;
  /** Statements that write the news of these metrics to D1, so that a query sees it. Then call {@link noteWritten}. */
  readonly statementsFor: (keys: readonly string[]) => D1PreparedStatement[];
  readonly noteWritten: (keys: readonly string[]) => void;
}

export const NO_NEWS: LiveNews = {
  staleRuns: 0,
  told: new Set(),
  isBehind: false,
  summaries: new Map(),
  lastTimestamps: new Map(),
  statementsFor: () => [],
  noteWritten: () => undefined,
};

/**
 * Asks the objects of live runs for points that D1 has not seen. Asking writes nothing: the answers replace D1's values in
 * the response. An object that fails twice counts as stale. Silent runs without news lose their live mark after the
 * response, unless they have been marked again meanwhile. A page that
 * goes on may get an answer of up to two seconds ago.
 * @param keys the metrics that are needed; all of them where absent
 */
export async function askLiveRuns(
  ctx: ServiceContext,
  runs: readonly LiveRun[],
  keys?: readonly string[],
): Promise<LiveNews> {
  if (runs.length === 0) return NO_NEWS;
  const gathered = new Gathered(ctx, runs, keys);
  let calls = 0;
  const told = new Set<string>();
  // Pages that go on share what the objects have just answered. All other callers see every acknowledged point.
  const unknown: LiveRun[] = [];
  for (const run of runs) {
    const recent = ctx.isPageGoingOn ? recentNews(run.runId, keys) : undefined;
    if (recent === undefined) unknown.push(run);
    else {
      told.add(run.runId);
      await gathered.add(run.runId, recent);
    }
  }
  const requests = byObject(unknown, (runId) => confirmedRuns.get(runId), keys);
  const ask = async (request: ObjectRequest): Promise<NewsOfRun[]> => {
    if (calls++ >= MAX_ASKED_OBJECTS) return [];
    try {
      return await askForNews(ctx.env, request);
    } catch (error) {
      console.error("news of", request.cell || request.runs[0]?.runId, error);
      if (calls++ >= MAX_ASKED_OBJECTS) return [];
      // A stub whose object failed once may keep failing, so each question uses a new stub.
      return await askForNews(ctx.env, request);
    }
  };
  await forEachAtMost(OBJECTS_AT_A_TIME, requests, async ({ cell, runs: asked }) => {
    try {
      for (let rest = asked; rest.length > 0; ) {
        const answers = await ask({ cell, runs: rest });
        if (answers.length === 0) return;
        rest = rest.slice(answers.length);
        for (const { runId, news } of answers) {
          if (news === undefined) continue;
          told.add(runId);
          if (ctx.db !== ctx.primary) rememberNews(runId, news, keys);
          await gathered.add(runId, news);
        }
      }
    } catch (error) {
      console.error("news of", cell || asked[0]?.runId, error);
    }
  });
  gathered.clearIdle();
  return gathered.result(runs.length - told.size, told);
}

/** Writes the news of live runs to D1, for callers that read only D1. @returns how many runs did not answer */
export async function bringUpToDate(ctx: ServiceContext, runs: readonly RunPlace[]): Promise<number> {
  const news = await askLiveRuns(
    ctx,
    runs.map(({ runId, cell }) => ({ runId, cell, flushedThrough: 0 })),
  );
  const keys = [...new Set([...news.summaries.values()].flatMap((ofRun) => [...ofRun.keys()]))];
  const statements = news.statementsFor(keys);
  if (statements.length > 0) await ctx.primary.batch(statements);
  news.noteWritten(keys);
  return news.staleRuns;
}

/** Collects news for the response, and writes it to D1 when it is too much to hold. */
class Gathered {
  readonly #ctx: ServiceContext;
  readonly #flushedThrough: ReadonlyMap<string, number>;
  readonly #idle: { readonly runId: string; readonly epoch: number }[] = [];
  readonly #lastTimestamps = new Map<string, Int64>();
  readonly #keys: readonly string[] | undefined;
  #news = new Map<string, RunNews>();
  #characters = 0;
  #isBehind = false;

  constructor(ctx: ServiceContext, runs: readonly LiveRun[], keys?: readonly string[]) {
    this.#ctx = ctx;
    this.#flushedThrough = new Map(runs.map(({ runId, flushedThrough }) => [runId, flushedThrough]));
    this.#keys = keys;
  }

  async add(runId: string, news: RunNews): Promise<void> {
    // An object that still runs the previous version does not send `flushedThrough`.
    const { flushedThrough = Number.POSITIVE_INFINITY } = news;
    if (flushedThrough > (this.#flushedThrough.get(runId) ?? 0)) this.#isBehind = true;
    if (news.isIdle) this.#idle.push({ runId, epoch: news.epoch });
    if (news.lastTimestamp !== undefined) this.#lastTimestamps.set(runId, news.lastTimestamp);
    if (news.rows.length === 0) return;
    this.#news.set(runId, news);
    for (const row of news.rows) this.#characters += row.length;
    if (this.#characters >= MAX_CHARACTERS) await this.#writeAll();
  }

  /** Writes straight to D1, because the gathered news is too much for the write queue. */
  async #writeAll(): Promise<void> {
    const news = this.#news;
    this.#news = new Map();
    this.#characters = 0;
    const rows = [...news.values()].flatMap((ofRun) => ofRun.rows);
    // With only some metrics asked for, D1 is not complete up to any row of the journal.
    const complete = this.#keys === undefined ? [...news].map(([runId, { through }]) => ({ runId, through })) : [];
    const db: Database = this.#ctx.primary;
    await db.batch([...upsertLatestStatements(db, rows), ...noteFlushedStatements(db, complete)]);
    this.#isBehind = true;
    for (const { runId } of complete) rememberRun(runId, news.get(runId)!);
  }

  clearIdle(): void {
    if (this.#idle.length === 0) return;
    const db: Database = this.#ctx.primary;
    for (const { runId } of this.#idle) confirmedRuns.delete(runId);
    const clear = db.batch(clearLiveRunsStatements(db, this.#idle));
    // If this is lost, the next search clears the marks.
    this.#ctx.waitUntil(clear.catch((error: unknown) => console.error("clear of marks", error)));
  }

  result(staleRuns: number, told: ReadonlySet<string>): LiveNews {
    const rows = new Map<string, NewsRow[]>();
    const summaries = new Map<string, MetricSummaries>();
    for (const [runId, news] of this.#news) {
      const ofRun = new MetricSummaries();
      const rowsOfRun: NewsRow[] = [];
      for (const row of news.rows) {
        const { key, summary } = parseSummaryRow(row);
        ofRun.set(key, summary);
        rowsOfRun.push({ key, row });
      }
      rows.set(runId, rowsOfRun);
      summaries.set(runId, ofRun);
    }
    const unwritten = (keys: readonly string[]) => unwrittenRows(rows, new Set(keys));
    return {
      staleRuns,
      told,
      isBehind: this.#isBehind,
      summaries,
      lastTimestamps: this.#lastTimestamps,
      statementsFor: (keys) =>
        upsertLatestStatements(this.#ctx.primary, [...unwritten(keys).values()]) as D1PreparedStatement[],
      noteWritten: (keys) => rememberRows(unwritten(keys)),
    };
  }
}

/** The rows of these metrics that D1 does not have yet, by run id and key. */
function unwrittenRows(rows: ReadonlyMap<string, readonly NewsRow[]>, keys: ReadonlySet<string>): Map<string, string> {
  const now = Date.now();
  const found = new Map<string, string>();
  for (const [runId, ofRun] of rows) {
    for (const { key, row } of ofRun) {
      if (!keys.has(key)) continue;
      const name = `${runId} ${key}`;
      const written = writtenRows.get(name);
      if (written === undefined || written.row !== row || written.untilMs <= now) found.set(name, row);
    }
  }
  return found;
}

function rememberRows(rows: ReadonlyMap<string, string>): void {
  if (writtenRows.size + rows.size > MAX_REMEMBERED_ROWS) writtenRows.clear();
  const untilMs = Date.now() + REMEMBERED_MS;
  for (const [name, row] of rows) writtenRows.set(name, { row, untilMs });
}

function rememberRun(runId: string, { epoch, through }: RunNews): void {
  remember(confirmedRuns, runId, { epoch, through }, MAX_REMEMBERED_RUNS);
}
