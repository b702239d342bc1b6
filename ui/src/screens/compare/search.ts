import * as z from "zod/mini";
import { chartSearch } from "../../charts/chart-search.ts";
import { optional } from "../../parts/search-fields.ts";

/** Ids apart by commas; MLflow's own addresses have a list. */
const ids = z.union([
  z.string(),
  z.pipe(
    z.array(z.string()),
    z.transform((list) => list.join(",")),
  ),
]);

/** Ids apart by commas; a single one, written by hand, reads as a number. */
const experimentIds = z.union([z.string(), z.pipe(z.number(), z.transform(String))]);

const interval = z.tuple([z.number(), z.number()]);

/** What a comparison shows; all but the curves are also kinds of panels. */
export const VIEWS = [
  "charts",
  "table",
  "files",
  "matters",
  "best",
  "parallel",
  "scatter",
  "contour",
  "box",
  "histogram",
  "bar",
  "gantt",
] as const;

/** The state of a comparison that its address holds. Fields are spelled `metrics.acc`, `min(metrics.acc)`, `params.lr`. */
export const compareSearch = z.object({
  runs: optional(ids),
  /** Experiments, of which a whole search is compared, or more runs than a hundred: then `runs` are those of them. */
  experiments: optional(experimentIds),
  filter: optional(z.string()),
  sort: optional(z.array(z.string())),
  deleted: optional(z.boolean()),
  view: optional(z.enum(VIEWS)),
  /** Id of the run that the others are compared with: the first where it says none. */
  baseline: optional(z.string()),
  /** Metrics of which other values are better than their names say. */
  turned: optional(z.array(z.string())),
  /** Of the files: the path, and the id of the run that is beside the baseline. */
  file: optional(z.string()),
  beside: optional(z.string()),
  /** Of the table: part of a key, only rows that differ, which value of a metric. */
  q: optional(z.string()),
  diff: optional(z.boolean()),
  stat: optional(z.enum(["last", "min", "max", "all"])),
  /** The axes of the parallel coordinates, in order. */
  axes: optional(z.array(z.string())),
  /** By axis, the ranges that select runs; of an axis of words, the words' places in it. */
  brush: optional(z.record(z.string(), z.array(interval))),
  /** Fields whose axes are logarithmic, and not; of others it depends on how far apart their values are. */
  log: optional(z.array(z.string())),
  linear: optional(z.array(z.string())),
  x: optional(z.string()),
  y: optional(z.string()),
  z: optional(z.string()),
  /** "" is each run's own. */
  colour: optional(z.string()),
  size: optional(z.string()),
  /** Which value of the metric is best; as its name says where absent. */
  best: optional(z.enum(["least", "greatest"])),
  /** What the boxes are grouped by. */
  by: optional(z.string()),
  ...chartSearch,
});

export type CompareSearch = z.infer<typeof compareSearch>;
