import type { Database } from "../../stores/d1/connection/database.ts";
import { clearLiveStatement, upsertLatestStatements } from "../../stores/d1/metrics/latest-metrics.ts";
import { runObject } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";

/** Statements in one D1 transaction. */
const STATEMENTS_PER_BATCH = 50;

/**
 * Brings `latest_metrics` up to what the objects of `runIds` have acknowledged: asks each for what D1 has not seen, and
 * writes all of it together, which is several times faster than each object writing its own. The objects keep their
 * points until their own alarm has written them too. Objects that have nothing lose their mark, unless they have marked
 * again meanwhile.
 */
export async function catchUp(ctx: ServiceContext, runIds: readonly string[]): Promise<void> {
  const news = await Promise.all(
    runIds.map(async (runId) => ({ runId, ...(await runObject(ctx.env, runId).unflushed()) })),
  );
  // Already gathered, and too much at once for the queue of other writes.
  const db: Database = ctx.db;
  const clears = news.filter((of) => of.isIdle).map((of) => clearLiveStatement(db, of.runId, of.epoch));
  const statements = [
    ...upsertLatestStatements(
      db,
      news.flatMap((of) => of.rows),
    ),
    ...clears,
  ];
  for (let i = 0; i < statements.length; i += STATEMENTS_PER_BATCH) {
    await db.batch(statements.slice(i, i + STATEMENTS_PER_BATCH));
  }
}
