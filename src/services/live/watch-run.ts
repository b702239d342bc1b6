import { runObject } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";
import { findKnownRun } from "../runs/known-runs.ts";
import { runNotFound } from "../runs/runs.ts";

/** How long a user's socket tells what happens before the right to read the run is decided anew. */
const USER_SOCKET_MS = 60_000;

/**
 * Opens a socket that tells the run's points as they are acknowledged, and changes of the run. A user may lose the right to
 * read the run meanwhile: that user's socket tells nothing after a minute and is closed, so that the page connects again.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST
 */
export async function watchRun(ctx: ServiceContext, runId: string): Promise<Response> {
  const run = await findKnownRun(ctx, runId);
  if (run === undefined) throw runNotFound(runId);
  return await runObject(ctx.env, { runId, cell: run.cell }).watch(
    ctx.principal.user === undefined ? undefined : Date.now() + USER_SOCKET_MS,
  );
}
