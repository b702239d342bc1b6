import type { ECharts } from "echarts/core";
import { FileImage, ImageDown } from "lucide-react";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { IconButton } from "../parts/button.tsx";
import { type ChartOption, initChart } from "./echarts.ts";
import { chartPng, download } from "./export-chart.ts";

export type AxisIntervals = readonly (readonly [number, number])[];

/** Pixels per px of saved pictures: enough for paper. */
const PRINT_SCALE = 4;

/** Of the drawing in px. */
type Size = readonly [width: number, height: number];

/** The point of a value on a parallel axis, in px from the drawing's corner. The place of a word is its number. */
export type PlaceOnAxis = (axis: number, value: number) => readonly [x: number, y: number];

/** Draws on a canvas as large as the drawing, with the scale of px. */
export type Paint = (context: CanvasRenderingContext2D, placeOn: PlaceOnAxis) => void;

/** The same, but it yields between parts that take a few milliseconds each, and the page goes on meanwhile. */
export type LongPaint = (context: CanvasRenderingContext2D, placeOn: PlaceOnAxis) => Iterable<void>;

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
  /** Draws below the drawing, after each change of its size or of this function. */
  under?: LongPaint | undefined;
  /** Draws above the drawing. Saved pictures do not have it. */
  over?: Paint | undefined;
  /** The pointer moved or pressed, in px from the drawing's corner; undefined when it left. */
  onPointer?: ((at: readonly [x: number, y: number] | undefined, isPress: boolean) => void) | undefined;
  /** For saved SVG, if it has more than `option`. */
  svgOption?: (() => ChartOption) | undefined;
  className?: string;
}

/** A drawing by ECharts that fills its element. */
export function EChart(props: EChartProps) {
  const { label, option, onItem, intervals, onIntervals, highlighted, under, over, onPointer, svgOption, className } =
    props;
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts>(undefined);
  const [below, above] = [useRef<HTMLCanvasElement>(null), useRef<HTMLCanvasElement>(null)];
  const latest = useRef({ onItem, onIntervals });
  latest.current = { onItem, onIntervals };
  const sizeOf = useCallback((): Size => [element.current!.clientWidth, element.current!.clientHeight], []);
  /** Counts changes of the drawing's size, each of which moves what is painted. */
  const [resizes, setResizes] = useState(0);
  /** The brushes that the axes show, so that a reader's own brush is not set again during a drag. */
  const drawn = useRef(new Map<string, string>());

  // Its first option is set in a later task: both together take longer than a frame.
  useLayoutEffect(() => {
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
    let size = String(sizeOf());
    const observer = new ResizeObserver(() => {
      // The first call tells the size that the drawing already has.
      if (String(sizeOf()) === size) return;
      size = String(sizeOf());
      made.resize();
      setResizes((before) => before + 1);
    });
    observer.observe(element.current!);
    return () => {
      observer.disconnect();
      made.dispose();
      chart.current = undefined;
    };
  }, [sizeOf]);
  useEffect(() => {
    drawn.current.clear();
    chart.current?.setOption(option, { notMerge: true });
  }, [option]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is drawn has changed
  useEffect(() => {
    if (under === undefined) return;
    const stop = new AbortController();
    void paintInTurns(below.current!, sizeOf(), (context) => under(context, placesOf(chart.current!)), stop.signal);
    return () => stop.abort();
  }, [option, under, resizes, sizeOf]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above
  useEffect(() => {
    if (over !== undefined) over(emptied(above.current!, sizeOf(), devicePixelRatio), placesOf(chart.current!));
  }, [option, over, resizes, sizeOf]);
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
    const drawn = chart.current?.renderToCanvas({ pixelRatio: PRINT_SCALE });
    if (drawn === undefined) return;
    const picture = document.createElement("canvas");
    const context = emptied(picture, sizeOf(), PRINT_SCALE);
    for (const _ of under?.(context, placesOf(chart.current!)) ?? []);
    context.drawImage(drawn, 0, 0, ...sizeOf());
    const png = await chartPng(picture, label, PRINT_SCALE);
    if (png) download(png, `${label}.png`);
  };
  const saveSvg = async (): Promise<void> => {
    const { echartSvg } = await import("./echart-svg.ts");
    const svg = echartSvg(svgOption?.() ?? option, ...sizeOf());
    download(new Blob([svg], { type: "image/svg+xml" }), `${label}.svg`);
  };
  return (
    <figure aria-label={label} className={className}>
      <div className="relative size-full">
        {under !== undefined && <canvas ref={below} aria-hidden className="absolute inset-0 size-full" />}
        <div
          ref={element}
          role="img"
          aria-label={label}
          className="relative size-full"
          {...(onPointer && pointerHandlers(onPointer))}
        />
        {over !== undefined && (
          <canvas ref={above} aria-hidden className="pointer-events-none absolute inset-0 size-full" />
        )}
        <span className="absolute top-1 right-1 flex">
          <IconButton label="Download PNG" icon={<ImageDown size={16} aria-hidden />} onClick={() => void save()} />
          <IconButton label="Download SVG" icon={<FileImage size={16} aria-hidden />} onClick={() => void saveSvg()} />
        </span>
      </div>
    </figure>
  );
}

/** The model of parallel axes, which ECharts has for its own extensions. */
interface WithParallel {
  getModel(): {
    getComponent(name: "parallel"): { coordinateSystem: { dataToPoint(value: number, dimension: string): number[] } };
  };
}

function placesOf(chart: ECharts): PlaceOnAxis {
  const { coordinateSystem } = (chart as unknown as WithParallel).getModel().getComponent("parallel");
  return (axis, value) => coordinateSystem.dataToPoint(value, `dim${axis}`) as [number, number];
}

/** An empty canvas of this size in px. */
function emptied(canvas: HTMLCanvasElement, [width, height]: Size, scale: number): CanvasRenderingContext2D {
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d")!;
  context.scale(scale, scale);
  return context;
}

/** Paints a picture out of sight, part by part, and then shows the whole of it: what was shown before stays until then. */
async function paintInTurns(
  canvas: HTMLCanvasElement,
  size: Size,
  paint: (context: CanvasRenderingContext2D) => Iterable<void>,
  signal: AbortSignal,
): Promise<void> {
  const picture = document.createElement("canvas");
  const parts = paint(emptied(picture, size, devicePixelRatio))[Symbol.iterator]();
  do {
    // The browser draws the lines of a part when the task ends.
    await new Promise((resolve) => setTimeout(resolve));
    if (signal.aborted) return;
  } while (!parts.next().done);
  emptied(canvas, size, devicePixelRatio).drawImage(picture, 0, 0, ...size);
}

function pointerHandlers(onPointer: NonNullable<EChartProps["onPointer"]>) {
  const at = ({ clientX, clientY, currentTarget }: React.PointerEvent | React.MouseEvent): [number, number] => {
    const { left, top } = currentTarget.getBoundingClientRect();
    return [clientX - left, clientY - top];
  };
  return {
    onPointerMove: (event: React.PointerEvent) => onPointer(at(event), false),
    onPointerLeave: () => onPointer(undefined, false),
    onClick: (event: React.MouseEvent) => onPointer(at(event), true),
  };
}
