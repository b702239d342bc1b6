import { runObject } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";
import { findKnownRun } from "../runs/known-runs.ts";
import { runNotFound } from "../runs/runs.ts";

/**
 * Opens a socket that tells the run's points as they are acknowledged, and changes of the run.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST
 */
export async function watchRun(ctx: ServiceContext, runId: string): Promise<Response> {
  const run = await findKnownRun(ctx, runId);
  if (run === undefined) throw runNotFound(runId);
  return await runObject(ctx.env, { runId, cell: run.cell }).watch();
}
