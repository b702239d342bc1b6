import { VIEW_TYPES } from "../domain/entities.ts";
import { DEFAULT_SEARCH_RESULTS } from "../domain/limits.ts";
import type { RunSearch } from "../services/runs/search-runs.ts";
import { experimentIdsField, searchFields } from "../wire/fields.ts";
import { type Infer, oneOf } from "../wire/message.ts";

/** The fields of every search for runs, whichever columns the answer has. */
export const runSearchFields = {
  ...searchFields,
  experimentIds: experimentIdsField,
  runViewType: oneOf(VIEW_TYPES),
};

/** The requested search, with MLflow's defaults for missing fields. */
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
