import type { ECharts } from "echarts/core";
import { FileImage, ImageDown } from "lucide-react";
import { useEffect, useRef } from "react";
import { IconButton } from "../parts/button.tsx";
import { type ChartOption, initChart } from "./echarts.ts";
import { chartPng, download } from "./export-chart.ts";

export type AxisIntervals = readonly (readonly [number, number])[];

/** Pixels per px of saved pictures: enough for paper. */
const PRINT_SCALE = 4;

interface EChartProps {
  /** The name of the drawing, for screen readers and files. A table beside it has the values. */
  label: string;
  /** The same object as long as the drawing is the same. */
  option: ChartOption;
  /** A point or line of the series `runs` was pressed. */
  onItem?: (dataIndex: number) => void;
  /** The brushed ranges of parallel axes, by axis id. */
  intervals?: Readonly<Record<string, AxisIntervals>>;
  onIntervals?: (axisId: string, intervals: AxisIntervals) => void;
  /** The emphasised item, by its index in the series with the id `runs`. */
  highlighted?: number | undefined;
  className?: string;
}

/** A drawing by ECharts that fills its element. */
export function EChart(props: EChartProps) {
  const { label, option, onItem, intervals, onIntervals, highlighted, className } = props;
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts>(undefined);
  const latest = useRef({ onItem, onIntervals });
  latest.current = { onItem, onIntervals };
  /** The brushes that the axes show, so that a reader's own brush is not set again during a drag. */
  const drawn = useRef(new Map<string, string>());

  useEffect(() => {
    const made = initChart(element.current!);
    chart.current = made;
    made.on("click", ({ seriesId, dataIndex }) => {
      if (seriesId === "runs") latest.current.onItem?.(dataIndex);
    });
    made.on("axisareaselected", (event) => {
      const { parallelAxisId, intervals: next } = event as { parallelAxisId?: string; intervals?: [number, number][] };
      if (parallelAxisId === undefined || next === undefined) return;
      if (drawn.current.get(parallelAxisId) === JSON.stringify(next)) return;
      drawn.current.set(parallelAxisId, JSON.stringify(next));
      latest.current.onIntervals?.(parallelAxisId, next);
    });
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(element.current!);
    return () => {
      observer.disconnect();
      made.dispose();
    };
  }, []);
  useEffect(() => {
    drawn.current.clear();
    chart.current?.setOption(option, { notMerge: true });
  }, [option]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new drawing has lost its brush
  useEffect(() => {
    const next = new Map(Object.entries(intervals ?? {}).map(([axis, ranges]) => [axis, JSON.stringify(ranges)]));
    let isChanged = false;
    for (const axis of new Set([...next.keys(), ...drawn.current.keys()])) {
      const wanted = next.get(axis) ?? "[]";
      if ((drawn.current.get(axis) ?? "[]") === wanted) continue;
      drawn.current.set(axis, wanted);
      chart.current?.dispatchAction({
        type: "axisAreaSelect",
        parallelAxisId: axis,
        intervals: JSON.parse(wanted),
      });
      isChanged = true;
    }
    // The action does not draw the brush itself.
    if (isChanged) chart.current?.setOption({ animation: false });
  }, [intervals, option]);
  useEffect(() => {
    if (highlighted === undefined) return;
    chart.current?.dispatchAction({ type: "highlight", seriesId: "runs", dataIndex: highlighted });
    return () => {
      chart.current?.dispatchAction({ type: "downplay", seriesId: "runs", dataIndex: highlighted });
    };
  }, [highlighted]);

  const save = async (): Promise<void> => {
    const canvas = chart.current?.renderToCanvas({ pixelRatio: PRINT_SCALE });
    const png = canvas && (await chartPng(canvas, label, PRINT_SCALE));
    if (png) download(png, `${label}.png`);
  };
  const saveSvg = async (): Promise<void> => {
    const { echartSvg } = await import("./echart-svg.ts");
    const { clientWidth, clientHeight } = element.current!;
    download(new Blob([echartSvg(option, clientWidth, clientHeight)], { type: "image/svg+xml" }), `${label}.svg`);
  };
  return (
    <figure aria-label={label} className={className}>
      <div className="relative size-full">
        <div ref={element} role="img" aria-label={label} className="size-full" />
        <span className="absolute top-1 right-1 flex">
          <IconButton label="Download PNG" icon={<ImageDown size={16} aria-hidden />} onClick={() => void save()} />
          <IconButton label="Download SVG" icon={<FileImage size={16} aria-hidden />} onClick={() => void saveSvg()} />
        </span>
      </div>
    </figure>
  );
}
