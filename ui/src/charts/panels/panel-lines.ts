import { type ChartRun, groupLines, runLines } from "../chart-lines.ts";
import type { GroupedMetric } from "../group-store.ts";
import type { LineSource } from "../line-source.ts";
import type { PlotLine } from "../plot-spec.ts";
import type { Variant } from "../run-colour.ts";
import { type Points, valueAt } from "../series-math.ts";
import type { MetricSeries } from "../series-store.ts";
import type { Smoothing } from "../smoothing.ts";
import type { ReadFormula } from "./formula.ts";

export type Snapshot = MetricSeries | GroupedMetric;

/** The lines of one metric from a source. */
function linesOf(source: LineSource, snapshot: Snapshot, smoothing: Smoothing): PlotLine[] {
  return source.kind === "runs"
    ? runLines(snapshot as MetricSeries, source.runs as readonly ChartRun[], source.styles, smoothing)
    : groupLines((snapshot as GroupedMetric).groups, source.groups, smoothing);
}

/** A line for each metric of each run or group. The run or group decides the colour, and the metric the dash. */
export function panelLines(
  source: LineSource,
  metrics: readonly string[],
  snapshots: readonly Snapshot[],
  smoothing: Smoothing,
): PlotLine[] {
  if (metrics.length === 1) return linesOf(source, snapshots[0]!, smoothing);
  return snapshots.flatMap((snapshot, metric) =>
    linesOf(source, snapshot, smoothing).map((line) => ({
      ...line,
      id: `${line.id} ${metrics[metric]}`,
      name: `${line.name} · ${metrics[metric]}`,
      variant: (metric % 4) as Variant,
    })),
  );
}

/** A formula for each run or group that has all metrics of the formula, at the x of the first metric. */
export function formulaLines(
  source: LineSource,
  { metrics, at }: ReadFormula,
  snapshots: readonly Snapshot[],
  smoothing: Smoothing,
): PlotLine[] {
  const byMetric = snapshots.map(
    (snapshot) => new Map(linesOf(source, snapshot, smoothing).map((line) => [line.id, line])),
  );
  const [first] = byMetric;
  return [...(first?.values() ?? [])].flatMap((line): PlotLine[] => {
    const lines = byMetric.map((all) => all.get(line.id));
    if (lines.some((one) => one === undefined)) return [];
    const reckon = (read: (of: PlotLine) => number): number => at((metric) => read(lines[metrics.indexOf(metric)]!));
    const { x } = line.points;
    const values = x.map((place) => reckon(({ points }) => valueAt(points, place)));
    const points: Points = { x, values };
    const { band: _band, faint: _faint, ...rest } = line;
    return [{ ...rest, points, last: reckon(({ last }) => last) }];
  });
}
