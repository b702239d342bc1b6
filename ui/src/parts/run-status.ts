import type { StatusName } from "./badges.tsx";

/** A run with the status RUNNING counts as stalled if it has logged no metric for this time, in ms. */
export const STALLED_AFTER_MS = 10 * 60_000;

/**
 * The status to show: RUNNING becomes STALLED if the run logged nothing for {@link STALLED_AFTER_MS}.
 * @param heardMs when the run was last heard of, in ms since 1970: its start, or its latest metric.
 */
export function shownStatus(status: StatusName, heardMs: number, nowMs: number): StatusName {
  return status === "RUNNING" && nowMs - heardMs > STALLED_AFTER_MS ? "STALLED" : status;
}
