import { useEffect, useState } from "react";
import { lazily } from "../../parts/lazily.tsx";
import { SkeletonRows } from "../../parts/states.tsx";
import type { ComparedRun } from "./compared-run.ts";
import { type FieldChoice, fieldChoice, fieldChoiceInTurns, knownChoice } from "./fields.ts";
import type { PlotProps } from "./plot-parts.tsx";

const MattersView = lazily(async () => (await import("./matters/matters-view.tsx")).MattersView);
const BestView = lazily(async () => (await import("./best-view.tsx")).BestView);
const ParallelView = lazily(async () => (await import("./parallel-view.tsx")).ParallelView);
const ScatterView = lazily(async () => (await import("./scatter-view.tsx")).ScatterView);
const ContourView = lazily(async () => (await import("./contour-view.tsx")).ContourView);
const BoxView = lazily(async () => (await import("./box-view.tsx")).BoxView);
const HistogramView = lazily(async () => (await import("./histogram-view.tsx")).HistogramView);
const BarView = lazily(async () => (await import("./bar-view.tsx")).BarView);
const GanttView = lazily(async () => (await import("./gantt-view.tsx")).GanttView);

const VIEWS = {
  ...{ matters: MattersView, best: BestView, parallel: ParallelView, scatter: ScatterView },
  ...{ contour: ContourView, box: BoxView, histogram: HistogramView, bar: BarView, gantt: GanttView },
};

export type DrawingKind = keyof typeof VIEWS;

/** A drawing of the fields of runs. */
export function Drawing({ view, ...props }: Omit<PlotProps, "choice"> & { view: DrawingKind }) {
  const choice = useFieldChoice(props.runs);
  const View = VIEWS[view];
  const skeleton = <SkeletonRows rows={14} />;
  return choice === undefined ? skeleton : <View {...props} choice={choice} fallback={skeleton} />;
}

/** The choice of fields of more runs than this takes longer than a frame. */
const MANY = 1000;

/** Undefined while the choice is being made. */
function useFieldChoice(runs: readonly ComparedRun[]): FieldChoice | undefined {
  const [, setMade] = useState<FieldChoice>();
  const known = runs.length <= MANY ? fieldChoice(runs) : knownChoice(runs);
  const isKnown = known !== undefined;
  useEffect(() => {
    if (isKnown) return;
    let isCurrent = true;
    void fieldChoiceInTurns(runs).then((choice) => isCurrent && setMade(choice));
    return () => {
      isCurrent = false;
    };
  }, [runs, isKnown]);
  return known;
}

/** How long the first view has the page for itself. */
const PREPARE_AFTER_MS = 300;

/**
 * Makes drawings of these runs quick to open, while the reader looks at another view: fetches their code, most of which all
 * of them share, and chooses the fields of many runs.
 */
export function usePreparedDrawings(runs: readonly ComparedRun[]): void {
  useEffect(() => {
    if (runs.length === 0) return;
    const timer = setTimeout(() => {
      // If it fails, the opened drawing tells.
      ParallelView.preload();
      if (runs.length > MANY) void fieldChoiceInTurns(runs);
    }, PREPARE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [runs]);
}
