import { useMemo } from "react";
import { type ChartRun, groupLines, runLines } from "./chart-lines.ts";
import type { ChartGroup, GroupedMetric, GroupStore } from "./group-store.ts";
import type { PlotLine } from "./plot-spec.ts";
import type { RunStyle } from "./run-colour.ts";
import type { MetricSeries, SeriesStore } from "./series-store.ts";
import type { Smoothing } from "./smoothing.ts";

/** Where a chart's lines come from: the runs themselves, or the means of groups of them. */
export type LineSource = RunSource | GroupSource;

interface RunSource {
  readonly kind: "runs";
  readonly store: SeriesStore;
  readonly runs: readonly ChartRun[];
  readonly styles: ReadonlyMap<string, RunStyle>;
}

interface GroupSource {
  readonly kind: "groups";
  readonly store: GroupStore;
  readonly groups: readonly ChartGroup[];
}

/** The lines of a metric, including lines that the reader switched off. */
export function useLines(source: LineSource, metric: MetricSeries | GroupedMetric, smoothing: Smoothing): PlotLine[] {
  return useMemo(
    () =>
      source.kind === "runs"
        ? runLines(metric as MetricSeries, source.runs, source.styles, smoothing)
        : groupLines((metric as GroupedMetric).groups, source.groups, smoothing),
    [source, metric, smoothing],
  );
}
