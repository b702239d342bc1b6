import { forEachAtMost } from "../../domain/for-each-at-most.ts";
import { remember } from "../../domain/remember.ts";
import { askLastChanges, groupByObject, OBJECTS_AT_A_TIME, type RunPlace } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";
import { MAX_ASKED_OBJECTS } from "./live-news.ts";

/** How long an object's answer serves all pages, in milliseconds. Many pages ask at once, each every two seconds. */
const HOLDS_MS = 1000;
const MAX_REMEMBERED = 10_000;

/** Run id → the object's last answer, and until when it is valid. */
const lastChanges = new Map<string, { readonly through: number; readonly untilMs: number }>();

/**
 * The progress of live runs: for each run, a number that grows with every point. Writes nothing. A run is left out if its
 * object does not answer, or if the request has already asked as many objects as it may.
 */
export async function lastChangesOf(ctx: ServiceContext, runs: readonly RunPlace[]): Promise<Map<string, number>> {
  const now = Date.now();
  const found = new Map<string, number>();
  const unknown = runs.filter(({ runId }) => {
    const known = lastChanges.get(runId);
    if (known === undefined || known.untilMs <= now) return true;
    found.set(runId, known.through);
    return false;
  });
  const objects = groupByObject(unknown).slice(0, MAX_ASKED_OBJECTS);
  await forEachAtMost(OBJECTS_AT_A_TIME, objects, async (ofObject) => {
    try {
      for (const [runId, through] of await askLastChanges(ctx.env, ofObject)) {
        found.set(runId, through);
        remember(lastChanges, runId, { through, untilMs: Date.now() + HOLDS_MS }, MAX_REMEMBERED);
      }
    } catch (error) {
      console.error("last change of", ofObject[0]?.runId, error);
    }
  });
  return found;
}

/** Forgets a run's remembered answer when this isolate sends points. */
export function forgetLastChange(runId: string): void {
  lastChanges.delete(runId);
}
