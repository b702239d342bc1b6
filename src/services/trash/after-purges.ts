import { MlflowError } from "../../domain/errors.ts";
import { failedGuard } from "../../stores/d1/connection/guard.ts";
import type { ServiceContext } from "../context.ts";
import { finishPurges } from "./purge-trash.ts";

/**
 * Writes things under ids that the caller chose. If a purge of one of these ids is under way, the purge is finished first,
 * because it would also delete files and points that arrive meanwhile.
 * @throws MlflowError TEMPORARILY_UNAVAILABLE where the purge cannot be finished.
 */
export async function afterPurges<T>(ctx: ServiceContext, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (failedGuard(error) !== "not_purged") throw error;
  }
  await finishPurges(ctx);
  try {
    return await write();
  } catch (error) {
    if (failedGuard(error) !== "not_purged") throw error;
    throw new MlflowError(
      "TEMPORARILY_UNAVAILABLE",
      "Something of one of these ids is just being deleted for good; please repeat.",
    );
  }
}

/** Maximum number of calls to stores and objects, in addition to the calls of the request that starts this. */
const CALLS_AT_START = 100;

let isStarted = false;

/** Once per isolate, after the response: continues purges that were cut off. */
export function finishPurgesOnce(ctx: ServiceContext): void {
  if (isStarted) return;
  isStarted = true;
  ctx.waitUntil(finishPurges(ctx, CALLS_AT_START).catch((error: unknown) => console.error("purges", error)));
}
