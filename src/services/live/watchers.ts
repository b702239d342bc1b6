import type { RunNotice } from "../../stores/run/live-sockets.ts";
import { type RunPlace, runObject } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";

/** Changes of a run's data that come within so much of each other are told once. */
const GATHER_MS = 50;

/** Until when this isolate gathers the changes of a run, by its id. A request that dies leaves a time that passes. */
const gatheringUntilMs = new Map<string, number>();

/** Tells a live run's watchers, after the answer. Whoever watches a run makes it live. */
export function tellWatchers(ctx: ServiceContext, run: RunPlace, notice: RunNotice): void {
  ctx.waitUntil(tell(ctx, run, notice));
}

/** Tells a live run's watchers to read it anew: once for what a client logs in one go. */
export function tellDataChanged(ctx: ServiceContext, run: RunPlace): void {
  const { runId } = run;
  if (Date.now() <= (gatheringUntilMs.get(runId) ?? 0)) return;
  gatheringUntilMs.set(runId, Date.now() + GATHER_MS);
  const telling = async () => {
    await scheduler.wait(GATHER_MS);
    gatheringUntilMs.delete(runId);
    await tell(ctx, run, { type: "data" });
  };
  ctx.waitUntil(telling());
}

/** An object that ends meanwhile takes its sockets with it, and their pages read the run anew when they are back. */
async function tell(ctx: ServiceContext, run: RunPlace, notice: RunNotice): Promise<void> {
  await runObject(ctx.env, run)
    .tell(notice)
    .catch(() => undefined);
}
