import { type KeyboardEvent, type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import { formatExact } from "../parts/format.ts";
import { useTheme } from "../parts/theme.ts";
import { formatX, type Range, xName, zoomed } from "./axes.ts";
import { ChartTooltip } from "./chart-tooltip.tsx";
import type { HoverStore } from "./hover.ts";
import { Plot } from "./plot.ts";
import type { PlotSpec } from "./plot-spec.ts";
import { lowerBound, nearestIndex, upperBound } from "./series-math.ts";
import { followTouches } from "./touch.ts";

interface LineChartProps {
  /** The name of the chart and of its tooltip. */
  metricKey: string;
  spec: PlotSpec;
  hover: HoverStore;
  onZoom: (range: Range | undefined) => void;
  /** Gives the canvas to the export of a picture. */
  plotRef: RefObject<Plot | undefined>;
}

const PAGE_OF_POINTS = 10;
const ZOOM_FACTOR = 0.5;

/** The lines of one metric, with a cursor for the pointer and one for the keys. */
export function LineChart({ metricKey, spec, hover, onZoom, plotRef }: LineChartProps) {
  const theme = useTheme();
  const root = useRef<HTMLDivElement>(null);
  const latest = useRef({ spec, theme, onZoom });
  latest.current = { spec, theme, onZoom };

  useLayoutEffect(() => {
    const element = root.current!;
    const plot = new Plot(element, latest.current.spec, latest.current.theme, {
      onPoint: (at) => {
        if (at !== undefined) hover.set({ chart: metricKey, ...at });
        else if (hover.get()?.chart === metricKey) hover.set(undefined);
      },
      onZoom: (range) => latest.current.onZoom(range),
    });
    plotRef.current = plot;
    const resized = new ResizeObserver(() => plot.resize(element.clientWidth, element.clientHeight));
    resized.observe(element);
    const point = (): void => {
      const at = hover.get();
      plot.point(at?.x, at?.lineId);
    };
    const unsubscribe = hover.subscribe(point);
    const unfollow = followTouches(element, {
      plot: () => plot,
      spec: () => latest.current.spec,
      draw: (zoom) => plot.show({ ...latest.current.spec, zoom }, latest.current.theme),
      onZoom: (range) => latest.current.onZoom(range),
    });
    return () => {
      unfollow();
      unsubscribe();
      resized.disconnect();
      plotRef.current = undefined;
      plot.destroy();
      if (hover.get()?.chart === metricKey) hover.set(undefined);
    };
  }, [metricKey, hover, plotRef]);

  useEffect(() => {
    plotRef.current?.show(spec, theme);
    const at = hover.get();
    plotRef.current?.point(at?.x, at?.lineId);
  }, [spec, theme, plotRef, hover]);

  const keys = useKeys({ metricKey, spec, hover, onZoom, plotRef });
  const lines = `${spec.lines.length} ${spec.lines.length === 1 ? "line" : "lines"}`;
  return (
    <>
      <div
        ref={root}
        role="application"
        aria-roledescription="chart"
        aria-label={`${metricKey}: ${lines} by ${xName(spec.x).toLowerCase()}`}
        aria-description="Left and right arrows read the points, up and down choose the line, plus and minus zoom, 0 shows everything."
        // biome-ignore lint/a11y/noNoninteractiveTabindex: its keys are its only way for who has no pointer
        tabIndex={0}
        onKeyDown={keys.onKeyDown}
        onBlur={() => hover.set(undefined)}
        className="h-full w-full min-w-0 touch-pan-y overflow-hidden rounded -outline-offset-2"
      />
      <p aria-live="polite" className="sr-only">
        {keys.spoken}
      </p>
      <ChartTooltip metricKey={metricKey} spec={spec} hover={hover} />
    </>
  );
}

/** A cursor that keys move from point to point, and its values as text. */
function useKeys({ metricKey, spec, hover, onZoom, plotRef }: LineChartProps) {
  const [spoken, setSpoken] = useState("");
  const cursor = useRef<{ lineId: string; x: number }>(undefined);

  const moveTo = (lineIndex: number, pointIndex: number): void => {
    const line = spec.lines[lineIndex];
    const x = line?.points.x[pointIndex];
    if (line === undefined || x === undefined || plotRef.current === undefined) return;
    const value = line.points.values[pointIndex]!;
    cursor.current = { lineId: line.id, x };
    setSpoken(`${line.name}, ${xName(spec.x)} ${formatX(spec.x, x)}: ${formatExact(value)}`);
    hover.set({ chart: metricKey, x, lineId: line.id, ...plotRef.current.locate(x, value) });
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const plot = plotRef.current;
    if (plot === undefined || spec.lines.length === 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const [from, to] = plot.xRange;
    const known = spec.lines.findIndex(({ id }) => id === cursor.current?.lineId);
    const lineIndex = Math.max(0, known);
    const { x: xs } = spec.lines[lineIndex]!.points;
    const first = lowerBound(xs, from);
    const last = upperBound(xs, to) - 1;
    const at = cursor.current === undefined || known < 0 ? undefined : nearestIndex(xs, cursor.current.x);
    const go = (by: number): void =>
      moveTo(lineIndex, at === undefined ? (by < 0 ? last : first) : Math.min(last, Math.max(first, at + by)));
    const change = (by: number): void => {
      const next = (lineIndex + by + spec.lines.length) % spec.lines.length;
      moveTo(next, nearestIndex(spec.lines[next]!.points.x, cursor.current?.x ?? from));
    };
    const zoom = (factor: number): void => {
      const middle = Math.min(to, Math.max(from, cursor.current?.x ?? (from + to) / 2));
      onZoom(zoomed([from, to], middle, factor, plot.everything));
    };
    const step = event.shiftKey ? PAGE_OF_POINTS : 1;
    const keys: Record<string, () => void> = {
      ArrowLeft: () => go(-step),
      ArrowRight: () => go(step),
      ArrowUp: () => change(-1),
      ArrowDown: () => change(1),
      Home: () => moveTo(lineIndex, first),
      End: () => moveTo(lineIndex, last),
      "+": () => zoom(ZOOM_FACTOR),
      "=": () => zoom(ZOOM_FACTOR),
      "-": () => zoom(1 / ZOOM_FACTOR),
      "0": () => onZoom(undefined),
    };
    const act = keys[event.key];
    if (act === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  return { onKeyDown, spoken };
}
