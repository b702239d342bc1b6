import { MlflowError } from "../../domain/errors.ts";
import { failedGuard } from "../../stores/d1/connection/guard.ts";
import type { ServiceContext } from "../context.ts";
import { finishPurges } from "./purge-trash.ts";

/**
 * Writes things under ids of the caller's choice. Where one of them is just being deleted for good, that comes to its end
 * first: files and points that arrive meanwhile would go with it.
 * @throws MlflowError TEMPORARILY_UNAVAILABLE where it does not.
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

/** Calls of stores and objects, beside those of the request that it comes with. */
const CALLS_AT_START = 100;

let isStarted = false;

/** Once in an isolate: goes on with what was cut off, after the answer. */
export function finishPurgesOnce(ctx: ServiceContext): void {
  if (isStarted) return;
  isStarted = true;
  ctx.waitUntil(finishPurges(ctx, CALLS_AT_START).catch((error: unknown) => console.error("purges", error)));
}
