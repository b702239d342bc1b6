import type { StatusName } from "./badges.tsx";

/** A run that says RUNNING counts as stalled once no metric of it came for so long, in ms. */
export const STALLED_AFTER_MS = 10 * 60_000;

/**
 * The status to show: RUNNING turns into STALLED when nothing came for {@link STALLED_AFTER_MS}.
 * @param heardMs when the run was last heard of, in ms since 1970: its start, or its latest metric.
 */
export function shownStatus(status: StatusName, heardMs: number, nowMs: number): StatusName {
  return status === "RUNNING" && nowMs - heardMs > STALLED_AFTER_MS ? "STALLED" : status;
}
