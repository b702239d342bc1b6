import { RUN_ID_HEADER } from "../../stores/run/live-sockets.ts";
import { runObject } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";
import { findKnownRun } from "../runs/known-runs.ts";
import { runNotFound } from "../runs/runs.ts";

/**
 * Opens a socket that tells the run's points as they are acknowledged, and changes of the run.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST
 */
export async function watchRun(ctx: ServiceContext, runId: string): Promise<Response> {
  if ((await findKnownRun(ctx, runId)) === undefined) throw runNotFound(runId);
  // Made anew, so that nothing of the client's own headers reaches the object.
  const headers = { Upgrade: "websocket", [RUN_ID_HEADER]: runId };
  return runObject(ctx.env, runId).fetch(new Request("https://run.invalid/", { headers }));
}
