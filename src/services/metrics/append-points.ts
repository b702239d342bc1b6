import { findRun, moveToCell } from "../../stores/d1/runs/runs.ts";
import { runObject } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";
import { forgetLastChange } from "../live/last-changes.ts";
import { forgetRun, type KnownRun, placeNewRun, rememberFullCell, rememberRun } from "../runs/known-runs.ts";

/**
 * Appends points made by `encodePoints` in the run's object, which insists on the run being active. A run that its cell
 * has no room for goes to another.
 * @returns false, with nothing changed, when the run is not active or not there
 */
export async function appendPoints(
  ctx: ServiceContext,
  runId: string,
  run: KnownRun,
  body: Uint8Array,
): Promise<boolean> {
  forgetLastChange(runId);
  for (let { cell } = run; ; ) {
    const acceptance = await runObject(ctx.env, { runId, cell }).append(body);
    if (acceptance === "stored") {
      if (!run.hasObject || cell !== run.cell)
        rememberRun(runId, { experimentId: run.experimentId, cell, hasObject: true });
      return true;
    }
    if (acceptance === "full") {
      rememberFullCell(cell);
      await moveToCell(ctx.writes, runId, cell, placeNewRun(ctx, runId, run.experimentId));
    }
    // Another request may have moved the run before.
    const found = await findRun(ctx.db, runId);
    // Deleted for good: what this isolate remembers is nothing to go by any more.
    if (found === undefined) forgetRun(runId);
    if (found?.lifecycleStage !== "active" || found.cell === cell) return false;
    cell = found.cell;
  }
}
