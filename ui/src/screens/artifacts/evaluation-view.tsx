import { type CSSProperties, useMemo, useState } from "react";
import { EChart } from "../../charts/echart.tsx";
import { axisOption, baseOption, type ChartOption, plainText, readLook, tooltip } from "../../charts/echarts.ts";
import { RUN_COLOURS } from "../../charts/run-colour.ts";
import { formatCount, formatMetric } from "../../parts/format.ts";
import { Select } from "../../parts/select.tsx";
import { useTheme } from "../../parts/theme.ts";
import type { ClassCounts, CurveLine, EvaluationTable } from "./evaluation-tables.ts";

const MATRIX_NOTE = "Rows are actual classes, and columns predicted classes. Shares are of the row.";

/** Of more classes, the reader chooses one. */
const MAX_SHOWN_CLASSES = 12;

/** Draws a table of a classifier's evaluation. */
export default function EvaluationView({ table }: { table: EvaluationTable }) {
  switch (table.kind) {
    case "classes":
      return <ClassesView classes={table.classes} />;
    case "matrix":
      return (
        <div className="flex flex-col gap-2 overflow-auto p-4">
          <p className="text-ink-muted text-sm">{MATRIX_NOTE}</p>
          <Matrix name="Confusion matrix" labels={table.labels} rows={table.rows} />
        </div>
      );
    default:
      return <CurvesView kind={table.kind} lines={table.lines} />;
  }
}

function ClassesView({ classes }: { classes: readonly ClassCounts[] }) {
  const [chosen, setChosen] = useState(classes[0]!.name);
  const theme = useTheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours that are read
  const option = useMemo(() => scoresOption(classes), [classes, theme]);
  const isFew = classes.length <= MAX_SHOWN_CLASSES;
  const shown = isFew ? classes : [classes.find(({ name }) => name === chosen) ?? classes[0]!];
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-auto p-4">
      <section aria-label="Each class against the others" className="flex flex-col gap-2">
        {!isFew && (
          <Select
            label="Class"
            value={shown[0]!.name}
            onValueChange={setChosen}
            options={classes.map(({ name }) => ({ value: name, label: name }))}
            className="self-start"
          />
        )}
        <p className="text-ink-muted text-sm">{MATRIX_NOTE}</p>
        <div className="flex flex-wrap gap-x-8 gap-y-4">
          {shown.map((one) => (
            <Matrix
              key={one.name}
              name={`Confusion matrix of ${one.name}`}
              labels={[`not ${one.name}`, one.name]}
              rows={[
                [one.trueNegatives, one.falsePositives],
                [one.falseNegatives, one.truePositives],
              ]}
            />
          ))}
        </div>
      </section>
      {Object.keys(classes[0]!.scores).length > 0 && (
        <section aria-label="Scores by class" className="flex max-w-[960px] flex-col gap-2">
          <Legend lines={Object.keys(classes[0]!.scores).map((name) => ({ name }))} />
          <EChart label="Scores by class" option={option} className="h-80 w-full" />
        </section>
      )}
    </div>
  );
}

interface MatrixProps {
  name: string;
  labels: readonly string[];
  /** `rows[actual][predicted]` */
  rows: readonly (readonly number[])[];
}

/** A confusion matrix. Each cell is as strong as its share of the actual class. */
function Matrix({ name, labels, rows }: MatrixProps) {
  return (
    <table aria-label={name} className="self-start border-collapse text-center">
      <thead>
        <tr>
          <td aria-hidden />
          {labels.map((label) => (
            <th key={label} scope="col" className="max-w-32 truncate px-3 py-1 font-medium" title={label}>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, actual) => {
          const sum = row.reduce((a, b) => a + b, 0);
          return (
            <tr key={labels[actual]}>
              <th scope="row" className="max-w-40 truncate px-3 py-1 text-right font-medium" title={labels[actual]}>
                {labels[actual]}
              </th>
              {row.map((value, predicted) => (
                <Cell key={labels[predicted]} value={value} share={sum === 0 ? 0 : value / sum} />
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** The colour stays so faint that text on it is readable in both themes. */
const STRONGEST_PERCENT = 35;

function Cell({ value, share }: { value: number; share: number }) {
  const style: CSSProperties = {
    backgroundColor: `color-mix(in srgb, var(--color-accent) ${Math.round(share * STRONGEST_PERCENT)}%, var(--color-page))`,
  };
  const isCount = Number.isInteger(value);
  return (
    <td style={style} className="min-w-20 border border-line px-3 py-2" title={String(value)}>
      <span className="block">{isCount ? formatCount(value) : formatMetric(value, 4)}</span>
      {isCount && <span className="block text-sm">{formatMetric(share * 100, 3)} %</span>}
    </td>
  );
}

function scoresOption(classes: readonly ClassCounts[]): ChartOption {
  const look = readLook();
  const scores = Object.keys(classes[0]!.scores);
  return {
    ...baseOption(look),
    grid: { left: 24, right: 32, top: 32, bottom: 24, containLabel: true },
    xAxis: axisOption(look, { words: classes.map(({ name }) => name), isLog: false }),
    yAxis: { ...axisOption(look, { words: undefined, isLog: false }), min: 0, max: 1 },
    tooltip: tooltip(look),
    series: scores.map((score, index) => ({
      ...{ type: "bar", id: score, name: plainText(score) },
      data: classes.map((one) => one.scores[score] ?? null),
      itemStyle: { color: colourAt(index) },
    })),
  };
}

const TITLES = { roc: "ROC curve", pr: "Precision-recall curve" } as const;
const AXES = {
  roc: ["False positive rate", "True positive rate"],
  pr: ["Recall", "Precision"],
} as const;

function CurvesView({ kind, lines }: { kind: "roc" | "pr"; lines: readonly CurveLine[] }) {
  const theme = useTheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours that are read
  const option = useMemo(() => curvesOption(kind, lines), [kind, lines, theme]);
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-2 overflow-auto p-4">
      <Legend lines={lines.map(({ name, area }) => ({ name, note: `area ${formatMetric(area, 4)}` }))} />
      <EChart label={TITLES[kind]} option={option} className="aspect-square w-full max-w-[560px]" />
    </div>
  );
}

const colourAt = (index: number): string => RUN_COLOURS[index % RUN_COLOURS.length]!;

function Legend({ lines }: { lines: readonly { readonly name: string; readonly note?: string }[] }) {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1">
      {lines.map(({ name, note }, index) => (
        <li key={name} className="flex items-center gap-1.5">
          <span aria-hidden className="size-2.5 rounded-full" style={{ backgroundColor: colourAt(index) }} />
          {name}
          {note !== undefined && <span className="text-ink-muted">{note}</span>}
        </li>
      ))}
    </ul>
  );
}

function curvesOption(kind: "roc" | "pr", lines: readonly CurveLine[]): ChartOption {
  const look = readLook();
  const [x, y] = AXES[kind];
  const axis = (name: string, nameGap: number) => ({
    ...axisOption(look, { words: undefined, isLog: false }),
    ...{ name, nameLocation: "middle", nameGap, min: 0, max: 1 },
  });
  const chance = {
    id: "chance",
    type: "line",
    symbol: "none",
    silent: true,
    data: [
      [0, 0],
      [1, 1],
    ],
  };
  return {
    ...baseOption(look),
    grid: { left: 24, right: 32, top: 32, bottom: 24, containLabel: true },
    xAxis: axis(x, 30),
    yAxis: axis(y, 40),
    tooltip: tooltip(look),
    series: [
      ...(kind === "roc" ? [{ ...chance, lineStyle: { color: look.lineStrong, type: "dashed", width: 1 } }] : []),
      ...lines.map(({ name, points }, index) => ({
        ...{ id: `line ${index}`, type: "line", name: plainText(name), data: points, showSymbol: false },
        lineStyle: { color: colourAt(index), width: 2 },
        itemStyle: { color: colourAt(index) },
      })),
    ],
  };
}
