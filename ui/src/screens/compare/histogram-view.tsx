import { useMemo } from "react";
import type { Ends } from "../../charts/axes.ts";
import { EChart } from "../../charts/echart.tsx";
import { axisOption, baseOption, type ChartOption, plainText, readLook, tooltip } from "../../charts/echarts.ts";
import { formatCount, formatMetric } from "../../parts/format.ts";
import { EmptyState } from "../../parts/states.tsx";
import { useTheme } from "../../parts/theme.ts";
import type { ComparedRun } from "./compared-run.ts";
import { type Field, readField } from "./fields.ts";
import { AxisPicker, missingNote, PlotLayout, type PlotProps, PlottedRuns, useScales } from "./plot-parts.tsx";
import { chosenEnds } from "./scatter-view.tsx";

/** How many runs have which values of one field. */
export function HistogramView({ runs, choice, search, change }: PlotProps) {
  const theme = useTheme();
  const scales = useScales(search);
  const name = search.y ?? choice.differingMetrics[0] ?? choice.metrics[0] ?? choice.all[0];
  const field = useMemo(() => (name === undefined ? undefined : readField(runs, name, scales)), [runs, name, scales]);
  const { xEnds, yEnds } = search;
  const bins = useMemo(() => (field === undefined ? [] : binsOf(field, xEnds)), [field, xEnds]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours that are read
  const option = useMemo(() => field && histogramOption(field, bins, yEnds), [field, bins, yEnds, theme]);
  if (field === undefined || option === undefined) {
    return <EmptyState title="Nothing to draw">These runs have no parameters and metrics.</EmptyState>;
  }
  const counted = bins.reduce((sum, { runs: count }) => sum + count, 0);
  return (
    <PlotLayout
      controls={<AxisPicker label="Value" axis="y" value={name} options={choice.all} {...{ field, search, change }} />}
      chart={
        bins.length === 0 ? (
          <EmptyState title="Nothing to draw">No run has a finite value of {field.name}.</EmptyState>
        ) : (
          <EChart label={`Histogram of ${field.name}`} option={option} className="size-full" />
        )
      }
      note={missingNote(runs.length, counted, field.name)}
      table={<PlottedRuns label="Runs in the drawing" runs={runs} shown={indexes(runs)} fields={[field]} />}
    />
  );
}

const indexes = (runs: readonly ComparedRun[]): number[] => runs.map((_, index) => index);

interface Bin {
  readonly label: string;
  readonly runs: number;
}

const MOST_BINS = 40;

/**
 * Ranges of equal width, or of equal ratio for a logarithmic field. Each word has a bin.
 * @param ends the values to show; the default is all
 */
export function binsOf(field: Field, ends?: Ends): Bin[] {
  const { values, words, isLog } = field;
  if (words !== undefined) {
    const counts = Map.groupBy(values, (value) => String(value ?? words.at(-1)));
    return words.map((word) => ({ label: word, runs: counts.get(word)?.length ?? 0 }));
  }
  const scale = (value: number): number => (isLog ? Math.log(value) : value);
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = chosenEnds(field, ends);
  const known = values.filter(
    (value) => typeof value === "number" && Number.isFinite(scale(value)) && value >= min && value <= max,
  ) as number[];
  if (known.length === 0) return [];
  const least = scale(Number.isFinite(min) ? min : known.reduce((a, b) => Math.min(a, b)));
  const span = scale(Number.isFinite(max) ? max : known.reduce((a, b) => Math.max(a, b))) - least;
  // Rice's rule.
  const count = span === 0 ? 1 : Math.min(MOST_BINS, Math.ceil(2 * known.length ** (1 / 3)));
  const runs = new Array<number>(count).fill(0);
  for (const value of known) {
    const bin = span === 0 ? 0 : Math.min(count - 1, Math.floor(((scale(value) - least) / span) * count));
    runs[bin]!++;
  }
  const edge = (bin: number): string => {
    const place = least + (span * bin) / count;
    return formatMetric(isLog ? Math.exp(place) : place, 3);
  };
  return runs.map((many, bin) => ({ label: span === 0 ? edge(0) : `${edge(bin)} to ${edge(bin + 1)}`, runs: many }));
}

function histogramOption(field: Field, bins: readonly Bin[], yEnds: Ends | undefined): ChartOption {
  const look = readLook();
  const counts: Field = { name: "Runs", values: [], words: undefined, isLog: false };
  const groups: Field = { name: field.name, values: [], words: bins.map(({ label }) => label), isLog: false };
  return {
    ...baseOption(look),
    grid: { left: 24, right: 32, top: 32, bottom: 40, containLabel: true },
    xAxis: { ...axisOption(look, groups), name: plainText(field.name), nameLocation: "middle", nameGap: 30 },
    yAxis: {
      ...axisOption(look, counts),
      ...{ name: counts.name, min: 0, minInterval: 1, ...chosenEnds(counts, yEnds) },
    },
    tooltip: tooltip(look, ({ dataIndex }) => {
      const bin = bins[dataIndex];
      return bin === undefined ? "" : `${plainText(bin.label)}\n${formatCount(bin.runs)} runs`;
    }),
    series: [
      {
        ...{ id: "bins", type: "bar", barCategoryGap: "6%" },
        data: bins.map(({ runs }) => runs),
        itemStyle: { color: look.accent },
      },
    ],
  };
}
