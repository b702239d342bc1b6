import type { Experiment } from "../../domain/entities.ts";
import { type ExperimentSearchQuery, planExperimentSearch } from "../../search/experiment-plan.ts";
import { type ItemPage, readItemPage } from "../../stores/d1/connection/items.ts";
import { EXPERIMENTS } from "../../stores/d1/experiments/experiments.ts";
import type { ServiceContext } from "../context.ts";

export async function searchExperiments(
  ctx: ServiceContext,
  search: Omit<ExperimentSearchQuery, "visibility">,
): Promise<ItemPage<Experiment>> {
  return await readItemPage(ctx.db, planExperimentSearch({ ...search, visibility: ctx.visibility }), EXPERIMENTS);
}
