import type { ViewType } from "../domain/entities.ts";
import { MlflowError } from "../domain/errors.ts";
import type { SearchPlan } from "./plan.ts";

export interface RunSearchQuery {
  readonly experimentIds: readonly string[];
  readonly filter: string;
  readonly orderBy: readonly string[];
  readonly viewType: ViewType;
  readonly maxResults: number;
  readonly pageToken?: string | undefined;
}

export type RunSearchPlan = SearchPlan;

/** @throws MlflowError INVALID_PARAMETER_VALUE for a filter, order or page token that is not valid. */
export function planRunSearch(_query: RunSearchQuery): RunSearchPlan {
  throw new MlflowError("NOT_IMPLEMENTED", "runs/search");
}
