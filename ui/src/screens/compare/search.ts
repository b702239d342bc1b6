import * as z from "zod/mini";
import { chartSearch } from "../../charts/chart-search.ts";
import { plotEnds } from "../../charts/panels/panel-search.ts";
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

/** The views of a comparison. All views except the curves are also kinds of panels. */
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
  /** The experiments of a comparison of a search, or of more than a hundred runs, which `runs` then names. */
  experiments: optional(experimentIds),
  filter: optional(z.string()),
  sort: optional(z.array(z.string())),
  deleted: optional(z.boolean()),
  view: optional(z.enum(VIEWS)),
  /** The id of the baseline. The default is the first run. */
  baseline: optional(z.string()),
  /** Metrics whose better direction is the opposite of the direction that their names suggest. */
  turned: optional(z.array(z.string())),
  /** For files: the path, and the id of the run beside the baseline. */
  file: optional(z.string()),
  beside: optional(z.string()),
  /** The step of a series of images. The default is the last one. */
  step: optional(z.number()),
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
  /** The ends of the axes of a panel. */
  ...plotEnds.shape,
  x: optional(z.string()),
  y: optional(z.string()),
  z: optional(z.string()),
  /** "" is each run's own. */
  colour: optional(z.string()),
  size: optional(z.string()),
  /** The best end of the metric. The default depends on its name. */
  best: optional(z.enum(["least", "greatest"])),
  /** The field that groups the boxes. */
  by: optional(z.string()),
  ...chartSearch,
});

export type CompareSearch = z.infer<typeof compareSearch>;
