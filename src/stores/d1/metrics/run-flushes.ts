import type { FlushedRun, LatestMetrics, RunFlush } from "../../run/latest-port.ts";
import type { Database } from "../connection/database.ts";
import { readFirstPoints } from "./first-points.ts";
import { clearLiveRunsStatements, markLive, upsertLatestStatements } from "./latest-metrics.ts";

/** D1 as an object that holds histories sees it. @param cell the object's name, once it is known; empty for a run's own */
export function latestMetricsOf(db: D1Database, cell: () => string): LatestMetrics {
  return {
    mark: (runId, epoch) => markLive(db, runId, epoch, cell()),
    firstPoints: (runId) => readFirstPoints(db, runId),
    write: (flushes) => writeFlushes(db, flushes),
  };
}

async function writeFlushes(db: Database, flushes: readonly RunFlush[]): Promise<Map<string, FlushedRun>> {
  const runIds = JSON.stringify(flushes.map(({ runId }) => runId));
  const stages = db
    .prepare("SELECT run_id, lifecycle_stage, live_epoch FROM runs WHERE run_id IN (SELECT value FROM json_each(?))")
    .bind(runIds);
  const clears = flushes.flatMap(({ runId, clearsEpoch }) =>
    clearsEpoch === undefined ? [] : [{ runId, epoch: clearsEpoch }],
  );
  const [runs] = await db.batch<{ run_id: string; lifecycle_stage: string; live_epoch: number | null }>([
    stages,
    ...upsertLatestStatements(
      db,
      flushes.flatMap(({ rows }) => rows),
    ),
    ...clearLiveRunsStatements(db, clears),
  ]);
  return new Map(
    runs?.results.map((row) => [
      row.run_id,
      { isActive: row.lifecycle_stage === "active", isMarked: row.live_epoch !== null },
    ]),
  );
}
