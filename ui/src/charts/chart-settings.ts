import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import * as z from "zod/mini";
import type { SeriesX } from "../api/series.ts";
import type { Range } from "./axes.ts";

function optional<Schema extends z.ZodMiniType>(schema: Schema) {
  return z.catch(z.optional(schema), undefined);
}

/** What the address of a screen with charts holds for them: part of its search schema. */
export const chartSearch = {
  /** `step`, `time`, `relative` or `metric:<key>`. */
  chartX: optional(z.string()),
  chartLog: optional(z.enum(["x", "y", "xy"])),
  chartSmoothing: optional(z.number().check(z.gte(0), z.lt(1))),
  /** A range of a horizontal axis: where another is shown it does not count. */
  chartZoom: optional(z.tuple([z.string(), z.number(), z.number()])),
  chartQuery: optional(z.string()),
  /** The metric of the chart that fills the screen. */
  chartFull: optional(z.string()),
  chartSize: optional(z.enum(["small", "medium", "large"])),
  /** Whether groups of runs are drawn as their mean. */
  chartGroups: optional(z.boolean()),
  /** Sections that are closed. */
  chartClosed: optional(z.array(z.string())),
};

const schema = z.object(chartSearch);
export type ChartSearch = z.infer<typeof schema>;

export interface ChartSettings {
  readonly search: ChartSearch;
  readonly x: SeriesX;
  readonly isLogX: boolean;
  readonly isLogY: boolean;
  readonly smoothing: number;
  readonly zoom: Range | undefined;
  readonly setZoom: (zoom: Range | undefined) => void;
  readonly change: (patch: Partial<ChartSearch>) => void;
}

/** @param defaultX where the address says none. */
export function useChartSettings(defaultX: SeriesX = "step"): ChartSettings {
  const search = schema.parse(useSearch({ strict: false }));
  const navigate = useNavigate();
  const change = useCallback(
    (patch: Partial<ChartSearch>) => {
      void navigate({ to: ".", search: (old: object) => ({ ...old, ...patch }), replace: true } as never);
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
  return {
    ...{ search, x, zoom },
    setZoom: (range) => change({ chartZoom: range && [x, ...range] }),
    isLogX: search.chartLog?.includes("x") ?? false,
    isLogY: search.chartLog?.includes("y") ?? false,
    smoothing: search.chartSmoothing ?? 0,
    change,
  };
}

function isSeriesX(x: string | undefined): x is SeriesX {
  return x === "step" || x === "time" || x === "relative" || (x?.startsWith("metric:") ?? false);
}
