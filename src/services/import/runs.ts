import { jsonByteLength } from "../../domain/bytes.ts";
import type { Dataset } from "../../domain/entities.ts";
import { alreadyExists, invalidParameter, MlflowError } from "../../domain/errors.ts";
import { forEachAtMost } from "../../domain/for-each-at-most.ts";
import { isRunId } from "../../domain/ids.ts";
import { MAX_DATASET_JSON_BYTES, MAX_IMPORTED_VALUE_LENGTH } from "../../domain/limits.ts";
import { checkLength } from "../../domain/names.ts";
import type { RunRecord } from "../../domain/records.ts";
import { failedGuard, guardExperiments } from "../../stores/d1/connection/guard.ts";
import { noteDigestStatements } from "../../stores/d1/import/digests.ts";
import {
  findImportedRuns,
  importRunStatements,
  moveRunsStatements,
  type RunStage,
} from "../../stores/d1/import/runs.ts";
import { flushHistories, groupByObject, OBJECTS_AT_A_TIME } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";
import { tellDeletedRuns } from "../live/deleted-runs.ts";
import { placeNewRun } from "../runs/known-runs.ts";
import { afterPurges } from "../trash/after-purges.ts";
import { checkPairs, type Digested, requireExperiments } from "./experiments.ts";
import { requireRuns } from "./points.ts";

/**
 * Writes runs without their points, under their own ids and with their own times, all or none. A new run is active until
 * {@link finishRuns}. Repeating the call changes nothing.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST where a run's experiment is missing, RESOURCE_ALREADY_EXISTS where a run
 * belongs to another experiment here, INVALID_PARAMETER_VALUE where a param has another value here.
 */
export async function importRuns(ctx: ServiceContext, runs: readonly RunRecord[]): Promise<void> {
  for (const run of runs) checkRun(run);
  const ids = runs.map(({ runId }) => runId);
  if (new Set(ids).size < ids.length) throw invalidParameter("A run is given twice.");
  const experimentIds = runs.map(({ experimentId }) => experimentId);
  await requireExperiments(ctx, experimentIds);
  const found = await findImportedRuns(ctx.db, ids);
  const moved = runs.find((run) => (found.get(run.runId)?.experimentId ?? run.experimentId) !== run.experimentId);
  if (moved !== undefined) {
    throw alreadyExists(`Run ${moved.runId} is of experiment ${found.get(moved.runId)?.experimentId} here.`);
  }
  try {
    await afterPurges(ctx, () =>
      ctx.writes.batch([
        guardExperiments(ctx.writes, experimentIds),
        ...importRunStatements(ctx.writes, runs, (run) => placeNewRun(ctx, run.runId, run.experimentId)),
      ]),
    );
  } catch (error) {
    if (failedGuard(error) !== "param_unchanged") throw error;
    throw invalidParameter(`A param of one of these runs has another value here: ${ids.join(", ").slice(0, 1000)}.`);
  }
}

function checkRun(run: RunRecord): void {
  if (!isRunId(run.runId)) throw invalidParameter(`'${run.runId}' is no run id.`);
  for (const text of [run.runName, run.userId, run.artifactUri]) {
    checkLength(`text of run ${run.runId}`, text, MAX_IMPORTED_VALUE_LENGTH);
  }
  checkPairs(`param of run ${run.runId}`, run.params);
  checkPairs(`tag of run ${run.runId}`, run.tags);
  for (const { dataset, tags } of run.datasetInputs) {
    checkDataset(dataset);
    checkPairs(`input tag of run ${run.runId}`, tags);
  }
}

function checkDataset(dataset: Dataset): void {
  const length = jsonByteLength(dataset);
  if (length <= MAX_DATASET_JSON_BYTES) return;
  throw invalidParameter(
    `The dataset '${dataset.name}' has ${length} bytes; at most ${MAX_DATASET_JSON_BYTES} are kept.`,
  );
}

/**
 * Ends the import of completely written runs: updates the metrics that search reads, sets the runs' stages, and notes
 * their digests. Repeating the call changes nothing.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST unless all of the runs are here.
 */
export async function finishRuns(ctx: ServiceContext, runs: readonly Digested<RunStage>[]): Promise<void> {
  const ids = runs.map(({ runId }) => runId);
  const isLive = (run: { readonly isLive: boolean }) => run.isLive;
  const live = [...(await requireRuns(ctx, ids)).values()].filter(isLive);
  await forEachAtMost(OBJECTS_AT_A_TIME, groupByObject(live), (ofObject) => flushHistories(ctx.env, ofObject));
  await ctx.writes.batch([
    ...moveRunsStatements(ctx.writes, runs),
    ...noteDigestStatements(
      ctx.writes,
      runs.map(({ runId, digest }) => ({ kind: "run" as const, id: runId, digest })),
    ),
  ]);
  // As after any deletion: an object that its watchers keep live must ask D1 before it takes another point.
  const deleted = new Set(runs.flatMap((run) => (run.lifecycleStage === "deleted" ? [run.runId] : [])));
  const watched = live.filter(({ runId }) => deleted.has(runId));
  const untold = await tellDeletedRuns(ctx, watched);
  if (untold.length > 0) {
    throw new MlflowError(
      "TEMPORARILY_UNAVAILABLE",
      `Run ${untold[0]} is deleted, but still takes points; please repeat.`,
    );
  }
}
