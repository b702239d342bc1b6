import type { RunDurableObject } from "./durable-object.ts";

/**
 * The one place where a run id becomes its object. Only for runs that D1 knows: naming an object creates it.
 */
export function runObject(env: Env, runId: string): DurableObjectStub<RunDurableObject> {
  return env.RUNS.get(env.RUNS.idFromName(runId));
}
