import { runObject } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";
import { getRunInfo } from "../runs/runs.ts";

/** How long a socket of a user, or of a browser, tells what happens before it is decided anew whether it may. */
const CHECKED_SOCKET_MS = 60_000;

/**
 * Opens a socket that tells the run's points as they are acknowledged, and changes of the run. A user may lose the right to
 * read the run meanwhile, and a browser may be signed out: such a socket tells nothing after a minute and is closed, so that
 * the page connects again.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST
 */
export async function watchRun(ctx: ServiceContext, runId: string): Promise<Response> {
  // Not from memory: the run may have been deleted for good, and a socket would make its object again.
  const run = await getRunInfo(ctx, runId);
  const { user, signInId } = ctx.principal;
  const isForGood = user === undefined && signInId === undefined;
  return await runObject(ctx.env, run).watch(isForGood ? undefined : Date.now() + CHECKED_SOCKET_MS);
}
