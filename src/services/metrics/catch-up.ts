import type { Database } from "../../stores/d1/connection/database.ts";
import { clearLiveRunsStatements, upsertLatestStatements } from "../../stores/d1/metrics/latest-metrics.ts";
import type { Unflushed } from "../../stores/run/durable-object.ts";
import { runObject } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";

/** Objects that one request asks. The platform allows a request 1,000 calls, and D1 and the answer need some too. */
export const MAX_ASKED_OBJECTS = 800;

/** Live runs that a search looks at. */
export const MAX_LIVE_RUNS = 1000;

/** Objects that are asked at a time. */
const OBJECTS_AT_A_TIME = 32;

/** Calls that are left for objects that failed at first, so that a failing platform does not double the calls. */
const MAX_REPEATS = 100;

/** Statements in one D1 transaction. */
const STATEMENTS_PER_BATCH = 50;

/** How far D1 is after {@link catchUp}. */
export interface CaughtUp {
  /** Runs whose object was not asked or did not answer: what D1 has of them may be old. */
  readonly staleRuns: number;
}

/**
 * Brings `latest_metrics` up to what the objects of `runIds` have acknowledged: asks each for what D1 has not seen, and
 * writes all of it together, which is several times faster than each object writing its own. The objects keep their
 * points until their own alarm has written them too. Objects that have nothing lose their mark, unless they have marked
 * again meanwhile. An object that fails, and fails again, is counted, and keeps its mark.
 */
export async function catchUp(ctx: ServiceContext, runIds: readonly string[]): Promise<CaughtUp> {
  const asked = runIds.slice(0, MAX_ASKED_OBJECTS);
  const news: (Unflushed & { readonly runId: string })[] = [];
  let repeats = 0;
  const ask = async (runId: string): Promise<void> => {
    try {
      news.push({ runId, ...(await runObject(ctx.env, runId).unflushed()) });
    } catch (error) {
      if (repeats++ >= MAX_REPEATS) throw error;
      // A stub whose object failed once may go on failing: the repeat goes through a new one.
      news.push({ runId, ...(await runObject(ctx.env, runId).unflushed()) });
    }
  };
  let failed = 0;
  await forEachAtMost(OBJECTS_AT_A_TIME, asked, async (runId) => {
    try {
      await ask(runId);
    } catch (error) {
      failed++;
      console.error("catch-up of run", runId, error);
    }
  });
  await write(
    ctx.db,
    news.flatMap((of) => of.rows),
    news.filter((of) => of.isIdle),
  );
  return { staleRuns: runIds.length - asked.length + failed };
}

/** Already gathered, and too much at once for the queue of other writes: straight to D1. */
async function write(
  db: Database,
  rows: readonly string[],
  idle: readonly { readonly runId: string; readonly epoch: number }[],
): Promise<void> {
  const statements = [...upsertLatestStatements(db, rows), ...clearLiveRunsStatements(db, idle)];
  for (let i = 0; i < statements.length; i += STATEMENTS_PER_BATCH) {
    await db.batch(statements.slice(i, i + STATEMENTS_PER_BATCH));
  }
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
