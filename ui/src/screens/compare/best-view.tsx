import { useMemo } from "react";
import type { Ends } from "../../charts/axes.ts";
import { EChart } from "../../charts/echart.tsx";
import {
  axisOption,
  baseOption,
  type ChartOption,
  plainText,
  readLook,
  timeAxisOption,
  tooltip,
} from "../../charts/echarts.ts";
import { formatCount, formatTime } from "../../parts/format.ts";
import { EmptyState } from "../../parts/states.tsx";
import { useTheme } from "../../parts/theme.ts";
import { isLessBetter } from "../runs/run-columns.ts";
import type { ComparedRun } from "./compared-run.ts";
import { type Field, placeOf, readField } from "./fields.ts";
import {
  AxisPicker,
  BestSwitch,
  missingNote,
  PlotLayout,
  type PlotProps,
  PlottedRuns,
  useScales,
} from "./plot-parts.tsx";
import { chosenEnds, pointText } from "./scatter-view.tsx";

/** Every run by its start, and the best result until then: the progress of a search. */
export function BestView({ runs, choice, search, change, openRun }: PlotProps) {
  const theme = useTheme();
  const scales = useScales(search);
  const { yEnds } = search;
  const name = search.y ?? choice.differingMetrics[0] ?? choice.metrics[0];
  const isLess = search.best === undefined ? isLessBetter(name ?? "") : search.best === "least";
  const field = useMemo(() => (name === undefined ? undefined : readField(runs, name, scales)), [runs, name, scales]);
  const order = useMemo(() => (field === undefined ? [] : byStart(runs, field)), [runs, field]);
  const bests = useMemo(() => (field === undefined ? [] : bestSoFar(order, field, isLess)), [order, field, isLess]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours that are read
  const option = useMemo(
    () => field && bestOption({ runs, field, order, bests, yEnds }),
    [runs, field, order, bests, yEnds, theme],
  );
  if (field === undefined || option === undefined) {
    return <EmptyState title="Nothing to draw">These runs have no metric.</EmptyState>;
  }
  return (
    <PlotLayout
      controls={
        <>
          <AxisPicker label="Metric" axis="y" value={name} options={choice.all} {...{ field, search, change }} />
          <BestSwitch {...{ isLess, change }} />
          <span role="status" className="text-ink-muted">
            {formatCount(bests.length)} times the best so far
          </span>
        </>
      }
      chart={
        order.length === 0 ? (
          <EmptyState title="Nothing to draw">No run has a start and a number for {field.name}.</EmptyState>
        ) : (
          <EChart
            label={`Best ${field.name} so far`}
            option={option}
            onItem={(index) => openRun(runs[order[index]!]!)}
            className="size-full"
          />
        )
      }
      note={missingNote(runs.length, order.length, field.name)}
      table={<PlottedRuns label="Runs that were the best so far" runs={runs} shown={bests} fields={[field]} />}
    />
  );
}

/** Indexes of the runs that can be drawn, by when they began. */
function byStart(runs: readonly ComparedRun[], field: Field): number[] {
  if (field.words !== undefined) return [];
  return runs
    .flatMap(({ startMs }, run) => (startMs === undefined || placeOf(field, run) === undefined ? [] : [run]))
    .sort((a, b) => runs[a]!.startMs! - runs[b]!.startMs!);
}

/** The runs that were better than all earlier runs. @param order indexes of runs by their start */
export function bestSoFar(order: readonly number[], field: Field, isLess: boolean): number[] {
  let best = isLess ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  return order.filter((run) => {
    const value = placeOf(field, run)!;
    if (isLess ? value >= best : value <= best) return false;
    best = value;
    return true;
  });
}

interface Drawn {
  runs: readonly ComparedRun[];
  field: Field;
  order: readonly number[];
  bests: readonly number[];
  yEnds: Ends | undefined;
}

function bestOption({ runs, field, order, bests, yEnds }: Drawn): ChartOption {
  const look = readLook();
  const point = (run: number): [number, number] => [runs[run]!.startMs!, placeOf(field, run)!];
  const last = order.at(-1);
  const end = last === undefined || bests.length === 0 ? [] : [[runs[last]!.startMs!, placeOf(field, bests.at(-1)!)!]];
  return {
    ...baseOption(look),
    grid: { left: 24, right: 48, top: 40, bottom: 40, containLabel: true },
    xAxis: { ...timeAxisOption(look), name: "Start of the run", nameLocation: "middle", nameGap: 30 },
    yAxis: {
      ...axisOption(look, field),
      ...{ scale: true, name: plainText(field.name), ...chosenEnds(field, yEnds) },
      nameTextStyle: { color: look.muted, fontSize: 12, align: "left" },
    },
    tooltip: tooltip(look, ({ seriesId, dataIndex }) => {
      const run = seriesId === "runs" ? order[dataIndex] : bests[dataIndex];
      return run === undefined ? "" : `${pointText(runs, run, [field])}\n${formatTime(runs[run]!.startMs!)}`;
    }),
    series: [
      {
        ...{ id: "runs", type: "scatter", symbolSize: order.length > 500 ? 4 : 7 },
        data: order.map(point),
        itemStyle: { color: look.lineStrong, opacity: 0.7 },
      },
      {
        ...{ id: "best", type: "line", step: "end", symbolSize: 8, z: 3 },
        data: [...bests.map(point), ...end],
        lineStyle: { color: look.accent, width: 2 },
        itemStyle: { color: look.accent },
      },
    ],
  };
}
