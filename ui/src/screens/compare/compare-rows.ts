import { isCounter } from "../../charts/chart-sections.ts";
import { formatDuration, formatExact, formatMetric, formatTime } from "../../parts/format.ts";
import { diffUrl } from "../../parts/git-links.ts";
import { isLessBetter } from "../runs/run-columns.ts";
import type { ComparedRun } from "./compared-run.ts";

export interface CompareCell {
  readonly text: string;
  /** Whole and exact. */
  readonly title: string;
  /** Of a metric that differs: from 0, the row's least, to 1, its greatest. */
  readonly share?: number | undefined;
  /** Another value than the baseline's. */
  readonly isOther: boolean;
  /** The best of a metric's values that differ, by the row's direction. */
  readonly isBest?: boolean;
  /** How far a metric is from the baseline's, and whether that is better. */
  readonly delta?: Delta | undefined;
  /** The address of the changes since the baseline's commit, if the host of the code has one. */
  readonly diffUrl?: string | undefined;
}

export interface Delta {
  readonly text: string;
  /** Undefined if no direction is better. */
  readonly isBetter: boolean | undefined;
}

/** Which values of a metric are better; undefined for a metric that only counts. */
export type Direction = "less" | "greater" | undefined;

export type CompareRow =
  | { readonly kind: "section"; readonly id: string; readonly label: string; readonly count: number }
  | {
      readonly kind: "values";
      readonly id: string;
      readonly label: string;
      readonly differs: boolean;
      readonly cells: readonly (CompareCell | undefined)[];
      /** Of a metric: its key, and which of its values are better. */
      readonly metric?: { readonly key: string; readonly direction: Direction };
    };

export type Stat = "last" | "min" | "max";

export interface RowChoice {
  readonly words: string;
  readonly isDifferingOnly: boolean;
  readonly stats: readonly Stat[];
  readonly experimentName: (experimentId: string) => string;
  /** Metrics whose direction the reader has reversed. */
  readonly turned: readonly string[];
  /** The place of the run that the others are compared with. */
  readonly baseline: number;
}

type ValueRow = Extract<CompareRow, { kind: "values" }>;

/** The table's rows by section. A section without rows is left out. */
export function compareRows(runs: readonly ComparedRun[], choice: RowChoice): CompareRow[] {
  const words = choice.words.toLowerCase().split(/\s+/).filter(Boolean);
  const isShown = ({ label, differs }: ValueRow): boolean =>
    (differs || !choice.isDifferingOnly) && words.every((word) => label.toLowerCase().includes(word));
  const { baseline } = choice;
  const sections: [string, ValueRow[]][] = [
    ["Run", attributeRows(runs, choice.experimentName)],
    ["Metrics", metricRows(runs, choice)],
    ["Parameters", textRows(runs, "params", baseline)],
    ["Datasets", datasetRows(runs, baseline)],
    ["Code", codeRows(runs, baseline)],
    ["Tags", textRows(runs, "tags", baseline)],
  ];
  return sections.flatMap(([label, all]): CompareRow[] => {
    const rows = all.filter(isShown);
    return rows.length === 0 ? [] : [{ kind: "section", id: label, label, count: rows.length }, ...rows];
  });
}

function keysOf(maps: readonly ReadonlyMap<string, unknown>[]): string[] {
  return [...new Set(maps.flatMap((map) => [...map.keys()]))].sort();
}

function textRow(
  id: string,
  label: string,
  values: readonly (string | undefined)[],
  baseline: number | undefined,
): ValueRow {
  return {
    kind: "values",
    id,
    label,
    differs: new Set(values).size > 1,
    cells: values.map((text) =>
      text === undefined
        ? undefined
        : { text, title: text, isOther: baseline !== undefined && text !== values[baseline] },
    ),
  };
}

function textRows(runs: readonly ComparedRun[], kind: "params" | "tags", baseline: number): ValueRow[] {
  return keysOf(runs.map((run) => run[kind])).map((key) =>
    textRow(
      `${kind}.${key}`,
      key,
      runs.map((run) => run[kind].get(key)),
      baseline,
    ),
  );
}

/** The datasets of each run, by their purpose. */
function datasetRows(runs: readonly ComparedRun[], baseline: number): ValueRow[] {
  const byContext = runs.map(({ datasets }) => Map.groupBy(datasets, ({ context }) => context ?? "Dataset"));
  return keysOf(byContext).map((context) =>
    textRow(
      `datasets.${context}`,
      context,
      byContext.map((found) =>
        found
          .get(context)
          ?.map(({ name, digest }) => `${name} (${digest})`)
          .sort()
          .join(", "),
      ),
      baseline,
    ),
  );
}

function codeRows(runs: readonly ComparedRun[], baseline: number): ValueRow[] {
  const row = (label: string, read: (run: ComparedRun) => string | undefined): ValueRow =>
    textRow(`code.${label}`, label, runs.map(read), baseline);
  const first = runs[baseline]!;
  const commits = row("Commit", (run) => run.commit);
  const rows = [
    row("Source", (run) => run.source),
    row("Repository", (run) => run.repository),
    row("Branch", (run) => run.branch),
    {
      ...commits,
      cells: commits.cells.map((cell, index) => {
        const { commit = "", repository } = runs[index]!;
        if (cell === undefined || first.commit === undefined || repository !== first.repository) return cell;
        return { ...cell, diffUrl: diffUrl(repository, first.commit, commit) };
      }),
    },
  ];
  return rows.filter(({ cells }) => cells.some((cell) => cell !== undefined));
}

function attributeRows(runs: readonly ComparedRun[], experimentName: (id: string) => string): ValueRow[] {
  const row = (label: string, read: (run: ComparedRun) => string | undefined): ValueRow =>
    textRow(`run.${label}`, label, runs.map(read), undefined);
  const rows = [
    row("Experiment", (run) => experimentName(run.experimentId)),
    row(
      "Status",
      (run) => `${run.status.charAt(0)}${run.status.slice(1).toLowerCase()}${run.isDeleted ? ", deleted" : ""}`,
    ),
    row("Started", (run) => (run.startMs === undefined ? undefined : formatTime(run.startMs))),
    row("Duration", (run) =>
      run.startMs === undefined || run.endMs === undefined ? undefined : formatDuration(run.endMs - run.startMs),
    ),
    row("User", (run) => run.user || undefined),
    row("Description", (run) => run.note),
    row("Run ID", (run) => run.id),
  ];
  return rows.filter(({ cells }) => cells.some((cell) => cell !== undefined));
}

function metricRows(runs: readonly ComparedRun[], { stats, turned, baseline }: RowChoice): ValueRow[] {
  return keysOf(runs.map((run) => run.metrics)).flatMap((key) =>
    stats.map((stat) =>
      metricRow(
        stat === "last" ? `metrics.${key}` : `${stat}(metrics.${key})`,
        stats.length > 1 || stat !== "last" ? `${key} (${stat})` : key,
        { key, direction: directionOf(key, turned) },
        runs.map((run) => run.metrics.get(key)?.[stat]),
        baseline,
      ),
    ),
  );
}

/** The reader's choice, or the direction that the metric's name suggests. */
function directionOf(key: string, turned: readonly string[]): Direction {
  const isTurned = turned.includes(key);
  if (isCounter(key)) return undefined;
  return isLessBetter(key) === isTurned ? "greater" : "less";
}

function metricRow(
  id: string,
  label: string,
  metric: { key: string; direction: Direction },
  values: readonly (number | undefined)[],
  baseline: number,
): ValueRow {
  const finite = values.filter((value) => value !== undefined && Number.isFinite(value)) as number[];
  const [least, greatest] = [Math.min(...finite), Math.max(...finite)];
  const span = greatest - least;
  const best = metric.direction === "less" ? least : greatest;
  return {
    ...{ kind: "values", id, label, metric },
    differs: new Set(values).size > 1,
    cells: values.map((value, index) =>
      value === undefined
        ? undefined
        : {
            text: formatMetric(value),
            title: formatExact(value),
            share: span > 0 && Number.isFinite(value) ? (value - least) / span : undefined,
            isOther: false,
            isBest: span > 0 && metric.direction !== undefined && value === best,
            delta: index === baseline ? undefined : deltaOf(value, values[baseline], metric.direction),
          },
    ),
  };
}

const DELTA_DIGITS = 3;

/** Undefined if either value is missing, NaN or infinite, or if both are equal. */
function deltaOf(value: number, from: number | undefined, direction: Direction): Delta | undefined {
  const difference = value - (from ?? Number.NaN);
  if (!Number.isFinite(difference) || difference === 0) return undefined;
  return {
    text: `${difference > 0 ? "+" : ""}${formatMetric(difference, DELTA_DIGITS)}`,
    isBetter: direction && difference < 0 === (direction === "less"),
  };
}
