import type { Database } from "../../stores/d1/connection/database.ts";
import { clearLiveRunsStatements, upsertLatestStatements } from "../../stores/d1/metrics/latest-metrics.ts";
import type { NewsOfRun } from "../../stores/run/cell.ts";
import type { Confirmed, RunNews } from "../../stores/run/open-run.ts";
import { askForNews, byObject, type ObjectRequest, type RunPlace } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";

/** Live runs that a search looks at. */
export const MAX_LIVE_RUNS = 10_000;

/** Calls of objects by one request. The platform allows a request 1,000 calls, and D1 and the answer need some too. */
export const MAX_ASKED_OBJECTS = 800;

/** Objects that are asked at a time. */
const OBJECTS_AT_A_TIME = 32;

/** What is gathered for one transaction of D1, in UTF-16 units: bounded, since an isolate holds 128 MB. */
const MAX_CHARACTERS = 4_000_000;

/** How far D1 is after {@link catchUp}. */
export interface CaughtUp {
  /** Runs that were not asked about, or whose object did not answer: what D1 has of them may be old. */
  readonly staleRuns: number;
}

const MAX_REMEMBERED_RUNS = 10_000;

/** Run id → what this isolate has written to D1. Its object is told with the next question, and tells only what is new. */
const confirmedRuns = new Map<string, Confirmed>();

/**
 * Brings `latest_metrics` up to what the objects of live runs have acknowledged: asks each for what D1 has not seen, and
 * writes all of it together, which is several times faster than each object writing its own. Runs that have nothing lose
 * their mark, unless they have marked again meanwhile. An object that fails, and fails again, is counted, and its runs
 * keep their marks.
 */
export async function catchUp(ctx: ServiceContext, runs: readonly RunPlace[]): Promise<CaughtUp> {
  const gathered = new Gathered(ctx.db);
  const requests = byObject(runs, (runId) => confirmedRuns.get(runId));
  let calls = 0;
  let told = 0;
  const ask = async (request: ObjectRequest): Promise<NewsOfRun[]> => {
    if (calls++ >= MAX_ASKED_OBJECTS) return [];
    try {
      return await askForNews(ctx.env, request);
    } catch (error) {
      console.error("catch-up of", request.cell || request.runs[0]?.runId, error);
      if (calls++ >= MAX_ASKED_OBJECTS) return [];
      // A stub whose object failed once may go on failing: each question goes through a new one.
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
          told++;
          await gathered.add(runId, news);
        }
      }
    } catch (error) {
      console.error("catch-up of", cell || asked[0]?.runId, error);
    }
  });
  await gathered.write();
  return { staleRuns: runs.length - told };
}

/** News on their way to D1. */
class Gathered {
  readonly #db: Database;
  #news: { readonly runId: string; readonly news: RunNews }[] = [];
  #characters = 0;

  /** @param db D1 itself: what is gathered already is too much at once for the queue of other writes */
  constructor(db: Database) {
    this.#db = db;
  }

  async add(runId: string, news: RunNews): Promise<void> {
    if (news.rows.length === 0 && !news.isIdle) return;
    this.#news.push({ runId, news });
    for (const row of news.rows) this.#characters += row.length;
    if (this.#characters >= MAX_CHARACTERS) await this.write();
  }

  /** Writes in one transaction, and remembers what D1 has then. */
  async write(): Promise<void> {
    const gathered = this.#news;
    this.#news = [];
    this.#characters = 0;
    const statements = [
      ...upsertLatestStatements(
        this.#db,
        gathered.flatMap(({ news }) => news.rows),
      ),
      ...clearLiveRunsStatements(
        this.#db,
        gathered.flatMap(({ runId, news }) => (news.isIdle ? [{ runId, epoch: news.epoch }] : [])),
      ),
    ];
    if (statements.length > 0) await this.#db.batch(statements);
    for (const { runId, news } of gathered) remember(runId, news);
  }
}

function remember(runId: string, { epoch, through, isIdle }: RunNews): void {
  confirmedRuns.delete(runId);
  // An object of the version before tells no row.
  if (isIdle || through === undefined) return;
  confirmedRuns.set(runId, { epoch, through });
  if (confirmedRuns.size > MAX_REMEMBERED_RUNS) confirmedRuns.delete(confirmedRuns.keys().next().value!);
}

/** Does `work` for each item, for at most `limit` at a time. */
export async function forEachAtMost<Item>(
  limit: number,
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}
