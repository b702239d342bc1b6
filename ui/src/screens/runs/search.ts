import * as z from "zod/mini";
import { chartSearch } from "../../charts/chart-search.ts";
import { optional } from "../../parts/search-fields.ts";

/** The state of the table of runs that its address holds. */
export const runsSearch = z.object({
  /** A filter as `mlflow.search_runs` takes it. */
  q: optional(z.string()),
  view: optional(z.enum(["active", "deleted"])),
  /** order_by items, the most significant first: ``metrics.`acc` DESC``. */
  sort: optional(z.array(z.string())),
  /** Spellings of the columns beside the name, in order. */
  columns: optional(z.array(z.string())),
  /** Spellings of the pinned columns, which stay in place beside the name. */
  fixed: optional(z.array(z.string())),
  /** Whether to show only columns whose values differ. */
  diff: optional(z.boolean()),
  /** Params and tags whose values make a group. */
  group: optional(z.array(z.string())),
  /** What a group's cells show: the mean and the deviation, or the range. */
  spread: optional(z.enum(["range"])),
  /** Ids of groups and parents whose runs are listed. */
  open: optional(z.array(z.string())),
  /** Whether children are listed below their parents. */
  nested: optional(z.boolean()),
  /** Ids of runs that stay on top. */
  pinned: optional(z.array(z.string())),
  /** Ids of runs that are neither listed nor drawn. */
  hidden: optional(z.array(z.string())),
  /** The title of a report: a page of panels alone, to read and print. */
  report: optional(z.string()),
  /** Whether charts stand beside the table. */
  charts: optional(z.boolean()),
  ...chartSearch,
});
