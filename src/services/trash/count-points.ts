import { forEachAtMost } from "../../domain/for-each-at-most.ts";
import { findRunPoints, listRunPoints, type RunPoints } from "../../stores/d1/trash/run-points.ts";
import type { TrashPosition } from "../../stores/d1/trash/trash.ts";
import { countPoints, groupByObject, OBJECTS_AT_A_TIME } from "../../stores/run/stub.ts";
import type { Budget } from "../budget.ts";
import type { ServiceContext } from "../context.ts";

/** Each run may have an object of its own, and each object is a call. */
const RUNS_AT_A_TIME = 100;

export interface CountedPoints {
  readonly points: number;
  /** Where to continue; undefined at the end. */
  readonly next?: TrashPosition | undefined;
}

/** The number of metric points of these runs. */
export async function countPointsOf(
  ctx: ServiceContext,
  runIds: readonly string[],
  budget: Budget,
): Promise<CountedPoints> {
  await budget.spend(1);
  return { points: await sumOf(ctx, await findRunPoints(ctx.db, runIds), budget) };
}

/** The number of metric points of the next runs of an experiment in the trash. */
export async function countPointsIn(
  ctx: ServiceContext,
  experimentId: string,
  after: TrashPosition,
  budget: Budget,
): Promise<CountedPoints> {
  await budget.spend(1);
  const runs = await listRunPoints(ctx.db, experimentId, after, RUNS_AT_A_TIME);
  const points = await sumOf(ctx, runs, budget);
  return { points, next: runs.length < RUNS_AT_A_TIME ? undefined : runs.at(-1) };
}

async function sumOf(ctx: ServiceContext, runs: readonly RunPoints[], budget: Budget): Promise<number> {
  let points = runs.reduce((sum, { inDatabase }) => sum + inDatabase, 0);
  const inObjects = runs.filter(({ hasObject }) => hasObject);
  await forEachAtMost(OBJECTS_AT_A_TIME, groupByObject(inObjects), async (ofObject) => {
    await budget.spend(1);
    const counted = await countPoints(ctx.env, ofObject);
    points += counted;
  });
  return points;
}
