import type { CustomSeriesOption } from "echarts/charts";
import { useMemo } from "react";
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
import type { RunStyle } from "../../charts/run-colour.ts";
import { useNow } from "../../parts/clock.ts";
import { formatCount, formatDuration, formatTime } from "../../parts/format.ts";
import { EmptyState } from "../../parts/states.tsx";
import { useTheme } from "../../parts/theme.ts";
import type { ComparedRun } from "./compared-run.ts";
import type { Field } from "./fields.ts";
import { PlotLayout, type PlotProps, PlottedRuns, useLooks } from "./plot-parts.tsx";

/** Bars of more runs are too thin to distinguish. */
const MAX_DRAWN = 300;

/** When the runs began, and how long they took, for the table below the drawing. */
function timeFields(runs: readonly ComparedRun[], nowMs: number): Field[] {
  const field = (name: string, read: (run: ComparedRun) => string | undefined): Field => ({
    ...{ name, values: runs.map(read), isLog: false },
    words: undefined,
  });
  return [
    field("Started", ({ startMs }) => (startMs === undefined ? undefined : formatTime(startMs))),
    field("Duration", (run) =>
      run.startMs === undefined ? undefined : formatDuration(endOf(run, nowMs) - run.startMs),
    ),
  ];
}

/** The start and the end of each run, which show waiting and idle times. */
export function GanttView({ runs, openRun }: PlotProps) {
  const theme = useTheme();
  const nowMs = useNow();
  const order = useMemo(
    () =>
      runs
        .flatMap(({ startMs }, run) => (startMs === undefined ? [] : [run]))
        .sort((a, b) => runs[b]!.startMs! - runs[a]!.startMs!)
        .slice(0, MAX_DRAWN)
        .reverse(),
    [runs],
  );
  const drawn = useMemo(() => order.map((run) => runs[run]!), [order, runs]);
  const styles = useLooks(drawn);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours that are read
  const option = useMemo(() => ganttOption(drawn, styles, nowMs), [drawn, styles, nowMs, theme]);
  const fields = useMemo(() => timeFields(runs, nowMs), [runs, nowMs]);
  const span = drawn.reduce((sum, run) => sum + endOf(run, nowMs) - run.startMs!, 0);
  return (
    <PlotLayout
      controls={
        <span role="status" className="text-ink-muted">
          {formatCount(drawn.length)} runs, {formatDuration(span)} in total
        </span>
      }
      chart={
        drawn.length === 0 ? (
          <EmptyState title="Nothing to draw">No run says when it began.</EmptyState>
        ) : (
          <EChart
            label="Runs over time"
            option={option}
            onItem={(index) => openRun(drawn[index]!)}
            className="size-full"
          />
        )
      }
      note={
        drawn.length < runs.length
          ? `The latest ${drawn.length} of ${formatCount(runs.length)} runs are drawn.`
          : undefined
      }
      table={<PlottedRuns label="Runs in the drawing" runs={runs} shown={order} fields={fields} />}
    />
  );
}

/** A live run ends now. */
function endOf({ startMs = 0, endMs, status }: ComparedRun, nowMs: number): number {
  return Math.max(startMs, endMs ?? (status === "RUNNING" ? nowMs : startMs));
}

const LEAST_PX = 2;
const THICKEST_PX = 18;

function ganttOption(drawn: readonly ComparedRun[], styles: ReadonlyMap<string, RunStyle>, nowMs: number): ChartOption {
  const look = readLook();
  const bar: NonNullable<CustomSeriesOption["renderItem"]> = ({ dataIndex }, api) => {
    const run = drawn[dataIndex]!;
    const [from = 0, y = 0] = api.coord([run.startMs!, dataIndex]);
    const [to = 0] = api.coord([endOf(run, nowMs), dataIndex]);
    const [, step = 0] = api.size!([0, 1]) as number[];
    const height = Math.max(1, Math.min(THICKEST_PX, step * 0.7));
    const isFailed = run.status === "FAILED" || run.status === "KILLED";
    return {
      type: "rect",
      shape: { x: from, y: y - height / 2, width: Math.max(LEAST_PX, to - from), height, r: 2 },
      style: {
        fill: styles.get(run.id)?.colour ?? look.accent,
        opacity: isFailed ? 0.35 : 0.9,
        ...(isFailed && { stroke: look.ink, lineWidth: 1 }),
      },
    };
  };
  return {
    ...baseOption(look),
    grid: { left: 16, right: 32, top: 36, bottom: 24, containLabel: true },
    xAxis: timeAxisOption(look),
    yAxis: { ...axisOption(look, { words: drawn.map(({ name }) => name), isLog: false }), inverse: true },
    tooltip: tooltip(look, ({ dataIndex }) => {
      const run = drawn[dataIndex];
      if (run === undefined) return "";
      const status = `${run.status.charAt(0)}${run.status.slice(1).toLowerCase()}`;
      const end = endOf(run, nowMs);
      return [
        plainText(run.name),
        `${status}, ${formatDuration(end - run.startMs!)}`,
        `${formatTime(run.startMs!)} – ${formatTime(end)}`,
      ].join("\n");
    }),
    series: [
      {
        ...{ id: "runs", type: "custom", renderItem: bar, clip: true },
        encode: { x: [0, 1], y: 2 },
        data: drawn.map((run, index) => [run.startMs!, endOf(run, nowMs), index]),
      },
    ],
  };
}
