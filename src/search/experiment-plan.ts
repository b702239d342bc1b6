import type { ViewType } from "../domain/entities.ts";
import { MlflowError } from "../domain/errors.ts";
import type { SearchPlan } from "./plan.ts";

export interface ExperimentSearchQuery {
  /** The experiments to search among, as where a user may see some only; absent for all. */
  readonly experimentIds?: readonly string[] | undefined;
  readonly filter: string;
  readonly orderBy: readonly string[];
  readonly viewType: ViewType;
  readonly maxResults: number;
  readonly pageToken?: string | undefined;
}

export type ExperimentSearchPlan = SearchPlan;

/** @throws MlflowError INVALID_PARAMETER_VALUE for a filter, order or page token that is not valid. */
export function planExperimentSearch(_query: ExperimentSearchQuery): ExperimentSearchPlan {
  throw new MlflowError("NOT_IMPLEMENTED", "experiments/search");
}
