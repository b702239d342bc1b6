import type { Experiment } from "../../domain/entities.ts";
import { type ExperimentSearchQuery, planExperimentSearch } from "../../search/experiment-plan.ts";
import { readPage } from "../../stores/d1/connection/page.ts";
import { findExperiments } from "../../stores/d1/experiments/experiments.ts";
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
  const { ids, nextPageToken } = await readPage(ctx.db, plan);
  const byId = new Map((await findExperiments(ctx.db, ids)).map((found) => [found.experimentId, found]));
  return { experiments: ids.flatMap((id) => byId.get(id) ?? []), nextPageToken };
}
