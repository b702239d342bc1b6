import type { RangeRequest } from "./artifact-store.ts";

/** The header `Range` for a range. */
export function rangeHeader(range: RangeRequest): string {
  if ("suffix" in range) return `bytes=-${range.suffix}`;
  return `bytes=${range.offset}-${range.length === undefined ? "" : range.offset + range.length - 1}`;
}
