import { useMemo, useState } from "react";
import type { Ends } from "../../charts/axes.ts";
import { readColourScale } from "../../charts/colour-scale.ts";
import { EChart } from "../../charts/echart.tsx";
import {
  axisOption,
  baseOption,
  type ChartOption,
  type Look,
  plainText,
  readLook,
  tooltip,
} from "../../charts/echarts.ts";
import { type RunStyle, SYMBOLS } from "../../charts/run-colour.ts";
import { formatMetric } from "../../parts/format.ts";
import { EmptyState } from "../../parts/states.tsx";
import { useTheme } from "../../parts/theme.ts";
import type { ComparedRun } from "./compared-run.ts";
import { type Field, placeOf, readField, scaled } from "./fields.ts";
import {
  AxisPicker,
  ColourLegend,
  FieldPicker,
  missingNote,
  PlotLayout,
  type PlotProps,
  PlottedRuns,
  useLooks,
  useScales,
} from "./plot-parts.tsx";

const DEFAULT_PX = 9;
const SMALL_PX = 5;
/** More points than this are small by themselves. */
const MANY_POINTS = 500;
const SMALLEST_PX = 5;
const LARGEST_PX = 26;

/** Every run a point, by two of its parameters or metrics. */
export function ScatterView({ runs, choice, search, change, openRun }: PlotProps) {
  const theme = useTheme();
  const [pointed, setPointed] = useState<number>();
  const { colour: colourName, size: sizeName, xEnds, yEnds } = search;
  const scales = useScales(search);
  const xName = search.x ?? choice.differingParams[0] ?? choice.differingMetrics[0] ?? choice.all[0];
  const yName =
    search.y ?? choice.differingMetrics.find((name) => name !== xName) ?? choice.all.find((name) => name !== xName);
  const read = (name: string | undefined) => (name ? readField(runs, name, scales) : undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `read` is made of what is listed
  const plot = useMemo(() => {
    const [x, y, colour, size] = [read(xName), read(yName), read(colourName), read(sizeName)];
    return x && y && { x, y, colour, size, drawn: drawnRuns(runs, x, y) };
  }, [runs, scales, xName, yName, colourName, sizeName]);
  const styles = useLooks(runs);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours that are read
  const option = useMemo(
    () => plot && scatterOption(runs, plot, styles, { x: xEnds, y: yEnds }),
    [runs, plot, styles, xEnds, yEnds, theme],
  );
  if (plot === undefined || option === undefined) {
    return <EmptyState title="Nothing to draw">These runs have no parameters and metrics for two axes.</EmptyState>;
  }
  const { x, y, colour, size, drawn } = plot;
  return (
    <PlotLayout
      controls={
        <>
          <AxisPicker label="X" axis="x" value={xName} options={choice.all} field={x} {...{ search, change }} />
          <AxisPicker label="Y" axis="y" value={yName} options={choice.all} field={y} {...{ search, change }} />
          <FieldPicker
            label="Colour"
            placeholder="By run"
            value={colourName || undefined}
            options={choice.all}
            onChange={(field) => change({ colour: field })}
          />
          <FieldPicker
            label="Size"
            placeholder="All the same"
            value={sizeName}
            options={choice.all}
            onChange={(field) => change({ size: field })}
          />
          {colour !== undefined && <ColourLegend field={colour} />}
        </>
      }
      chart={
        <EChart
          label={`${y.name} by ${x.name}`}
          option={option}
          onItem={(index) => openRun(runs[drawn[index]!]!)}
          highlighted={pointed === undefined ? undefined : drawn.indexOf(pointed)}
          className="size-full"
        />
      }
      note={missingNote(runs.length, drawn.length, `${x.name} or ${y.name}`)}
      table={
        <PlottedRuns
          label="Runs in the drawing"
          runs={runs}
          shown={runs.map((_, index) => index)}
          fields={[x, y, colour, size].filter((field) => field !== undefined)}
          onPoint={setPointed}
        />
      }
    />
  );
}

/** Indexes of the runs that both axes can show. */
export function drawnRuns(runs: readonly ComparedRun[], x: Field, y: Field): number[] {
  return runs.flatMap((_, run) => (placeOf(x, run) === undefined || placeOf(y, run) === undefined ? [] : [run]));
}

interface ScatterPlot {
  x: Field;
  y: Field;
  colour: Field | undefined;
  size: Field | undefined;
  drawn: readonly number[];
}

function scatterOption(
  runs: readonly ComparedRun[],
  { x, y, colour, size, drawn }: ScatterPlot,
  styles: ReadonlyMap<string, RunStyle>,
  chosen: ChosenEnds,
): ChartOption {
  const look = readLook();
  const scale = readColourScale();
  const shares = colour && scaled(colour, runs.length);
  const sizes = size && scaled(size, runs.length);
  const colourOf = (run: number): string => {
    const share = shares?.[run];
    if (shares === undefined) return styles.get(runs[run]!.id)!.colour;
    return share === undefined ? look.faint : scale(share);
  };
  const sizeOf = (run: number): number => {
    if (sizes === undefined) return drawn.length > MANY_POINTS ? SMALL_PX : DEFAULT_PX;
    // The value decides the area, because readers see the area.
    return SMALLEST_PX + (LARGEST_PX - SMALLEST_PX) * Math.sqrt(sizes[run] ?? 0);
  };
  return {
    ...baseOption(look),
    ...plane(look, x, y, { chosen }),
    tooltip: tooltip(look, ({ dataIndex }) => pointText(runs, drawn[dataIndex], [x, y, colour, size])),
    series: [
      {
        id: "runs",
        type: "scatter",
        data: drawn.map((run) => ({
          value: [placeOf(x, run)!, placeOf(y, run)!],
          symbol: SYMBOLS[shares === undefined ? styles.get(runs[run]!.id)!.variant : 0],
          symbolSize: sizeOf(run),
          itemStyle: { color: colourOf(run), opacity: 0.85, borderColor: look.page, borderWidth: 1 },
        })),
        emphasis: { scale: 1.5, itemStyle: { opacity: 1, borderColor: look.ink, borderWidth: 1.5 } },
      },
    ],
  };
}

/** How far an axis goes beyond its values, as a share of their span. */
const AXIS_ROOM = 0.03;

type AxisEnds = readonly [from: number, to: number];

/** The ends that a reader chose. */
export interface ChosenEnds {
  readonly x?: Ends | undefined;
  readonly y?: Ends | undefined;
}

interface PlaneEnds {
  /** The ends without a choice. The default is a little beyond the values. */
  readonly usual?: { x: AxisEnds; y: AxisEnds };
  readonly chosen: ChosenEnds;
}

/** The ends that a reader chose for an axis of numbers, as ECharts takes them. */
export function chosenEnds({ words, isLog }: Field, [from, to]: Ends = [null, null]): { min?: number; max?: number } {
  const isFit = (end: number | null): end is number => end !== null && words === undefined && (!isLog || end > 0);
  if (isFit(from) && isFit(to) && from >= to) return {};
  return { ...(isFit(from) && { min: from }), ...(isFit(to) && { max: to }) };
}

/** Both axes, each with its field's name. */
export function plane(look: Look, x: Field, y: Field, { usual, chosen }: PlaneEnds): ChartOption {
  const axis = (field: Field, given: AxisEnds | undefined, own: Ends | undefined) => {
    const option = axisOption(look, field);
    if (field.words !== undefined) return option;
    const [min, max] = given ?? axisEnds(field.isLog);
    const ends = chosenEnds(field, own);
    // The usual end of an axis is not a round number.
    const axisLabel = {
      ...option.axisLabel,
      showMinLabel: "min" in ends ? undefined : false,
      showMaxLabel: "max" in ends ? undefined : false,
    };
    return { ...option, min, max, ...ends, axisLabel };
  };
  return {
    grid: { left: 24, right: 48, top: 40, bottom: 40, containLabel: true },
    xAxis: { ...axis(x, usual?.x, chosen.x), name: plainText(x.name), nameLocation: "middle", nameGap: 30 },
    yAxis: {
      ...axis(y, usual?.y, chosen.y),
      name: plainText(y.name),
      nameTextStyle: { color: look.muted, fontSize: 12, align: "left" },
    },
  };
}

interface Extremes {
  readonly min: number;
  readonly max: number;
}

/** The ends of an axis: a little beyond its values. They are not round numbers, so they have no label. */
function axisEnds(isLog: boolean): readonly [(values: Extremes) => number, (values: Extremes) => number] {
  const ends = ({ min, max }: Extremes): Extremes => {
    if (!(min < max)) return isLog ? { min: min / 2, max: max * 2 } : { min: min - 1, max: max + 1 };
    if (isLog) return { min: min / (max / min) ** AXIS_ROOM, max: max * (max / min) ** AXIS_ROOM };
    return { min: min - (max - min) * AXIS_ROOM, max: max + (max - min) * AXIS_ROOM };
  };
  return [(values) => ends(values).min, (values) => ends(values).max];
}

/** A run and its values, one a line. */
export function pointText(
  runs: readonly ComparedRun[],
  run: number | undefined,
  fields: readonly (Field | undefined)[],
): string {
  if (run === undefined) return "";
  const lines = fields.flatMap((field) => {
    const value = field?.values[run];
    if (field === undefined || value === undefined) return [];
    return [`${plainText(field.name)}  ${typeof value === "number" ? formatMetric(value) : plainText(value)}`];
  });
  return [plainText(runs[run]!.name), ...new Set(lines)].join("\n");
}
