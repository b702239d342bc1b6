import type { LifecycleStage } from "../../domain/entities.ts";
import { doesNotExist, MlflowError } from "../../domain/errors.ts";
import { yieldTurn } from "../../stores/d1/connection/turn.ts";
import {
  beginMove,
  endMove,
  findUntoldRuns,
  moveSlice,
  noteTold,
} from "../../stores/d1/experiments/experiment-moves.ts";
import type { RunPlace } from "../../stores/run/stub.ts";
import { recorded } from "../access/audit.ts";
import type { ServiceContext } from "../context.ts";
import { tellDeletedRuns } from "../live/deleted-runs.ts";
import { getExperiment } from "./experiments.ts";

/** Maximum number of D1 statements and object calls in one request: the platform allows 1,000. */
const MAX_CALLS = 900;

/** After this many objects are told, the progress is noted, so that a repeat continues there. */
const OBJECTS_PER_NOTE = 100;

/**
 * Deletes or restores an experiment and every run in it. The objects of logging runs learn of it before the answer. If
 * that fails, or is too much for one request, the answer is a 503, and a repeat continues with the rest.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST where the experiment is already in this stage with all its runs, as in MLflow.
 */
export async function setExperimentStage(ctx: ServiceContext, experimentId: string, to: LifecycleStage): Promise<void> {
  const experiment = await getExperiment(ctx, experimentId);
  const action = to === "deleted" ? "experiment.delete" : "experiment.restore";
  const detail = { name: experiment.name };
  const writes = recorded(ctx, { action, targetType: "experiment", targetId: experimentId, detail });
  if (!(await beginMove(writes, experiment.experimentId, to, Date.now()))) {
    const required = to === "deleted" ? "active" : "deleted";
    throw doesNotExist(`No ${required} experiment with id=${experimentId} exists`);
  }
  await finishMove(ctx, experiment.experimentId, to);
}

/**
 * Finishes an experiment's move. Several requests may do this at once, each its part.
 * @param maxCalls the number of D1 statements and object calls that this request may still make
 * @throws MlflowError TEMPORARILY_UNAVAILABLE where something is still left.
 */
export async function finishMove(
  ctx: ServiceContext,
  experimentId: string,
  to: LifecycleStage,
  maxCalls = MAX_CALLS,
): Promise<void> {
  let calls = 0;
  while (await moveSlice(ctx.writes, experimentId, to)) {
    if (++calls >= maxCalls) throw unfinished(experimentId);
    await yieldTurn();
  }
  for (;;) {
    const untold = await findUntoldRuns(ctx.db, experimentId, OBJECTS_PER_NOTE);
    if (untold.length === 0) break;
    calls += untold.length + 2;
    if (calls > maxCalls) throw unfinished(experimentId);
    await tellDeleted(ctx, experimentId, untold);
  }
  await endMove(ctx.writes, experimentId, to);
}

/** Tells every object, even if some fail, and notes the progress. */
async function tellDeleted(ctx: ServiceContext, experimentId: string, runs: readonly RunPlace[]): Promise<void> {
  const failed = await tellDeletedRuns(ctx, runs);
  const runIds = runs.map(({ runId }) => runId);
  const told = failed.length === 0 ? runIds : runIds.slice(0, runIds.indexOf(failed.toSorted()[0]!));
  const last = told.at(-1);
  if (last !== undefined) await noteTold(ctx.writes, experimentId, last);
  if (failed.length > 0) throw unfinished(experimentId);
}

function unfinished(experimentId: string): Error {
  return new MlflowError(
    "TEMPORARILY_UNAVAILABLE",
    `Experiment ${experimentId} has changed its stage, but not all of its runs have heard of it yet; please repeat.`,
  );
}
