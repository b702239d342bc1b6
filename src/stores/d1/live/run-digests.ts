import type { LifecycleStage, RunStatus } from "../../../domain/entities.ts";
import type { StoredRow } from "../schema/rows.ts";
import type { runs } from "../schema/runs.ts";

/** A run as lists show it, with a digest that tells whether anything of the run changed. */
export interface RunDigest {
  readonly runId: string;
  readonly status: RunStatus;
  readonly lifecycleStage: LifecycleStage;
  readonly runName: string;
  readonly endTimeMs: number | null;
  /** Whether the run's object may hold points that D1 has not seen. */
  readonly isLive: boolean;
  /** The object's name if it is a cell. */
  readonly cell: string;
  /**
   * A text that changes when a param or the start of a tag changes. For a run that is not live, it also changes with the
   * latest, least or greatest value of a metric. D1 learns of a live run's metrics late; its object has them first.
   */
  readonly data: string;
}

type DigestRow = Pick<
  StoredRow<typeof runs>,
  "run_id" | "status" | "lifecycle_stage" | "run_name" | "end_time" | "live_epoch" | "cell"
> & {
  readonly data: string;
};

/**
 * The stamp of the run's document, since any change of the run deletes the document. Without a document, sums of values
 * that only grow, or mostly grow: only an unusual client could change the values and keep the digest.
 */
const DIGEST = `SELECT run_id, status, lifecycle_stage, run_name, end_time, live_epoch, cell, coalesce(
    (SELECT 'stamp ' || stamp FROM run_documents d WHERE d.run_id = r.run_id),
    CASE WHEN live_epoch IS NULL THEN
      (SELECT count(*) || ',' || total(step) || ',' || total(timestamp) || ',' || total(value) || ',' || total(min_value)
        || ',' || total(max_value) FROM latest_metrics m WHERE m.run_id = r.run_id) ELSE '' END
    || (SELECT ';' || count(*) FROM params p WHERE p.run_id = r.run_id)
    || (SELECT ';' || count(*) || ',' || total(length(value)) || ',' || coalesce(group_concat(substr(value, 1, 24)), '')
      FROM tags t WHERE t.run_id = r.run_id)) AS data
  FROM runs r WHERE run_id IN (SELECT value FROM json_each(?))`;

/** The existing runs of `runIds`, in no particular order. */
export async function findRunDigests(db: D1Database, runIds: readonly string[]): Promise<RunDigest[]> {
  const { results } = await db.prepare(DIGEST).bind(JSON.stringify(runIds)).all<DigestRow>();
  return results.map((row) => ({
    runId: row.run_id,
    status: row.status,
    lifecycleStage: row.lifecycle_stage,
    runName: row.run_name,
    endTimeMs: row.end_time,
    isLive: row.live_epoch !== null,
    cell: row.cell,
    data: row.data,
  }));
}
