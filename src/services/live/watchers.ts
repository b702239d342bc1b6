import type { RunNotice } from "../../stores/run/live-sockets.ts";
import { type RunPlace, runObject } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";

/** Changes of a run's data within this time are announced once. */
const GATHER_MS = 50;

/** Run id → until when this isolate gathers the run's changes. An entry that a dead request left behind expires. */
const gatheringUntilMs = new Map<string, number>();

/** Tells a live run's watchers, after the response. Watching a run makes it live. */
export function tellWatchers(ctx: ServiceContext, run: RunPlace, notice: RunNotice): void {
  ctx.waitUntil(tell(ctx, run, notice));
}

/** Tells a live run's watchers to read the run again, once for everything that a client logs within GATHER_MS. */
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

/** Ignores failures: when an object ends, its sockets close, and their pages read the run again after they reconnect. */
async function tell(ctx: ServiceContext, run: RunPlace, notice: RunNotice): Promise<void> {
  await runObject(ctx.env, run)
    .tell(notice)
    .catch(() => undefined);
}
