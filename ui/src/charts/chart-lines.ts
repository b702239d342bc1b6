import type { RunStatus } from "../api/runs.ts";
import type { RunSeries } from "./held-series.ts";
import type { PlotLine } from "./plot.ts";
import { RUN_COLOURS, runColour } from "./run-colour.ts";
import { meanBand, type Points, smooth } from "./series-math.ts";
import type { MetricSeries } from "./series-store.ts";

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

const groupOf = ({ group }: ChartRun): string => group ?? "No group";

/** Each group's colour: those of a few groups are told apart more easily than those of runs, which ids choose. */
export function groupColours(runs: readonly ChartRun[]): Map<string, string> {
  const names = [...new Set(runs.map(groupOf))].sort();
  return new Map(names.map((name, index) => [name, RUN_COLOURS[index % RUN_COLOURS.length]!]));
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
  const colours = groupColours(runs);
  const groups = Map.groupBy(drawn, ({ runId }) => groupOf(byId.get(runId)!));
  return [...groups].map(([group, members]) => {
    const band = meanBand(members.map((series) => (smoothing > 0 ? smoothedOf(series, smoothing) : series.means)));
    const name = `${group} (${members.length})`;
    return { id: `group:${group}`, name, colour: colours.get(group)!, points: band, band };
  });
}
