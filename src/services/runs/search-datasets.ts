import { invalidParameter } from "../../domain/errors.ts";
import { toExperimentId } from "../../search/experiment-ids.ts";
import { type DatasetSummary, findDatasetSummaries } from "../../stores/d1/runs/dataset-summaries.ts";
import type { ServiceContext } from "../context.ts";

/** MLflow's limits (`mlflow/server/handlers.py`, `sqlalchemy_store.py`). */
const MAX_EXPERIMENTS = 20;
const MAX_SUMMARIES = 1000;

/** The datasets that runs of the experiments used. */
export async function searchDatasets(
  ctx: ServiceContext,
  experimentIds: readonly string[],
): Promise<readonly DatasetSummary[]> {
  if (experimentIds.length === 0) {
    throw invalidParameter("SearchDatasets request must specify at least one experiment_id.");
  }
  if (experimentIds.length > MAX_EXPERIMENTS) {
    throw invalidParameter(
      `SearchDatasets request cannot specify more than ${MAX_EXPERIMENTS} experiment_ids. Received ${experimentIds.length}.`,
    );
  }
  return await findDatasetSummaries(ctx.db, experimentIds.map(toExperimentId), MAX_SUMMARIES);
}
