import { classNames } from "../parts/class-names.ts";
import { formatCount } from "../parts/format.ts";
import { type ChartGroup, MAX_GROUPED_RUNS } from "./group-store.ts";
import type { GroupFacts, PlotLine } from "./plot-spec.ts";

/** Says which means do not include all runs, or not the newest values. */
export function GroupNote({ lines }: { lines: readonly PlotLine[] }) {
  const groups = [...Map.groupBy(factsOf(lines), ({ index }) => index).values()];
  const worst = groups.map((ofMetrics) => ofMetrics.reduce((a, b) => (b.runs - b.read > a.runs - a.read ? b : a)));
  const runs = sumOf(worst.map((group) => group.runs));
  const read = sumOf(worst.map((group) => group.read));
  const stale = sumOf(groups.map((ofMetrics) => Math.max(...ofMetrics.map((group) => group.stale))));
  if (read >= runs && stale === 0) return null;
  return (
    <p className="shrink-0 px-3 pb-1 text-ink-muted text-sm">
      {read < runs &&
        `Curves of ${formatCount(read)} of ${formatCount(runs)} runs, evenly from all groups: as many as could be read in time. `}
      {stale > 0 &&
        `Values of ${formatCount(stale)} live ${stale === 1 ? "run" : "runs"} may be 8 minutes old: not all live runs could be asked.`}
    </p>
  );
}

/** Says that the means are of a sample, because the groups have more runs than one answer. */
export function SampleNote({ groups, className }: { groups: readonly ChartGroup[]; className: string }) {
  const count = groups.reduce((sum, { runIds }) => sum + runIds.length, 0);
  if (count <= MAX_GROUPED_RUNS) return null;
  return (
    <p className={classNames("text-ink-muted text-sm", className)}>
      Means of {formatCount(MAX_GROUPED_RUNS)} of the {formatCount(count)} runs, evenly from all.
    </p>
  );
}

/** A group has a line for each metric of a panel. */
const factsOf = (lines: readonly PlotLine[]): GroupFacts[] => lines.flatMap(({ group }) => group ?? []);

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);
