import type { KeyValue, LifecycleStage, RunInfo, RunStatus } from "../../domain/entities.ts";
import { doesNotExist, invalidParameter, MlflowError } from "../../domain/errors.ts";
import { isExperimentId, newRunId } from "../../domain/ids.ts";
import type { Int64 } from "../../domain/int64.ts";
import { asStored } from "../../domain/key-values.ts";
import { MAX_KEY_LENGTH, MAX_RUN_TAG_VALUE_LENGTH } from "../../domain/limits.ts";
import { checkLength, storedTagValue, truncate } from "../../domain/names.ts";
import { RUN_NAME_TAG, randomRunName } from "../../domain/run-names.ts";
import { untilKnown } from "../../stores/d1/connection/until-known.ts";
import { findMoveOfRun } from "../../stores/d1/experiments/experiment-moves.ts";
import { layOver } from "../../stores/d1/runs/document-news.ts";
import { type FullRunRecord, readRun } from "../../stores/d1/runs/run-records.ts";
import type { StoredRun } from "../../stores/d1/runs/run-row.ts";
import { findRun, insertRun, moveRun, updateRun } from "../../stores/d1/runs/runs.ts";
import type { RunNotice } from "../../stores/run/live-sockets.ts";
import { runObject } from "../../stores/run/stub.ts";
import { recorded } from "../access/audit.ts";
import type { ServiceContext } from "../context.ts";
import { finishMove } from "../experiments/experiment-stage.ts";
import { getExperiment } from "../experiments/experiments.ts";
import { tellDeletedRuns } from "../live/deleted-runs.ts";
import { askLiveRuns, NO_NEWS } from "../live/live-news.ts";
import { tellWatchers } from "../live/watchers.ts";
import { createCellNear, placeNewRun, rememberRun } from "./known-runs.ts";

export interface CreateRun {
  /** Absent or empty: experiment 0. */
  readonly experimentId?: string | undefined;
  readonly userId?: string | undefined;
  readonly runName?: string | undefined;
  readonly startTime?: Int64 | undefined;
  readonly tags?: readonly KeyValue[] | undefined;
}

/** Creates a run. Its name and its tag `mlflow.runName` are the same: either sets the other; without both, it is random. */
export async function createRun(ctx: ServiceContext, input: CreateRun): Promise<RunInfo & { tags: KeyValue[] }> {
  const experimentId = input.experimentId || "0";
  const tags = asStored((input.tags ?? []).map(checkFirstTag));
  const givenName = truncate(input.runName ?? "", MAX_RUN_TAG_VALUE_LENGTH);
  const taggedName = tags.find(({ key }) => key === RUN_NAME_TAG)?.value;
  if (givenName && taggedName && givenName !== taggedName) {
    throw invalidParameter(
      `The run name '${givenName}' and the tag ${RUN_NAME_TAG} '${taggedName}' differ. Give one, or both the same.`,
    );
  }
  const runName = givenName || taggedName || randomRunName();
  const runId = newRunId();
  const createdMs = Date.now();
  const newRun = {
    runId,
    cell: placeNewRun(ctx, runId, experimentId),
    experimentId,
    runName,
    userId: input.userId ?? "",
    startTimeMs: input.startTime ?? 0,
    tags: asStored([...tags, { key: RUN_NAME_TAG, value: runName }]),
  };
  const info = isExperimentId(experimentId)
    ? await untilKnown<RunInfo | undefined>(
        () => insertRun(ctx.writes, newRun),
        () => findRun(ctx.db, runId),
      )
    : undefined;
  if (info === undefined) {
    const experiment = await getExperiment(ctx, experimentId);
    throw invalidParameter(
      `The experiment ${experiment.experimentId} must be in the 'active' state. Current state is ${experiment.lifecycleStage}.`,
    );
  }
  const { cell } = newRun;
  rememberRun(runId, { experimentId: info.experimentId, hasObject: cell !== "", cell, createdMs });
  createCellNear(ctx, cell);
  return { ...info, tags: newRun.tags };
}

/** Checks a tag of a new run, which may have any name: MLflow checks tag names only when tags are set later. */
function checkFirstTag(tag: KeyValue): KeyValue {
  checkLength("tag name", tag.key, MAX_KEY_LENGTH);
  return { key: tag.key, value: storedTagValue(tag) };
}

/**
 * The run as D1 has it. A replica may lack a new run, which is then looked up at the primary.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST
 */
export async function getRunInfo(ctx: ServiceContext, runId: string): Promise<StoredRun> {
  const near = await findRun(ctx.db, runId);
  const info = near ?? (ctx.db === ctx.primary ? undefined : await findRun(ctx.primary, runId));
  if (info === undefined) throw runNotFound(runId);
  return info;
}

/** The run, with every point that was acknowledged before the call. */
export async function getRun(ctx: ServiceContext, runId: string): Promise<FullRunRecord> {
  let run = await readRun(ctx.db, runId, ctx.waitUntil);
  const { staleRuns, isBehind, summaries } = run?.info.isLive ? await askLiveRuns(ctx, [run.info]) : NO_NEWS;
  // A search may return a run with old values, but a request for this one run must fail.
  if (staleRuns > 0) throw new Error(`The metric history of run ${runId} cannot be read`);
  if (isBehind) run = await readRun(ctx.db, runId, ctx.waitUntil);
  if (run === undefined) throw runNotFound(runId);
  return layOver(run, summaries.get(runId));
}

export interface UpdateRun {
  readonly runId: string;
  readonly status?: RunStatus | undefined;
  readonly endTime?: Int64 | undefined;
  readonly runName?: string | undefined;
}

export async function changeRun(ctx: ServiceContext, input: UpdateRun): Promise<RunInfo> {
  const runName = input.runName ? truncate(input.runName, MAX_RUN_TAG_VALUE_LENGTH) : undefined;
  const info = await updateRun(ctx.writes, input.runId, { status: input.status, endTimeMs: input.endTime, runName });
  if (info === undefined) throw await notActive(ctx, input.runId);
  if (!info.isLive) return info;
  const isEnded = info.status === "FINISHED" || info.status === "FAILED" || info.status === "KILLED";
  if (isEnded) ctx.waitUntil(flushEndedRun(ctx, info));
  else tellWatchers(ctx, info, noticeOf(info));
  return info;
}

/** Flushes the object of an ended run at once, not only at its alarm: clients usually search for the run next. */
async function flushEndedRun(ctx: ServiceContext, info: StoredRun): Promise<void> {
  const isWatched = await runObject(ctx.env, info)
    .flush()
    .catch((error: unknown) => {
      console.error("flush of run", info.runId, error);
      return true;
    });
  if (isWatched) tellWatchers(ctx, info, noticeOf(info));
}

/** Deletes or restores a run; the call is idempotent. The object of a logging run learns of a deletion before the answer. */
export async function setRunStage(ctx: ServiceContext, runId: string, to: LifecycleStage): Promise<void> {
  const action = to === "deleted" ? "run.delete" : "run.restore";
  const writes = recorded(ctx, { action, targetType: "run", targetId: runId });
  let moved = await moveRun(writes, runId, to, Date.now());
  if (moved === undefined) {
    // An unfinished move of the run's whole experiment is finished first, so that this later call decides.
    const move = await findMoveOfRun(ctx.db, runId);
    if (move !== undefined) await finishMove(ctx, move.experimentId, move.to);
    moved = await moveRun(writes, runId, to, Date.now());
  }
  if (moved === undefined) throw runNotFound(runId);
  if (!moved.isLive) return;
  const place = { runId, cell: moved.cell };
  if (to === "deleted" && (await tellDeletedRuns(ctx, [place])).length > 0) {
    throw new MlflowError("TEMPORARILY_UNAVAILABLE", `Run ${runId} is deleted, but still takes points; please repeat.`);
  }
  tellWatchers(ctx, place, { type: "run", lifecycle_stage: to });
}

function noticeOf({ status, endTimeMs, runName }: RunInfo): RunNotice {
  return { type: "run", status, end_time: endTimeMs === null ? null : Number(endTimeMs), run_name: runName };
}

export function runNotFound(runId: string): Error {
  return doesNotExist(`Run with id=${runId} not found`);
}

/** The error for a run that could not be written to: the run is deleted or does not exist. */
export async function notActive(ctx: ServiceContext, runId: string): Promise<Error> {
  const info = await findRun(ctx.db, runId);
  return info === undefined
    ? runNotFound(runId)
    : invalidParameter(`The run ${runId} must be in the 'active' state. Current state is ${info.lifecycleStage}.`);
}
