import type { RunInfo } from "../../../domain/entities.ts";
import { parseInt64 } from "../../../domain/int64.ts";
import type { AsText, StoredRow } from "../schema/rows.ts";
import type { runs } from "../schema/runs.ts";

/** Times and the experiment's id as text: D1 rounds integers beyond 2^53. */
export const INFO_COLUMNS = `r.run_id, CAST(r.experiment_id AS TEXT) AS experiment_id, r.run_name, r.user_id, r.status,
  CAST(r.start_time AS TEXT) AS start_time, CAST(r.end_time AS TEXT) AS end_time, r.artifact_uri, r.lifecycle_stage, r.live_epoch, r.has_object, r.cell,
  r.flushed_through`;

export type RunRow = AsText<Omit<StoredRow<typeof runs>, "deleted_time">, "experiment_id" | "start_time" | "end_time">;

/** A run, and where its metric history is. */
export interface StoredRun extends RunInfo {
  /** Whether its object may hold points that D1 has not seen. */
  readonly isLive: boolean;
  /** Whether its object holds its history; see first-points.ts. */
  readonly hasObject: boolean;
  /** The object's name if it is a cell; empty if the object is the run's own. */
  readonly cell: string;
  /** The row of the object's journal up to which D1 has everything; 0 if D1 was told nothing. */
  readonly flushedThrough: number;
}

export function toRunInfo(row: RunRow): StoredRun {
  return {
    runId: row.run_id,
    experimentId: row.experiment_id,
    runName: row.run_name,
    userId: row.user_id,
    status: row.status,
    startTimeMs: row.start_time === null ? null : (parseInt64(row.start_time) ?? null),
    endTimeMs: row.end_time === null ? null : (parseInt64(row.end_time) ?? null),
    artifactUri: row.artifact_uri,
    lifecycleStage: row.lifecycle_stage,
    isLive: row.live_epoch !== null,
    hasObject: row.has_object === 1,
    cell: row.cell,
    flushedThrough: row.flushed_through ?? 0,
  };
}
