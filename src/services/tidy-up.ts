import type { ServiceContext } from "./context.ts";
import { finishPurges } from "./trash/purge-trash.ts";

/** Part URLs are valid for an hour. R2 itself aborts an abandoned upload after the same time. */
const ABANDONED_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * Finishes deletions for good that were cut off, and aborts multipart uploads that nobody completed. The platform calls it
 * by its schedule, the local command every hour. It may be lost at any step, and be repeated.
 */
export async function tidyUp(ctx: ServiceContext): Promise<void> {
  await finishPurges(ctx);
  await ctx.artifacts.multipart.abortOlder?.(Date.now() - ABANDONED_MS);
}
