import { VIEW_TYPES } from "../domain/entities.ts";
import { DEFAULT_SEARCH_RESULTS } from "../domain/limits.ts";
import type { RunSearch } from "../services/runs/search-runs.ts";
import { type Infer, id, int32, oneOf, repeated, string } from "../wire/message.ts";

/** What every search of runs is asked, whichever columns it answers with. */
export const runSearchFields = {
  experimentIds: repeated(id),
  filter: string,
  runViewType: oneOf(VIEW_TYPES),
  maxResults: int32,
  orderBy: repeated(string),
  pageToken: string,
};

/** The search that was asked for, with MLflow's defaults for what was not said. */
export function toRunSearch(input: Infer<typeof runSearchFields>): RunSearch {
  return {
    experimentIds: input.experimentIds ?? [],
    filter: input.filter ?? "",
    orderBy: input.orderBy ?? [],
    viewType: input.runViewType ?? "ACTIVE_ONLY",
    maxResults: input.maxResults ?? DEFAULT_SEARCH_RESULTS,
    pageToken: input.pageToken || undefined,
  };
}
