import type { FlushedRun, LatestMetrics, MarkedRun, RunFlush, RunMark } from "../../run/latest-port.ts";
import type { Database } from "../connection/database.ts";
import type { StoredRow } from "../schema/rows.ts";
import type { runs as runsTable } from "../schema/runs.ts";
import { firstPointsStatement, type PointOfRunRow, toPointsByRun } from "./first-points.ts";
import {
  endBurstsStatements,
  markLiveStatement,
  noteFlushedStatements,
  upsertLatestStatements,
} from "./latest-metrics.ts";

/** D1 for an object that holds histories. @param cell the object's name, once it is known; empty for a run's own object */
export function latestMetricsOf(db: D1Database, cell: () => string): LatestMetrics {
  return {
    mark: (marks) => markRuns(db, marks, cell()),
    firstPoints: async (runId) => {
      const { results } = await firstPointsStatement(db, [runId]).all<PointOfRunRow>();
      return toPointsByRun(results).get(runId) ?? [];
    },
    write: (flushes) => writeFlushes(db, flushes),
  };
}

async function markRuns(db: Database, marks: readonly RunMark[], cell: string): Promise<Map<string, MarkedRun>> {
  const wanting = new Set(marks.flatMap(({ runId, wantsFirstPoints }) => (wantsFirstPoints ? [runId] : [])));
  const [marked, points] = await db.batch<PointOfRunRow>([
    markLiveStatement(db, marks, cell),
    // After the mark, because from then on D1 takes no more first points.
    ...(wanting.size === 0 ? [] : [firstPointsStatement(db, [...wanting])]),
  ]);
  const byRun = toPointsByRun(points?.results ?? []);
  const firstPointsOf = (runId: string) => (wanting.has(runId) ? (byRun.get(runId) ?? []) : undefined);
  return new Map(marked?.results.map(({ run_id }) => [run_id, { firstPoints: firstPointsOf(run_id) }]));
}

async function writeFlushes(db: Database, flushes: readonly RunFlush[]): Promise<Map<string, FlushedRun>> {
  const runIds = JSON.stringify(flushes.map(({ runId }) => runId));
  const stages = db
    .prepare("SELECT run_id, lifecycle_stage, live_epoch FROM runs WHERE run_id IN (SELECT value FROM json_each(?))")
    .bind(runIds);
  const ends = flushes.flatMap(({ runId, through, clearsEpoch }) =>
    clearsEpoch === undefined ? [] : [{ runId, through, epoch: clearsEpoch }],
  );
  const goingOn = flushes.filter(({ clearsEpoch }) => clearsEpoch === undefined);
  const [runs] = await db.batch<Pick<StoredRow<typeof runsTable>, "run_id" | "lifecycle_stage" | "live_epoch">>([
    stages,
    ...upsertLatestStatements(
      db,
      flushes.flatMap(({ rows }) => rows),
    ),
    ...noteFlushedStatements(db, goingOn),
    ...endBurstsStatements(db, ends),
  ]);
  return new Map(
    runs?.results.map((row) => [
      row.run_id,
      { isActive: row.lifecycle_stage === "active", isMarked: row.live_epoch !== null },
    ]),
  );
}
