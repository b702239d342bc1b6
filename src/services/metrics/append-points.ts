import { findRun, moveToCell } from "../../stores/d1/runs/runs.ts";
import { runObject } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";
import { forgetLastChange } from "../live/last-changes.ts";
import { forgetRun, type KnownRun, placeNewRun, rememberFullCell, rememberRun } from "../runs/known-runs.ts";

/**
 * Appends points made by `encodePoints` in the run's object, which refuses runs that are not active. A run moves to
 * another cell if its cell is full.
 * @returns false, with nothing changed, when the run is not active or does not exist
 */
export async function appendPoints(
  ctx: ServiceContext,
  runId: string,
  run: KnownRun,
  body: Uint8Array,
): Promise<boolean> {
  forgetLastChange(runId);
  for (let { cell } = run; ; ) {
    // A run that has moved is not in the cell that it was created for.
    const createdMs = cell === run.cell ? run.createdMs : undefined;
    const acceptance = await runObject(ctx.env, { runId, cell }, ctx.clientRegion).append(body, createdMs);
    if (acceptance === "stored") {
      if (!run.hasObject || cell !== run.cell)
        rememberRun(runId, { experimentId: run.experimentId, cell, hasObject: true });
      return true;
    }
    if (acceptance === "full") {
      rememberFullCell(cell);
      await moveToCell(ctx.writes, runId, cell, placeNewRun(ctx, runId, run.experimentId));
    }
    // Another request may have moved the run already.
    const found = await findRun(ctx.db, runId);
    // The run was deleted for good, so this isolate's memory of it is wrong.
    if (found === undefined) forgetRun(runId);
    if (found?.lifecycleStage !== "active" || found.cell === cell) return false;
    cell = found.cell;
  }
}
