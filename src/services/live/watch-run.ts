import { MlflowError } from "../../domain/errors.ts";
import { runObject } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";
import { getRunInfo } from "../runs/runs.ts";

/** How long the socket of a user, a signed-in browser or a link stays open before access is checked again. */
const CHECKED_SOCKET_MS = 60_000;

/**
 * Opens a socket that sends the run's points as they are acknowledged, and the run's changes. A user may lose the right to
 * read the run, a browser may be signed out, or a link be revoked. So the socket of a user, a browser or a link is closed
 * after a minute, and the page connects again.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST; BAD_REQUEST for a run without an object, whose points are all in D1
 */
export async function watchRun(ctx: ServiceContext, runId: string): Promise<Response> {
  // Reads D1, not memory: for a run that was deleted for good, a socket would create its object again.
  const run = await getRunInfo(ctx, runId);
  // An object is created near who logs to it, so a watcher creates none.
  if (!run.hasObject) {
    throw new MlflowError(
      "BAD_REQUEST",
      `No metric of run ${runId} has a second point yet, so there is nothing that sends points. Poll POST /ui-api/live.`,
    );
  }
  const { user, signInId, link } = ctx.principal;
  const isForGood = user === undefined && signInId === undefined && link === undefined;
  return await runObject(ctx.env, run).watch(isForGood ? undefined : Date.now() + CHECKED_SOCKET_MS);
}
