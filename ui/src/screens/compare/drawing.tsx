import { lazy, useEffect, useState } from "react";
import { SkeletonRows } from "../../parts/states.tsx";
import type { ComparedRun } from "./compared-run.ts";
import { type FieldChoice, fieldChoice, fieldChoiceInTurns, knownChoice } from "./fields.ts";
import type { PlotProps } from "./plot-parts.tsx";

const MattersView = lazy(async () => ({ default: (await import("./matters/matters-view.tsx")).MattersView }));
const BestView = lazy(async () => ({ default: (await import("./best-view.tsx")).BestView }));
const loadParallelView = () => import("./parallel-view.tsx");
const ParallelView = lazy(async () => ({ default: (await loadParallelView()).ParallelView }));
const ScatterView = lazy(async () => ({ default: (await import("./scatter-view.tsx")).ScatterView }));
const ContourView = lazy(async () => ({ default: (await import("./contour-view.tsx")).ContourView }));
const BoxView = lazy(async () => ({ default: (await import("./box-view.tsx")).BoxView }));
const HistogramView = lazy(async () => ({ default: (await import("./histogram-view.tsx")).HistogramView }));
const BarView = lazy(async () => ({ default: (await import("./bar-view.tsx")).BarView }));
const GanttView = lazy(async () => ({ default: (await import("./gantt-view.tsx")).GanttView }));

const VIEWS = {
  ...{ matters: MattersView, best: BestView, parallel: ParallelView, scatter: ScatterView },
  ...{ contour: ContourView, box: BoxView, histogram: HistogramView, bar: BarView, gantt: GanttView },
};

export type DrawingKind = keyof typeof VIEWS;

/** A drawing of the fields of runs. */
export function Drawing({ view, ...props }: Omit<PlotProps, "choice"> & { view: DrawingKind }) {
  const choice = useFieldChoice(props.runs);
  const View = VIEWS[view];
  return choice === undefined ? <SkeletonRows rows={14} /> : <View {...props} choice={choice} />;
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
      loadParallelView().catch(() => undefined);
      if (runs.length > MANY) void fieldChoiceInTurns(runs);
    }, PREPARE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [runs]);
}
