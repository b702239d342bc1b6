import type { Binder } from "./binder.ts";
import type { LastCandidate, SearchPlan } from "./plan.ts";

/** The things that a search looks at, in an order in which none moves. */
export interface Candidates<Cursor> {
  readonly from: Cursor | undefined;
  /**
   * A query for the next candidates. An index has them in their order, so that the query reads no more than it returns.
   * @param limit the SQL of a LIMIT
   */
  readonly query: (cursor: Cursor, limit: string, binder: Binder) => string;
  /** A query for the {@link LastCandidate} of the next `count` ones. It has no row if there are fewer. */
  readonly last: (cursor: Cursor, count: number, binder: Binder) => string;
  readonly next: SearchPlan<Cursor>["next"];
  /** Whether they are in the order of the search. They then begin after the page before. */
  readonly isSorted: (cursor: Cursor) => boolean;
}

/** About how many look-ups the test of a caller's grants takes. */
export const VISIBILITY_LOOK_UPS = 2;

/** Most candidates of a statement with few look-ups. MLflow's client asks for pages of 10,000 runs, which fit. */
export const MAX_CANDIDATES = 12_000;
const MIN_CANDIDATES = 500;

/** A look-up takes 1 to 2 µs. So a statement takes some 100 ms at most, on a busy machine. */
const MAX_LOOK_UPS = 40_000;

/** @param lookUps how many look-ups a statement makes for each candidate */
export function candidatesWith(lookUps: number): number {
  return Math.min(MAX_CANDIDATES, Math.max(MIN_CANDIDATES, Math.floor(MAX_LOOK_UPS / (1 + lookUps))));
}
