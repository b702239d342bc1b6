import * as z from "zod/mini";
import type { SameX, SeriesX } from "../api/series.ts";
import { optional } from "../parts/search-fields.ts";
import { panelSchema } from "./panels/panel-search.ts";

/** What the address of a screen with charts holds for them: part of its search schema. */
export const chartSearch = {
  /** `step`, `time`, `relative` or `metric:<key>`. */
  chartX: optional(z.string()),
  chartLog: optional(z.enum(["x", "y", "xy"])),
  chartSmoothing: optional(z.number().check(z.gte(0), z.lt(1))),
  /** A range of a horizontal axis: where another is shown it does not count. */
  chartZoom: optional(z.tuple([z.string(), z.number(), z.number()])),
  chartQuery: optional(z.string()),
  /** The metric of the chart that fills the screen. */
  chartFull: optional(z.string()),
  chartSize: optional(z.enum(["small", "medium", "large"])),
  /** How points with the same value of another metric as x are joined: by their mean, where it says nothing. */
  chartSameX: optional(z.enum(["last", "all"])),
  /** Whether groups of runs are drawn as their mean: they are, unless it says false. */
  chartGroups: optional(z.boolean()),
  /** Lines that are switched off, by their ids: of runs, or `group:` and the label. */
  chartOff: optional(z.array(z.string())),
  /** Panels that readers made. */
  panels: optional(z.array(panelSchema)),
  /** Sections of panels that readers named, in order; panels without one are above them. */
  panelSections: optional(z.array(z.string())),
  /** How lines are smoothed: by an exponential mean where it says nothing. */
  chartSmoothingKind: optional(z.enum(["mean", "gaussian", "median"])),
  /** Leaves values beyond the middle 98 % out of vertical axes. */
  chartOutliers: optional(z.boolean()),
  /** Sections that are closed. */
  chartClosed: optional(z.array(z.string())),
};

const schema = z.object(chartSearch);
export type ChartSearch = z.infer<typeof schema>;

export const parseChartSearch = (search: unknown): ChartSearch => schema.parse(search);

/** So that a chart of many lines has no more to draw than its pixels show. */
export function bucketsFor(runs: number, size: ChartSearch["chartSize"] = "medium"): number {
  return runs > 40 ? (size === "small" ? 80 : 120) : runs > 10 ? 250 : 500;
}

/** What the server is asked for; undefined for all points. */
export function sameXOf(x: SeriesX, chosen: ChartSearch["chartSameX"]): SameX | undefined {
  if (!x.startsWith("metric:") || chosen === "all") return undefined;
  return chosen ?? "mean";
}

export function isSeriesX(x: string | undefined): x is SeriesX {
  return x === "step" || x === "time" || x === "relative" || (x?.startsWith("metric:") ?? false);
}
