import type { RunStatus } from "../api/runs.ts";
import type { GroupSeries, LatestValues } from "../api/series.ts";
import type { ChartGroup } from "./group-store.ts";
import { groupStyle } from "./group-style.ts";
import type { RunSeries } from "./held-series.ts";
import type { PlotLine } from "./plot.ts";
import { RUN_COLOURS, type RunStyle } from "./run-colour.ts";
import { bandOf, type Points } from "./series-math.ts";
import type { MetricSeries } from "./series-store.ts";
import { type Smoothing, smooth } from "./smoothing.ts";

/** A run as charts know it. */
export interface ChartRun {
  readonly id: string;
  readonly name: string;
  readonly experimentId?: string;
  /** One that goes on is followed live. */
  readonly status?: RunStatus;
}

/** Smoothed lines by the series they come from: a change of one run smooths only that one. */
const smoothed = new WeakMap<RunSeries | GroupSeries, { smoothing: Smoothing; points: Points }>();

function smoothedOf(series: RunSeries | GroupSeries, smoothing: Smoothing): Points {
  const known = smoothed.get(series);
  if (known?.smoothing === smoothing) return known.points;
  const points = smooth("runId" in series ? series.means : { x: series.x, values: series.means }, smoothing);
  smoothed.set(series, { smoothing, points });
  return points;
}

/** Bands of more lines than this would cover one another. */
const MAX_BANDS = 6;

const CHARACTERS_OF_ID = 6;

/** Names by run id: where several have the same one, with the start of the id. */
export function runNames(runs: readonly ChartRun[]): Map<string, string> {
  const named = Map.groupBy(runs, ({ name }) => name);
  return new Map(
    runs.map(({ id, name }) => [id, named.get(name)!.length > 1 ? `${name} · ${id.slice(0, CHARACTERS_OF_ID)}` : name]),
  );
}

/** The lines of runs, of which those without a point have none. */
export function runLines(
  metric: MetricSeries,
  runs: readonly ChartRun[],
  styles: ReadonlyMap<string, RunStyle>,
  smoothing: Smoothing,
): PlotLine[] {
  const names = runNames(runs);
  const drawn = metric.runs.filter(({ runId, points }) => points.x.length > 0 && names.has(runId));
  return drawn.map((series) => {
    const { runId, points, spreads } = series;
    const hasBand = spreads !== undefined && drawn.length <= MAX_BANDS;
    return {
      id: runId,
      name: names.get(runId)!,
      ...(styles.get(runId) ?? { colour: RUN_COLOURS[0], variant: 0 }),
      points: smoothing.weight > 0 ? smoothedOf(series, smoothing) : points,
      ...(smoothing.weight > 0 && { faint: points }),
      ...(hasBand && { band: bandOf(points, spreads) }),
      last: series.last ?? points.values.at(-1)!,
    };
  });
}

/** The mean lines of groups, as the server made them. */
export function groupLines(
  found: readonly GroupSeries[],
  groups: readonly ChartGroup[],
  smoothing: Smoothing,
): PlotLine[] {
  return found.flatMap((series): PlotLine[] => {
    const group = groups[series.group];
    if (group === undefined || series.runs === 0) return [];
    const { x, means, spreads, counts, latest, runs, read } = series;
    const mean = { x, values: means };
    return [
      {
        id: `group:${group.label}`,
        name: group.label,
        ...groupStyle(series.group),
        points: smoothing.weight > 0 ? smoothedOf(series, smoothing) : mean,
        band: bandOf(mean, spreads),
        last: latest?.mean ?? Number.NaN,
        group: { runs, read, counts, ...(latest && { latest }) },
      },
    ];
  });
}

/** What is behind the mean line of a group. */
export interface GroupFacts {
  /** Runs that have the metric, and those of them that the line is of. */
  readonly runs: number;
  readonly read: number;
  /** Of how many runs each point is the mean: those that have ended before are not. */
  readonly counts: Float64Array;
  readonly latest?: LatestValues;
}
