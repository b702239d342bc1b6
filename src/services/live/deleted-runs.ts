import { forEachAtMost } from "../../domain/for-each-at-most.ts";
import { endBursts, groupByObject, OBJECTS_AT_A_TIME, type RunPlace } from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";

/**
 * Tells the objects of live runs that D1 has deleted the runs, so that each object asks D1 before it takes another point.
 * @returns the ids of the runs whose objects could not be told.
 */
export async function tellDeletedRuns(ctx: ServiceContext, runs: readonly RunPlace[]): Promise<string[]> {
  const failed: string[] = [];
  await forEachAtMost(OBJECTS_AT_A_TIME, groupByObject(runs), async (ofObject) => {
    try {
      await endBursts(ctx.env, ofObject);
    } catch (error) {
      console.error("deletion of runs", error);
      failed.push(...ofObject.map(({ runId }) => runId));
    }
  });
  return failed;
}
