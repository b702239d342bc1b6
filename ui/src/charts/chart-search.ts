import * as z from "zod/mini";
import type { SameX, SeriesX } from "../api/series.ts";
import { optional } from "../parts/search-fields.ts";
import { panelSchema } from "./panels/panel-search.ts";

/** The state of charts that the address of a screen holds: a part of the screen's search schema. */
export const chartSearch = {
  /** `step`, `time`, `relative` or `metric:<key>`. */
  chartX: optional(z.string()),
  chartLog: optional(z.enum(["x", "y", "xy"])),
  chartSmoothing: optional(z.number().check(z.gte(0), z.lt(1))),
  /** A range of one horizontal axis. The range does not apply to another axis. */
  chartZoom: optional(z.tuple([z.string(), z.number(), z.number()])),
  chartQuery: optional(z.string()),
  /** The metric of the chart that fills the screen. */
  chartFull: optional(z.string()),
  chartSize: optional(z.enum(["small", "medium", "large"])),
  /** How points with the same x are joined if x is a metric. The default is their mean. */
  chartSameX: optional(z.enum(["last", "all"])),
  /** False draws each run of a group; otherwise charts draw the mean of each group. */
  chartGroups: optional(z.boolean()),
  /** The ids of lines that are switched off: a run's id, or `group:` and the label. */
  chartOff: optional(z.array(z.string())),
  /** The panels that readers made. */
  panels: optional(z.array(panelSchema)),
  /** The sections of panels that readers named, in order. Panels without a section are above them. */
  panelSections: optional(z.array(z.string())),
  /** How lines are smoothed. The default is an exponential mean. */
  chartSmoothingKind: optional(z.enum(["mean", "gaussian", "median"])),
  /** Leaves values beyond the middle 98 % out of vertical axes. */
  chartOutliers: optional(z.boolean()),
  /** The closed sections. */
  chartClosed: optional(z.array(z.string())),
};

const schema = z.object(chartSearch);
export type ChartSearch = z.infer<typeof schema>;

export const parseChartSearch = (search: unknown): ChartSearch => schema.parse(search);

/** A chart of many lines has fewer buckets, because its pixels show no more. */
export function bucketsFor(runs: number, size: ChartSearch["chartSize"] = "medium"): number {
  return runs > 40 ? (size === "small" ? 80 : 120) : runs > 10 ? 250 : 500;
}

/** The number of buckets to request; undefined for all points. */
export function sameXOf(x: SeriesX, chosen: ChartSearch["chartSameX"]): SameX | undefined {
  if (!x.startsWith("metric:") || chosen === "all") return undefined;
  return chosen ?? "mean";
}

export function isSeriesX(x: string | undefined): x is SeriesX {
  return x === "step" || x === "time" || x === "relative" || (x?.startsWith("metric:") ?? false);
}
