import type { Experiment } from "../../domain/entities.ts";
import { type ItemReader, readItemList } from "../../stores/d1/connection/items.ts";
import {
  activityQuery,
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

/** Every experiment that the caller may see, deleted ones too, by name. Each slice is read when the consumer asks for it. */
export function listExperiments(ctx: ServiceContext): AsyncGenerator<readonly ListedExperiment[]> {
  return readItemList(ctx.db, allExperimentsStatement(ctx.visibility), LISTED);
}
