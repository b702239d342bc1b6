import { formatDuration, formatExact, formatMetric, formatTime } from "../../parts/format.ts";
import type { ComparedRun } from "./compared-run.ts";

export interface CompareCell {
  readonly text: string;
  /** Whole and exact. */
  readonly title: string;
  /** Of a metric that differs: from 0, the row's least, to 1, its greatest. */
  readonly share?: number | undefined;
  /** Another value than the first run's. */
  readonly isOther: boolean;
}

export type CompareRow =
  | { readonly kind: "section"; readonly id: string; readonly label: string; readonly count: number }
  | {
      readonly kind: "values";
      readonly id: string;
      readonly label: string;
      readonly differs: boolean;
      readonly cells: readonly (CompareCell | undefined)[];
    };

export type Stat = "last" | "min" | "max";

export interface RowChoice {
  readonly words: string;
  readonly isDifferingOnly: boolean;
  readonly stats: readonly Stat[];
  readonly experimentName: (experimentId: string) => string;
}

type ValueRow = Extract<CompareRow, { kind: "values" }>;

/** What the table shows, section by section; a section without rows is left out. */
export function compareRows(runs: readonly ComparedRun[], choice: RowChoice): CompareRow[] {
  const words = choice.words.toLowerCase().split(/\s+/).filter(Boolean);
  const isShown = ({ label, differs }: ValueRow): boolean =>
    (differs || !choice.isDifferingOnly) && words.every((word) => label.toLowerCase().includes(word));
  const sections: [string, ValueRow[]][] = [
    ["Run", attributeRows(runs, choice.experimentName)],
    ["Parameters", textRows(runs, "params")],
    ["Metrics", metricRows(runs, choice.stats)],
    ["Tags", textRows(runs, "tags")],
  ];
  return sections.flatMap(([label, all]): CompareRow[] => {
    const rows = all.filter(isShown);
    return rows.length === 0 ? [] : [{ kind: "section", id: label, label, count: rows.length }, ...rows];
  });
}

function keysOf(maps: readonly ReadonlyMap<string, unknown>[]): string[] {
  return [...new Set(maps.flatMap((map) => [...map.keys()]))].sort();
}

function textRow(id: string, label: string, values: readonly (string | undefined)[], isMarked = true): ValueRow {
  return {
    kind: "values",
    id,
    label,
    differs: new Set(values).size > 1,
    cells: values.map((text) =>
      text === undefined ? undefined : { text, title: text, isOther: isMarked && text !== values[0] },
    ),
  };
}

function textRows(runs: readonly ComparedRun[], kind: "params" | "tags"): ValueRow[] {
  return keysOf(runs.map((run) => run[kind])).map((key) =>
    textRow(
      `${kind}.${key}`,
      key,
      runs.map((run) => run[kind].get(key)),
    ),
  );
}

function attributeRows(runs: readonly ComparedRun[], experimentName: (id: string) => string): ValueRow[] {
  const row = (label: string, read: (run: ComparedRun) => string | undefined, isMarked = false): ValueRow =>
    textRow(`run.${label}`, label, runs.map(read), isMarked);
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
    row("Source", (run) => run.source),
    row("Commit", (run) => run.commit),
    row("Description", (run) => run.note),
    row("Run ID", (run) => run.id),
  ];
  return rows.filter(({ cells }) => cells.some((cell) => cell !== undefined));
}

function metricRows(runs: readonly ComparedRun[], stats: readonly Stat[]): ValueRow[] {
  return keysOf(runs.map((run) => run.metrics)).flatMap((key) =>
    stats.map((stat) =>
      metricRow(
        stat === "last" ? `metrics.${key}` : `${stat}(metrics.${key})`,
        stats.length > 1 || stat !== "last" ? `${key} (${stat})` : key,
        runs.map((run) => run.metrics.get(key)?.[stat]),
      ),
    ),
  );
}

function metricRow(id: string, label: string, values: readonly (number | undefined)[]): ValueRow {
  const finite = values.filter((value) => value !== undefined && Number.isFinite(value)) as number[];
  const least = Math.min(...finite);
  const span = Math.max(...finite) - least;
  return {
    kind: "values",
    id,
    label,
    differs: new Set(values).size > 1,
    cells: values.map((value) =>
      value === undefined
        ? undefined
        : {
            text: formatMetric(value),
            title: formatExact(value),
            share: span > 0 && Number.isFinite(value) ? (value - least) / span : undefined,
            isOther: false,
          },
    ),
  };
}
