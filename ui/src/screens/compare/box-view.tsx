import type { CustomSeriesOption } from "echarts/charts";
import { useMemo, useState } from "react";
import type { Ends } from "../../charts/axes.ts";
import { EChart } from "../../charts/echart.tsx";
import { baseOption, type ChartOption, type Look, readLook, tooltip } from "../../charts/echarts.ts";
import { runStyle, SYMBOLS } from "../../charts/run-colour.ts";
import { formatMetric } from "../../parts/format.ts";
import { EmptyState } from "../../parts/states.tsx";
import { useTheme } from "../../parts/theme.ts";
import { Metric } from "../../parts/values.tsx";
import { type Box, boxes, grouping } from "./box.ts";
import type { ComparedRun } from "./compared-run.ts";
import { type Field, type FieldChoice, placeOf, readField } from "./fields.ts";
import { AxisPicker, missingNote, PlotLayout, type PlotProps, PlottedRuns, useScales } from "./plot-parts.tsx";
import { plane, pointText } from "./scatter-view.tsx";

/** How a metric is spread in groups of runs. */
export function BoxView({ runs, choice, search, change, openRun }: PlotProps) {
  const theme = useTheme();
  const [pointed, setPointed] = useState<number>();
  const scales = useScales(search);
  const { yEnds } = search;
  const yName = search.y ?? choice.differingMetrics[0] ?? choice.metrics[0];
  const byName = search.by ?? defaultGroup(runs, choice);
  const plot = useMemo(() => {
    if (yName === undefined || byName === undefined) return undefined;
    const y = readField(runs, yName, scales);
    const by = readField(runs, byName);
    const { groupOf, groups } = grouping(by.values);
    return { y, by, boxes: y.words === undefined ? boxes(y, groupOf, groups) : [] };
  }, [runs, scales, yName, byName]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours that are read
  const drawing = useMemo(() => plot && boxOption(runs, plot, yEnds), [runs, plot, yEnds, theme]);
  if (plot === undefined || drawing === undefined) {
    return <EmptyState title="Nothing to draw">Boxes need a metric, and a parameter to group the runs by.</EmptyState>;
  }
  const { y, by } = plot;
  const { option, drawn } = drawing;
  const groupable = [...choice.params, ...choice.metrics];
  return (
    <PlotLayout
      controls={
        <>
          <AxisPicker label="Value" axis="y" value={yName} options={choice.all} field={y} {...{ search, change }} />
          <AxisPicker label="Grouped by" axis="by" value={byName} options={groupable} {...{ search, change }} />
        </>
      }
      chart={
        plot.boxes.length === 0 ? (
          <EmptyState title="Nothing to draw">
            {y.words === undefined ? `No run has a number for ${y.name}.` : `${y.name} has values that are no numbers.`}
          </EmptyState>
        ) : (
          <EChart
            label={`${y.name} by ${by.name}`}
            option={option}
            onItem={(index) => openRun(runs[drawn[index]!]!)}
            highlighted={pointed === undefined ? undefined : drawn.indexOf(pointed)}
            className="size-full"
          />
        )
      }
      note={missingNote(runs.length, drawn.length, y.name)}
      table={
        <div className="flex h-full flex-col overflow-auto">
          <GroupTable boxes={plot.boxes} by={by.name} value={y.name} />
          <PlottedRuns
            label="Runs in the drawing"
            runs={runs}
            shown={runs.map((_, index) => index)}
            fields={[by, y]}
            onPoint={setPointed}
          />
        </div>
      }
    />
  );
}

/** The first parameter that makes groups: more than one, and of more than one run. */
function defaultGroup(runs: readonly ComparedRun[], { differingParams, params }: FieldChoice): string | undefined {
  const makesGroups = (name: string): boolean =>
    new Set(grouping(readField(runs, name).values).groupOf).size <= runs.length / 2;
  return differingParams.find(makesGroups) ?? differingParams[0] ?? params[0];
}

interface BoxPlot {
  y: Field;
  by: Field;
  boxes: readonly Box[];
}

/** Spreads points sideways, because runs with equal values would hide each other. */
const SPREAD_PX = [0, -8, 8, -16, 16, -24, 24];
const WIDEST_PX = 90;
const NARROWEST_PX = 12;

function boxOption(runs: readonly ComparedRun[], { y, by, boxes: all }: BoxPlot, yEnds: Ends | undefined) {
  const look = readLook();
  const members = all.flatMap((box, group) => box.runs.map((run, index) => ({ run, group, index })));
  const drawn = members.map(({ run }) => run);
  const groups: Field = { name: by.name, values: [], words: all.map(({ group }) => group), isLog: false };
  const option: ChartOption = {
    ...baseOption(look),
    ...plane(look, groups, y, { chosen: { y: yEnds } }),
    tooltip: tooltip(look, ({ seriesId, dataIndex }) => {
      const box = seriesId === "boxes" ? all[dataIndex] : undefined;
      if (box === undefined) return pointText(runs, drawn[dataIndex], [by, y]);
      return BOX_PARTS.map(([name, part]) => `${name}  ${formatMetric(box[part])}`).join("\n");
    }),
    series: [
      {
        id: "boxes",
        type: "custom",
        clip: true,
        renderItem: boxDrawer(look, all),
        data: all.map((_, group) => [group]),
        z: 1,
      },
      {
        id: "runs",
        type: "scatter",
        symbolSize: 8,
        z: 2,
        data: members.map(({ run, group, index }) => ({
          value: [group, placeOf(y, run)!],
          symbolOffset: [SPREAD_PX[index % SPREAD_PX.length]!, 0],
          symbol: SYMBOLS[runStyle(runs[run]!.id).variant],
          itemStyle: { color: runStyle(runs[run]!.id).colour, borderColor: look.page, borderWidth: 1 },
        })),
        emphasis: { scale: 1.5, itemStyle: { borderColor: look.ink, borderWidth: 1.5 } },
      },
    ],
  };
  return { option, drawn };
}

/** A box with its whiskers; the median is the line that counts. */
function boxDrawer(look: Look, all: readonly Box[]): NonNullable<CustomSeriesOption["renderItem"]> {
  return ({ dataIndex }, api) => {
    const { low, q1, median, q3, high } = all[dataIndex]!;
    const [groupPx = 0] = api.size!([1, 0]) as number[];
    const half = Math.min(WIDEST_PX, Math.max(NARROWEST_PX, groupPx * 0.5)) / 2;
    const at = (value: number): { x: number; y: number } => {
      const [x = 0, y = 0] = api.coord([dataIndex, value]);
      return { x, y };
    };
    const line = (value: number, reach: number, to = value, style: object = { stroke: look.muted, lineWidth: 1 }) => ({
      type: "line" as const,
      shape: { x1: at(value).x - reach, y1: at(value).y, x2: at(to).x + reach, y2: at(to).y },
      style,
    });
    const [top, bottom] = [at(q3), at(q1)];
    return {
      type: "group",
      children: [
        line(low, 0, q1),
        line(q3, 0, high),
        line(low, half / 2),
        line(high, half / 2),
        {
          type: "rect" as const,
          shape: { x: top.x - half, y: top.y, width: 2 * half, height: bottom.y - top.y },
          style: { fill: look.surface, stroke: look.muted, lineWidth: 1 },
        },
        line(median, half, median, { stroke: look.ink, lineWidth: 2.5 }),
      ],
    };
  };
}

const BOX_PARTS = [
  ["Upper whisker", "high"],
  ["Upper quartile", "q3"],
  ["Median", "median"],
  ["Lower quartile", "q1"],
  ["Lower whisker", "low"],
] as const;

function GroupTable({ boxes: all, by, value }: { boxes: readonly Box[]; by: string; value: string }) {
  return (
    <table className="mb-2 w-max shrink-0 border-collapse" aria-label={`${value} by ${by}`}>
      <thead>
        <tr className="h-row text-left text-ink-muted text-sm">
          <th scope="col" className="max-w-60 truncate px-3 font-medium wide:px-4">
            {by}
          </th>
          <th scope="col" className="px-3 text-right font-medium">
            Runs
          </th>
          {BOX_PARTS.toReversed().map(([name]) => (
            <th key={name} scope="col" className="px-3 text-right font-medium">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {all.map((box) => (
          <tr key={box.group} className="h-row border-line border-t">
            <th scope="row" title={box.group} className="max-w-60 truncate px-3 text-left font-normal wide:px-4">
              {box.group}
            </th>
            <td className="px-3 text-right">{box.runs.length}</td>
            {BOX_PARTS.toReversed().map(([name, part]) => (
              <td key={name} className="px-3 text-right">
                <Metric value={box[part]} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
