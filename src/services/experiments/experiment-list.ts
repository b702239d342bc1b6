import type { Experiment } from "../../domain/entities.ts";
import { type ItemReader, readItemList } from "../../stores/d1/connection/items.ts";
import { yieldTurn } from "../../stores/d1/connection/turn.ts";
import {
  activityQuery,
  countRunsOfSome,
  type ExperimentActivity,
  toActivities,
} from "../../stores/d1/experiments/experiment-activity.ts";
import { allExperimentsStatement, EXPERIMENTS } from "../../stores/d1/experiments/experiments.ts";
import type { ServiceContext } from "../context.ts";

export interface ListedExperiment {
  readonly experiment: Experiment;
  readonly activity: ExperimentActivity | undefined;
}

const LISTED: ItemReader<ListedExperiment> = {
  ...EXPERIMENTS,
  queries: (ids) => [activityQuery(ids), ...EXPERIMENTS.queries(ids)],
  toItems: ([activity, ...experiments]) => {
    const activities = toActivities(activity);
    return EXPERIMENTS.toItems(experiments).map((experiment) => ({
      experiment,
      activity: activities.get(experiment.experimentId),
    }));
  },
};

/**
 * Every experiment that the caller may see, deleted ones too, by name. Each slice is read when the consumer asks for it. If
 * some experiments' rows have no counts of their runs yet, some are counted after the answer.
 */
export async function* listExperiments(ctx: ServiceContext): AsyncGenerator<readonly ListedExperiment[]> {
  let isCounted = true;
  for await (const slice of readItemList(ctx.db, allExperimentsStatement(ctx.visibility), LISTED)) {
    isCounted &&= slice.every(({ activity }) => activity?.isCounted ?? true);
    yield slice;
  }
  if (!isCounted) ctx.waitUntil(countRuns(ctx, 1).catch((error: unknown) => console.error("counts of runs", error)));
}

/**
 * Counts the runs of experiments that a version without counts has created, and of restored ones.
 * @param most statements at most; each counts the runs of 50 experiments
 */
export async function countRuns(ctx: ServiceContext, most: number): Promise<void> {
  for (let left = most; left > 0 && (await countRunsOfSome(ctx.writes)); left--) await yieldTurn();
}
