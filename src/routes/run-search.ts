import { VIEW_TYPES } from "../domain/entities.ts";
import { DEFAULT_SEARCH_RESULTS } from "../domain/limits.ts";
import type { RunSearch } from "../services/runs/search-runs.ts";
import { experimentIdsField, searchFields } from "../wire/fields.ts";
import { type Infer, oneOf } from "../wire/message.ts";

/** What every search of runs is asked, whichever columns it answers with. */
export const runSearchFields = {
  ...searchFields,
  experimentIds: experimentIdsField,
  runViewType: oneOf(VIEW_TYPES),
};

/** The search that was asked for, with MLflow's defaults for what was not said. */
export function toRunSearch(input: Infer<typeof runSearchFields>): RunSearch {
  return {
    experimentIds: input.experimentIds ?? [],
    filter: input.filter,
    orderBy: input.orderBy ?? [],
    viewType: input.runViewType ?? "ACTIVE_ONLY",
    maxResults: input.maxResults ?? DEFAULT_SEARCH_RESULTS,
    pageToken: input.pageToken || undefined,
  };
}
