import { runObject } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";
import { forEachAtMost } from "../metrics/catch-up.ts";

const OBJECTS_AT_A_TIME = 32;

/**
 * Tells the objects of live runs that D1 has deleted the runs: each asks D1 before it takes another point.
 * @returns the runs whose object could not be told.
 */
export async function tellDeletedRuns(ctx: ServiceContext, runIds: readonly string[]): Promise<string[]> {
  const failed: string[] = [];
  await forEachAtMost(OBJECTS_AT_A_TIME, runIds, async (runId) => {
    try {
      await runObject(ctx.env, runId).endBurst();
    } catch (error) {
      console.error("deletion of run", runId, error);
      failed.push(runId);
    }
  });
  return failed;
}
