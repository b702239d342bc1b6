import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import type { SameX, SeriesX } from "../api/series.ts";
import type { Range } from "./axes.ts";
import { type ChartSearch, isSeriesX, parseChartSearch, sameXOf } from "./chart-search.ts";
import type { Smoothing } from "./smoothing.ts";

export interface ChartSettings {
  readonly search: ChartSearch;
  readonly x: SeriesX;
  readonly isLogX: boolean;
  readonly isLogY: boolean;
  readonly smoothing: Smoothing;
  readonly zoom: Range | undefined;
  readonly sameX: SameX | undefined;
  readonly setZoom: (zoom: Range | undefined) => void;
  readonly change: (patch: Partial<ChartSearch>) => void;
}

/** @param defaultX the x axis if the address has none */
export function useChartSettings(defaultX: SeriesX = "step"): ChartSettings {
  const search = parseChartSearch(useSearch({ strict: false }));
  const navigate = useNavigate();
  const change = useCallback(
    (patch: Partial<ChartSearch>) => {
      // The back button closes a chart that was opened, but does not undo changes of its look.
      const replace = patch.chartFull === undefined;
      void navigate({ to: ".", search: (old: object) => ({ ...old, ...patch }), replace } as never);
    },
    [navigate],
  );
  const x = isSeriesX(search.chartX) ? search.chartX : defaultX;
  const [zoomX, from, to] = search.chartZoom ?? [];
  const zoom = useMemo(
    (): Range | undefined =>
      zoomX === x && from !== undefined && to !== undefined && from < to ? [from, to] : undefined,
    [zoomX, x, from, to],
  );
  const { chartSmoothing: weight = 0, chartSmoothingKind: kind = "exponential" } = search;
  const smoothing = useMemo((): Smoothing => ({ kind, weight }), [kind, weight]);
  return {
    ...{ search, x, zoom },
    sameX: sameXOf(x, search.chartSameX),
    setZoom: (range) => change({ chartZoom: range && [x, ...range] }),
    isLogX: search.chartLog?.includes("x") ?? false,
    isLogY: search.chartLog?.includes("y") ?? false,
    smoothing,
    change,
  };
}
