import type { Experiment } from "../../domain/entities.ts";
import { type ExperimentActivity, findExperimentActivity } from "../../stores/d1/experiments/experiment-activity.ts";
import { findAllExperiments } from "../../stores/d1/experiments/experiments.ts";
import type { ServiceContext } from "../context.ts";

export interface ListedExperiment {
  readonly experiment: Experiment;
  /** Undefined where it was made between the reading of the two. */
  readonly activity: ExperimentActivity | undefined;
}

/** Every experiment that the caller may see, also deleted ones, by name. */
export async function listExperiments(ctx: ServiceContext): Promise<ListedExperiment[]> {
  const [experiments, activities] = await Promise.all([
    findAllExperiments(ctx.db, ctx.visibility),
    findExperimentActivity(ctx.db, ctx.visibility),
  ]);
  const byId = new Map(activities.map((activity) => [activity.experimentId, activity]));
  return experiments.map((experiment) => ({ experiment, activity: byId.get(experiment.experimentId) }));
}
