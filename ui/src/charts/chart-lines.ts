import type { RunStatus } from "../api/runs.ts";
import type { PlotLine } from "./plot.ts";
import { runColour } from "./run-colour.ts";
import { meanBand, type Points, smooth } from "./series-math.ts";
import type { MetricSeries, RunSeries } from "./series-store.ts";

/** A run as charts know it. */
export interface ChartRun {
  readonly id: string;
  readonly name: string;
  /** One that goes on is followed live. */
  readonly status?: RunStatus;
  /** What it is grouped by: runs with the same are drawn as one mean where the reader wants that. */
  readonly group?: string;
}

/** Smoothed lines by the series they come from: a change of one run smooths only that one. */
const smoothed = new WeakMap<RunSeries, { weight: number; points: Points }>();

function smoothedOf(series: RunSeries, weight: number): Points {
  const known = smoothed.get(series);
  if (known?.weight === weight) return known.points;
  const points = smooth(series.means, weight);
  smoothed.set(series, { weight, points });
  return points;
}

export interface LineOptions {
  /** 0 (off) to below 1. */
  readonly smoothing: number;
  readonly isGrouped: boolean;
}

/** The lines of a chart; runs and groups without a point have none. */
export function chartLines(metric: MetricSeries, runs: readonly ChartRun[], options: LineOptions): PlotLine[] {
  const { smoothing, isGrouped } = options;
  const byId = new Map(runs.map((run) => [run.id, run]));
  const drawn = metric.runs.filter(({ runId, points }) => points.x.length > 0 && byId.has(runId));
  if (!isGrouped) {
    return drawn.map((series) => ({
      id: series.runId,
      name: byId.get(series.runId)!.name,
      colour: runColour(series.runId),
      points: smoothing > 0 ? smoothedOf(series, smoothing) : series.points,
      faint: smoothing > 0 ? series.points : undefined,
    }));
  }
  const groups = Map.groupBy(drawn, ({ runId }) => byId.get(runId)!.group ?? "");
  return [...groups].map(([group, members]) => {
    const band = meanBand(members.map((series) => (smoothing > 0 ? smoothedOf(series, smoothing) : series.means)));
    const name = group === "" ? "All runs" : group;
    return { id: `group:${group}`, name: `${name} (${members.length})`, colour: runColour(group), points: band, band };
  });
}
