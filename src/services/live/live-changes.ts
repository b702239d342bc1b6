import { sha256, toHex } from "../../domain/bytes.ts";
import { invalidParameter } from "../../domain/errors.ts";
import { findRunDigests, type RunDigest } from "../../stores/d1/live/run-digests.ts";
import type { ServiceContext } from "../context.ts";
import { lastChangesOf } from "./last-changes.ts";

const MAX_RUNS = 1000;

/** The hex digits of a digest's first 32 bits. */
const MARK_LENGTH = 8;

export interface Changes {
  /** The requested runs that have changed since the cursor; all requested runs without a cursor. */
  readonly changed: readonly ChangedRun[];
  /** The cursor for the next call. Only a call that names the same runs gets just the changes. */
  readonly cursor: string;
}

/** A changed run, with the wire's field names. */
export interface ChangedRun {
  readonly run_id: string;
  readonly status: string;
  readonly lifecycle_stage: string;
  readonly run_name: string;
  /** In milliseconds; null while the run goes on. */
  readonly end_time: number | null;
}

/**
 * Which runs changed since an earlier call, for pages that show too many runs for one socket each. The objects of live
 * runs are asked for their progress, which writes nothing. A run may be reported although nothing changed, such as when
 * it stopped being live.
 * @throws MlflowError INVALID_PARAMETER_VALUE
 */
export async function whatChanged(ctx: ServiceContext, runIds: readonly string[], cursor: string): Promise<Changes> {
  const ids = [...new Set(runIds)];
  if (ids.length > MAX_RUNS) {
    throw invalidParameter(`At most ${MAX_RUNS} runs can be watched in one call. Got ${ids.length}.`);
  }
  const digests = new Map((await findRunDigests(ctx.db, ids)).map((digest) => [digest.runId, digest]));
  const live = [...digests.values()].filter(({ isLive }) => isLive);
  const points = await lastChangesOf(ctx, live);
  const marks = await Promise.all(ids.map((id) => markOf(digests.get(id), points.get(id))));
  const before = cursor.length === MARK_LENGTH * ids.length ? cursor : "";
  const isChanged = (index: number) => before.slice(MARK_LENGTH * index, MARK_LENGTH * (index + 1)) !== marks[index];
  return {
    changed: ids.flatMap((id, index) => {
      const digest = digests.get(id);
      return digest !== undefined && isChanged(index) ? [toChangedRun(digest)] : [];
    }),
    cursor: marks.join(""),
  };
}

async function markOf(digest: RunDigest | undefined, points = 0): Promise<string> {
  if (digest === undefined) return "-".repeat(MARK_LENGTH);
  return toHex(await sha256(JSON.stringify([digest, points]))).slice(0, MARK_LENGTH);
}

function toChangedRun({ runId, status, lifecycleStage, runName, endTimeMs }: RunDigest): ChangedRun {
  return { run_id: runId, status, lifecycle_stage: lifecycleStage, run_name: runName, end_time: endTimeMs };
}
