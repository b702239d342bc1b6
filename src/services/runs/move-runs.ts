import { invalidParameter, MlflowError } from "../../domain/errors.ts";
import { slices } from "../../domain/slices.ts";
import { visibilityOf } from "../../stores/d1/access/visibility.ts";
import { findImportedRuns } from "../../stores/d1/import/runs.ts";
import { experimentsOfModels, moveRunsTo } from "../../stores/d1/runs/move-runs.ts";
import { experimentsWith } from "../../stores/d1/trash/trash.ts";
import { callerOf } from "../access/audit.ts";
import { changed } from "../access/memory.ts";
import type { ServiceContext } from "../context.ts";
import { getExperiment } from "../experiments/experiments.ts";
import { runNotFound } from "./runs.ts";

/** Runs in one transaction: D1 works on the rows of a few runs for milliseconds. */
const RUNS_AT_A_TIME = 10;

/**
 * Moves active runs and their logged models to another experiment, under their own ids. History and files stay where they
 * are, and from now on belong to the new experiment. A run may log meanwhile. Each run moves completely or not at all, and a
 * repeat moves the rest.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST without one of the runs or the experiment, INVALID_PARAMETER_VALUE where one of
 *   them is in the trash, PERMISSION_DENIED where the caller does not manage the runs' models; then nothing is moved.
 */
export async function moveRuns(ctx: ServiceContext, runIds: readonly string[], experimentId: string): Promise<void> {
  const asked = [...new Set(runIds)];
  if (asked.length === 0) throw invalidParameter("No run is named.");
  await requireActiveExperiment(ctx, experimentId);
  await requireActiveRuns(ctx, asked);
  await requireModels(ctx, asked, experimentId, "MANAGE");
  for (const some of slices(asked, RUNS_AT_A_TIME)) {
    // What callers may do with these runs and their files depends on the experiment.
    await changed(moveRunsTo(ctx.writes, some, experimentId, callerOf(ctx)));
  }
  const infos = await findImportedRuns(ctx.db, asked);
  const left = asked.find((runId) => infos.get(runId)?.experimentId !== experimentId);
  if (left === undefined) return;
  throw new MlflowError(
    "TEMPORARILY_UNAVAILABLE",
    `Run ${left} was not moved: it, or one of the experiments, is just being deleted or restored. Please repeat.`,
  );
}

/** @throws MlflowError unless the experiment exists and is active */
export async function requireActiveExperiment(ctx: ServiceContext, experimentId: string): Promise<void> {
  const { lifecycleStage } = await getExperiment(ctx, experimentId);
  if (lifecycleStage === "active") return;
  throw invalidParameter(
    `The experiment ${experimentId} must be in the 'active' state. Current state is ${lifecycleStage}.`,
  );
}

/** @throws MlflowError unless all of the runs exist and are active */
export async function requireActiveRuns(ctx: ServiceContext, runIds: readonly string[]): Promise<void> {
  const infos = await findImportedRuns(ctx.db, runIds);
  for (const runId of runIds) {
    const info = infos.get(runId);
    if (info === undefined) throw runNotFound(runId);
    if (info.lifecycleStage === "active") continue;
    throw invalidParameter(`The run ${runId} must be in the 'active' state. Current state is ${info.lifecycleStage}.`);
  }
}

/**
 * Grants on all logged models decide in place of those on the experiment, so the permission on the runs is not enough.
 * @param level what the caller needs on the runs' models
 * @throws MlflowError PERMISSION_DENIED unless the caller has it, and may change models of the experiment
 */
export async function requireModels(
  ctx: ServiceContext,
  runIds: readonly string[],
  experimentId: string,
  level: "EDIT" | "MANAGE",
): Promise<void> {
  const from = await experimentsOfModels(ctx.db, runIds);
  if (from.length === 0) return;
  for (const [needed, asked] of [
    [level, from],
    ["EDIT", [experimentId]],
  ] as const) {
    const { loggedModelsOf } = visibilityOf(ctx.principal, ctx.principal.isAdmin, ctx.defaultLevel, needed);
    const allowed = await experimentsWith(ctx.db, asked, loggedModelsOf);
    if (asked.some((id) => !allowed.has(id))) throw new MlflowError("PERMISSION_DENIED", "Permission denied.");
  }
}
