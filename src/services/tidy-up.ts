import type { ServiceContext } from "./context.ts";
import { countRuns } from "./experiments/experiment-list.ts";
import { finishPurges } from "./trash/purge-trash.ts";

/** Part URLs are valid for an hour. R2 itself aborts an abandoned upload after the same time. */
const ABANDONED_MS = 7 * 24 * 60 * 60 * 1000;

/** A scheduled call may make 1,000 calls of D1 (50 on the free plan), and the deletions need most of them. */
const MOST_COUNTS = 20;

/**
 * Finishes deletions for good that were cut off, aborts multipart uploads that nobody completed, and counts the runs of
 * experiments that have no counts yet. The platform calls it
 * by its schedule, the local command every hour. It may be lost at any step, and be repeated.
 */
export async function tidyUp(ctx: ServiceContext): Promise<void> {
  await finishPurges(ctx);
  await countRuns(ctx, MOST_COUNTS);
  await ctx.artifacts.multipart.abortOlder?.(Date.now() - ABANDONED_MS);
}
