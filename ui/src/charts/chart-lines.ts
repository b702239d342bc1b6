import type { RunStatus } from "../api/runs.ts";
import type { GroupSeries } from "../api/series.ts";
import { shortId } from "../parts/format.ts";
import type { ChartGroup } from "./group-store.ts";
import { groupStyle } from "./group-style.ts";
import type { RunSeries } from "./held-series.ts";
import type { PlotLine } from "./plot-spec.ts";
import { RUN_COLOURS, type RunStyle } from "./run-colour.ts";
import { bandOf, type Points } from "./series-math.ts";
import type { MetricSeries } from "./series-store.ts";
import { type Smoothing, smooth } from "./smoothing.ts";

/** The properties of a run that charts need. */
export interface ChartRun {
  readonly id: string;
  readonly name: string;
  readonly experimentId?: string;
  /** Charts follow a run live while its status is RUNNING. */
  readonly status?: RunStatus;
}

/** Smoothed lines by their series, so that a change of one run smooths only its line. */
const smoothed = new WeakMap<RunSeries | GroupSeries, { smoothing: Smoothing; points: Points }>();

function smoothedOf(series: RunSeries | GroupSeries, smoothing: Smoothing): Points {
  const known = smoothed.get(series);
  if (known?.smoothing === smoothing) return known.points;
  const points = smooth("runId" in series ? series.means : { x: series.x, values: series.means }, smoothing);
  smoothed.set(series, { smoothing, points });
  return points;
}

/** The most lines with bands. Bands of more lines would cover one another. */
const MAX_BANDS = 6;

/** Names by run id. If several runs have the same name, each name has the start of the id. */
export function runNames(runs: readonly ChartRun[]): Map<string, string> {
  const named = Map.groupBy(runs, ({ name }) => name);
  return new Map(runs.map(({ id, name }) => [id, named.get(name)!.length > 1 ? `${name} · ${shortId(id)}` : name]));
}

/** The lines of runs. A run without points has no line. */
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
    const { x, means, spreads, counts, latest, runs, read, stale } = series;
    const mean = { x, values: means };
    return [
      {
        id: `group:${group.label}`,
        name: group.label,
        ...groupStyle(series.group),
        points: smoothing.weight > 0 ? smoothedOf(series, smoothing) : mean,
        band: bandOf(mean, spreads),
        last: latest?.mean ?? Number.NaN,
        group: { index: series.group, runs, read, stale, counts, ...(latest && { latest }) },
      },
    ];
  });
}
