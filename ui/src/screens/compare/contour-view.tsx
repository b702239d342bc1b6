import type { CustomSeriesOption } from "echarts/charts";
import { useMemo, useState } from "react";
import { readColourScale } from "../../charts/colour-scale.ts";
import { EChart } from "../../charts/echart.tsx";
import { baseOption, type ChartOption, readLook, tooltip } from "../../charts/echarts.ts";
import { EmptyState } from "../../parts/states.tsx";
import { useTheme } from "../../parts/theme.ts";
import type { ComparedRun } from "./compared-run.ts";
import { interpolate, regionAbove } from "./contour.ts";
import { type Field, placeOf, readField } from "./fields.ts";
import {
  AxisPicker,
  ColourLegend,
  missingNote,
  PlotLayout,
  type PlotProps,
  PlottedRuns,
  useScales,
} from "./plot-parts.tsx";
import { type ChosenEnds, drawnRuns, plane, pointText } from "./scatter-view.tsx";

const GRID_COLUMNS = 64;
const GRID_ROWS = 40;
const LEVELS = 12;
const FEWEST_RUNS = 3;
/** How far the surface extends beyond the runs, so that no run is at its edge. */
const ROOM = 0.04;

/** A metric as a surface over two numbers, estimated between the runs. */
export function ContourView({ runs, choice, search, change, openRun }: PlotProps) {
  const theme = useTheme();
  const [pointed, setPointed] = useState<number>();
  const scales = useScales(search);
  const { xEnds, yEnds } = search;
  const numeric = useMemo(() => choice.all.filter((name) => readField(runs, name).words === undefined), [choice, runs]);
  const differing = useMemo(
    () => [...choice.differingParams, ...choice.differingMetrics].filter((name) => numeric.includes(name)),
    [choice, numeric],
  );
  const zName = search.z ?? differing.find((name) => name.startsWith("metrics.")) ?? numeric.at(-1);
  const xName = search.x ?? differing.find((name) => name !== zName);
  const yName = search.y ?? differing.find((name) => name !== zName && name !== xName);
  const plot = useMemo(() => {
    if (!xName || !yName || !zName) return undefined;
    const x = readField(runs, xName, scales);
    const y = readField(runs, yName, scales);
    const z = readField(runs, zName, scales);
    const drawn = drawnRuns(runs, x, y).filter((run) => placeOf(z, run) !== undefined);
    return { x, y, z, drawn };
  }, [runs, scales, xName, yName, zName]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours that are read
  const option = useMemo(
    () => (plot ? contourOption(runs, plot, { x: xEnds, y: yEnds }) : undefined),
    [runs, plot, xEnds, yEnds, theme],
  );
  const picked = { options: numeric, search, change };
  const why = plot === undefined ? undefined : problemOf(plot);
  return (
    <PlotLayout
      controls={
        <>
          <AxisPicker label="X" axis="x" value={xName} field={plot?.x} {...picked} />
          <AxisPicker label="Y" axis="y" value={yName} field={plot?.y} {...picked} />
          <AxisPicker label="Z" axis="z" value={zName} field={plot?.z} {...picked} />
          {plot !== undefined && <ColourLegend field={plot.z} />}
        </>
      }
      chart={
        plot === undefined || option === undefined || why !== undefined ? (
          <EmptyState title="No surface to draw">
            {why ?? "A contour needs three parameters or metrics that are numbers and differ."}
          </EmptyState>
        ) : (
          <EChart
            label={`${plot.z.name} over ${plot.x.name} and ${plot.y.name}`}
            option={option}
            onItem={(index) => openRun(runs[plot.drawn[index]!]!)}
            highlighted={pointed === undefined ? undefined : plot.drawn.indexOf(pointed)}
            className="size-full"
          />
        )
      }
      note={
        plot === undefined
          ? undefined
          : ["Between the runs the surface is an estimate.", missingNote(runs.length, plot.drawn.length, "numbers")]
              .filter(Boolean)
              .join(" ")
      }
      table={
        <PlottedRuns
          label="Runs in the drawing"
          runs={runs}
          shown={runs.map((_, index) => index)}
          fields={plot === undefined ? [] : [plot.x, plot.y, plot.z]}
          onPoint={setPointed}
        />
      }
    />
  );
}

interface ContourPlot {
  x: Field;
  y: Field;
  z: Field;
  drawn: readonly number[];
}

/** Why there is no surface, as a text for readers. */
function problemOf({ x, y, z, drawn }: ContourPlot): string | undefined {
  const words = [x, y, z].find((field) => field.words !== undefined);
  if (words !== undefined) return `${words.name} has values that are no numbers.`;
  if (drawn.length < FEWEST_RUNS) return `At least ${FEWEST_RUNS} runs must have all three values; ${drawn.length} do.`;
  const flat = [x, y].find((field) => new Set(drawn.map((run) => field.values[run])).size < 2);
  return flat === undefined ? undefined : `${flat.name} is the same in all runs.`;
}

/** From an axis' places to 0…1 and back, evenly as the axis is drawn. @param room beyond the places, of their span. */
function unitOf(field: Field, drawn: readonly number[], room = 0) {
  const bend = field.isLog ? Math.log : (place: number): number => place;
  const places = drawn.map((run) => bend(placeOf(field, run)!));
  const inner = Math.max(...places) - Math.min(...places) || 1;
  const least = Math.min(...places) - room * inner;
  const span = inner * (1 + 2 * room);
  return {
    to: (place: number): number => (bend(place) - least) / span,
    from: (unit: number): number => (field.isLog ? Math.exp(least + unit * span) : least + unit * span),
  };
}

type Point = Readonly<Record<"x" | "y" | "z", number>>;

const placeKey = ({ x, y }: Point): string => `${x} ${y}`;

/** Runs at one place hide one another, so each has the colour of their mean, like the surface there. */
function meansByPlace(points: readonly Point[]): ReadonlyMap<string, number> {
  const places = [...Map.groupBy(points, placeKey)];
  return new Map(places.map(([key, at]) => [key, at.reduce((sum, { z }) => sum + z, 0) / at.length]));
}

function contourOption(runs: readonly ComparedRun[], plot: ContourPlot, chosen: ChosenEnds): ChartOption | undefined {
  if (problemOf(plot) !== undefined) return undefined;
  const { x, y, z, drawn } = plot;
  const look = readLook();
  const scale = readColourScale();
  const [ux, uy, uz] = [unitOf(x, drawn, ROOM), unitOf(y, drawn, ROOM), unitOf(z, drawn)];
  const points = drawn.map((run) => ({
    x: ux.to(placeOf(x, run)!),
    y: uy.to(placeOf(y, run)!),
    z: uz.to(placeOf(z, run)!),
  }));
  const means = meansByPlace(points);
  const grid = interpolate(points, GRID_COLUMNS, GRID_ROWS);
  const regions = Array.from({ length: LEVELS }, (_, level) =>
    regionAbove(grid, level === 0 ? Number.NEGATIVE_INFINITY : level / LEVELS),
  );
  // Each region is painted over the one below it, so that no gaps show between neighbours.
  const renderItem: NonNullable<CustomSeriesOption["renderItem"]> = ({ dataIndex }, api) => {
    const pathData = regions[dataIndex]!.map((polygon) => {
      const corners = polygon.map(([unitX, unitY]) => api.coord([ux.from(unitX), uy.from(unitY)]));
      return `M${corners.map(([left = 0, top = 0]) => `${left.toFixed(1)} ${top.toFixed(1)}`).join("L")}Z`;
    });
    return {
      type: "path",
      shape: { pathData: pathData.join("") },
      style: { fill: scale((dataIndex + 0.5) / LEVELS) },
      silent: true,
    };
  };
  return {
    ...baseOption(look),
    ...plane(look, x, y, {
      usual: { x: [ux.from(0), ux.from(1)], y: [uy.from(0), uy.from(1)] },
      chosen,
    }),
    tooltip: tooltip(look, ({ dataIndex }) => pointText(runs, drawn[dataIndex], [x, y, z])),
    series: [
      {
        id: "surface",
        type: "custom",
        renderItem,
        data: regions.map(() => [ux.from(0), uy.from(0)]),
        silent: true,
        clip: true,
        z: 1,
      },
      {
        id: "runs",
        type: "scatter",
        symbolSize: 9,
        z: 2,
        data: drawn.map((run, index) => ({
          value: [placeOf(x, run)!, placeOf(y, run)!],
          itemStyle: { color: scale(means.get(placeKey(points[index]!))!), borderColor: look.page, borderWidth: 1.5 },
        })),
        emphasis: { scale: 1.5, itemStyle: { borderColor: look.ink, borderWidth: 1.5 } },
      },
    ],
  };
}
