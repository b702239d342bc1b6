import type { Experiment } from "../../domain/entities.ts";
import { type ExperimentSearchQuery, planExperimentSearch } from "../../search/experiment-plan.ts";
import { readItemPage } from "../../stores/d1/connection/page.ts";
import { EXPERIMENTS } from "../../stores/d1/experiments/experiments.ts";
import type { ServiceContext } from "../context.ts";

export interface ExperimentPage {
  readonly experiments: readonly Experiment[];
  readonly nextPageToken: string | undefined;
}

export async function searchExperiments(
  ctx: ServiceContext,
  search: Omit<ExperimentSearchQuery, "visibility">,
): Promise<ExperimentPage> {
  const plan = planExperimentSearch({ ...search, visibility: ctx.visibility });
  const { slices, nextPageToken } = await readItemPage(ctx.db, plan, EXPERIMENTS);
  const experiments: Experiment[] = [];
  for await (const slice of slices) experiments.push(...slice);
  return { experiments, nextPageToken };
}
