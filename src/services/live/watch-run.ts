import { runObject } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";
import { getRunInfo } from "../runs/runs.ts";

/** How long the socket of a user or a signed-in browser stays open before access is checked again. */
const CHECKED_SOCKET_MS = 60_000;

/**
 * Opens a socket that sends the run's points as they are acknowledged, and the run's changes. A user may lose the right to
 * read the run, or a browser may be signed out. So a user's or browser's socket is closed after a minute, and the page
 * connects again.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST
 */
export async function watchRun(ctx: ServiceContext, runId: string): Promise<Response> {
  // Reads D1, not memory: for a run that was deleted for good, a socket would create its object again.
  const run = await getRunInfo(ctx, runId);
  const { user, signInId } = ctx.principal;
  const isForGood = user === undefined && signInId === undefined;
  return await runObject(ctx.env, run).watch(isForGood ? undefined : Date.now() + CHECKED_SOCKET_MS);
}
