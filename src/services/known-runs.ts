import { findRun } from "../stores/d1/runs.ts";
import type { ServiceContext } from "./context.ts";

const MAX_KNOWN_RUNS = 10_000;

/** Run id → experiment id, for this isolate: neither ever changes, and a stub is made only for a run that exists. */
const knownRuns = new Map<string, string>();

export function rememberRun(runId: string, experimentId: string): void {
  if (knownRuns.size >= MAX_KNOWN_RUNS) {
    const oldest = knownRuns.keys().next();
    if (!oldest.done) knownRuns.delete(oldest.value);
  }
  knownRuns.set(runId, experimentId);
}

/** @returns the run's experiment, from memory where this isolate has seen the run; undefined when there is no such run. */
export async function findExperimentOfRun(ctx: ServiceContext, runId: string): Promise<string | undefined> {
  const known = knownRuns.get(runId);
  if (known !== undefined) return known;
  const info = await findRun(ctx.db, runId);
  if (info !== undefined) rememberRun(runId, info.experimentId);
  return info?.experimentId;
}
