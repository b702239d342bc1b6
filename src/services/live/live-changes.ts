import { invalidParameter } from "../../domain/errors.ts";
import { findRunDigests, type RunDigest } from "../../stores/d1/live/run-digests.ts";
import type { ServiceContext } from "../context.ts";
import { lastChangesOf } from "./last-changes.ts";

const MAX_RUNS = 1000;

/** The hex digits of a digest's first 32 bits. */
const MARK_LENGTH = 8;

export interface Changes {
  /** Of the runs asked for those that are not as they were at the cursor; all of them without one. */
  readonly changed: readonly ChangedRun[];
  /** For the next call, which must name the same runs to be told of changes only. */
  readonly cursor: string;
}

/** By the wire's names. */
export interface ChangedRun {
  readonly run_id: string;
  readonly status: string;
  readonly lifecycle_stage: string;
  readonly run_name: string;
  /** In milliseconds; null while the run goes on. */
  readonly end_time: number | null;
}

/**
 * What happened to runs since an earlier call: for pages that show more runs than one opens sockets for. Live runs' objects
 * are asked how far they are, which writes nothing. A run may be told as changed that is not, as when it came to rest.
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
  const text = new TextEncoder().encode(JSON.stringify([digest, points]));
  const hash = new DataView(await crypto.subtle.digest("SHA-256", text));
  return hash.getUint32(0).toString(16).padStart(MARK_LENGTH, "0");
}

function toChangedRun({ runId, status, lifecycleStage, runName, endTimeMs }: RunDigest): ChangedRun {
  return { run_id: runId, status, lifecycle_stage: lifecycleStage, run_name: runName, end_time: endTimeMs };
}
