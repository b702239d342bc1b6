import { useMemo } from "react";
import type { Ends } from "../../charts/axes.ts";
import { EChart } from "../../charts/echart.tsx";
import { axisOption, baseOption, type ChartOption, plainText, readLook, tooltip } from "../../charts/echarts.ts";
import type { RunStyle } from "../../charts/run-colour.ts";
import { formatCount } from "../../parts/format.ts";
import { EmptyState } from "../../parts/states.tsx";
import { useTheme } from "../../parts/theme.ts";
import { isLessBetter } from "../runs/run-columns.ts";
import type { ComparedRun } from "./compared-run.ts";
import { type Field, placeOf, readField } from "./fields.ts";
import { AxisPicker, PlotLayout, type PlotProps, PlottedRuns, useLooks, useScales } from "./plot-parts.tsx";
import { chosenEnds, pointText } from "./scatter-view.tsx";

/** More bars are too thin to distinguish. */
const MAX_BARS = 60;

/** A field of each run as a bar, the best first. */
export function BarView({ runs, choice, search, change, openRun }: PlotProps) {
  const theme = useTheme();
  const scales = useScales(search);
  const { yEnds } = search;
  const name = search.y ?? choice.differingMetrics[0] ?? choice.metrics[0];
  const field = useMemo(() => (name === undefined ? undefined : readField(runs, name, scales)), [runs, name, scales]);
  const ranked = useMemo(() => (field === undefined ? [] : ranking(runs, field)), [runs, field]);
  const drawn = useMemo(() => ranked.slice(0, MAX_BARS), [ranked]);
  const bars = useMemo(() => drawn.map((run) => runs[run]!), [drawn, runs]);
  const styles = useLooks(bars);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours that are read
  const option = useMemo(
    () => field && barOption({ runs, field, drawn, styles, yEnds }),
    [runs, field, drawn, styles, yEnds, theme],
  );
  if (field === undefined || option === undefined) {
    return <EmptyState title="Nothing to draw">These runs have no metric.</EmptyState>;
  }
  return (
    <PlotLayout
      controls={<AxisPicker label="Value" axis="y" value={name} options={choice.all} {...{ field, search, change }} />}
      chart={
        drawn.length === 0 ? (
          <EmptyState title="Nothing to draw">No run has a number for {field.name}.</EmptyState>
        ) : (
          <EChart
            label={`${field.name} by run`}
            option={option}
            onItem={(index) => openRun(runs[drawn[index]!]!)}
            className="size-full"
          />
        )
      }
      note={
        ranked.length > MAX_BARS ? `The best ${MAX_BARS} of ${formatCount(ranked.length)} runs are drawn.` : undefined
      }
      table={<PlottedRuns label="Runs in the drawing" runs={runs} shown={ranked} fields={[field]} />}
    />
  );
}

/** Indexes of the runs with a number that can be drawn, the best first. */
function ranking(runs: readonly ComparedRun[], field: Field): number[] {
  if (field.words !== undefined) return [];
  const sign = isLessBetter(field.name) ? 1 : -1;
  return runs
    .flatMap((_, run) => (placeOf(field, run) === undefined ? [] : [run]))
    .sort((a, b) => sign * (placeOf(field, a)! - placeOf(field, b)!));
}

interface Bars {
  runs: readonly ComparedRun[];
  field: Field;
  drawn: readonly number[];
  styles: ReadonlyMap<string, RunStyle>;
  yEnds: Ends | undefined;
}

function barOption({ runs, field, drawn, styles, yEnds }: Bars): ChartOption {
  const look = readLook();
  const names: Field = { name: "Run", values: [], words: drawn.map((run) => runs[run]!.name), isLog: false };
  return {
    ...baseOption(look),
    grid: { left: 24, right: 32, top: 32, bottom: 24, containLabel: true },
    xAxis: axisOption(look, names),
    yAxis: {
      // A bar tells its value by its length, which begins at 0 unless the reader chose another end.
      ...{ ...axisOption(look, field), scale: false, ...chosenEnds(field, yEnds) },
      name: plainText(field.name),
      nameTextStyle: { color: look.muted, align: "left" },
    },
    tooltip: tooltip(look, ({ dataIndex }) => pointText(runs, drawn[dataIndex], [field])),
    series: [
      {
        ...{ id: "runs", type: "bar", barMaxWidth: 48 },
        data: drawn.map((run) => ({
          value: placeOf(field, run)!,
          itemStyle: { color: styles.get(runs[run]!.id)?.colour ?? look.accent },
        })),
      },
    ],
  };
}
