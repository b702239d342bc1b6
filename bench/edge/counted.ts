/** What test/edge/month.test.ts and test/stores/run/core/counts.test.ts count: at most these, and not much less. */
export const COUNTED = {
  /** A run with ten params and four tags, without its calls in a burst: rows of D1. */
  run: { rowsRead: 160, rowsWritten: 90 },
  /** A call of ten metrics in a burst. An alarm that is set counts as a row. */
  call: { objectRowsWritten: 2.3, objectCalls: 1, rowsWritten: 0 },
  /** The same each 12 s, when the object's instance is gone in between. */
  slowCall: { objectRowsWritten: 3, objectCalls: 1, rowsWritten: 1 },
  /** A second of 20 open pages with a runs table each, with 20 live runs that each have their own object, in two isolates. */
  team: { requests: 24, objectCalls: 40, rowsRead: 10_500 },
} as const;
