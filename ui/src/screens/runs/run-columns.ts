import { type Aggregate, type FieldKind, parseSpelling, spell } from "../../api/field-spelling.ts";
import type { DistinctKey, DistinctKeys } from "../../api/keys.ts";
import { isSystemMetric } from "../../api/runs.ts";
import { NOTE_TAG } from "../../api/wire.ts";
import { isCounter, isHeldOut } from "../../charts/chart-sections.ts";
import { isSeed } from "../compare/importance.ts";

export type ColumnKind = "attribute" | FieldKind;

/** Which value of a metric a column shows; `best` is the least or the greatest, as {@link isLessBetter} says. */
export type MetricValue = Aggregate | "best";

export const METRIC_VALUES: readonly MetricValue[] = ["last", "best", "min", "max", "first"];

/** A column beside the run's name. */
export interface RunColumn {
  /** The column's identity in the address: the field's spelling in a search, or `best(metrics.acc)`. */
  spelling: string;
  kind: ColumnKind;
  /** The key of the metric, param or tag, or the name of the attribute. */
  key: string;
  /** Of a metric; `last` for others. */
  value: MetricValue;
  /** The field to request from the server; undefined if every row has the value anyway. */
  field?: string;
  /** The field to order by; undefined if the server cannot order by it. */
  order?: string;
  /** A param whose values are numbers. */
  isNumber?: boolean;
}

function tagColumn(label: string, key: string) {
  return { label, order: spell("tag", key), field: spell("tag", key) };
}

/** Attributes by their spelling. */
export const ATTRIBUTES: Readonly<Record<string, { label: string; order?: string; field?: string }>> = {
  "attributes.start_time": { label: "Created", order: "attributes.start_time" },
  "attributes.end_time": { label: "Ended", order: "attributes.end_time" },
  duration: { label: "Duration", order: "attributes.duration" },
  "attributes.status": { label: "Status", order: "attributes.status" },
  "attributes.user_id": { label: "User", order: "attributes.user_id" },
  source: { label: "Source", order: spell("tag", "mlflow.source.name") },
  description: tagColumn("Description", NOTE_TAG),
  commit: tagColumn("Commit", "mlflow.source.git.commit"),
  branch: tagColumn("Branch", "mlflow.source.git.branch"),
  datasets: { label: "Datasets", field: "dataset.name" },
  models: { label: "Logged models", field: "models" },
  "attributes.experiment_id": { label: "Experiment", order: "attributes.experiment_id" },
  "attributes.run_id": { label: "Run id", order: "attributes.run_id" },
};

/** The column that is always there. */
export const NAME_ORDER = "attributes.run_name";

/** @returns undefined if the spelling is not a column. Anyone may write a spelling into an address. */
export function parseColumn(spelling: string): RunColumn | undefined {
  if (Object.hasOwn(ATTRIBUTES, spelling)) {
    const { order, field } = ATTRIBUTES[spelling]!;
    return {
      ...{ spelling, kind: "attribute", key: spelling, value: "last" },
      ...(order !== undefined && { order }),
      ...(field !== undefined && { field }),
    };
  }
  const [, inner] = /^best\((.*)\)$/s.exec(spelling) ?? [];
  const parsed = parseSpelling(inner ?? spelling);
  if (parsed === undefined) return undefined;
  const { kind, key, aggregate } = parsed;
  if (inner === undefined) {
    // Params are texts, and as a text 128 comes before 32. `number(…)` orders by value; params that are no number come last.
    const order = kind === "param" ? `number(${spelling})` : spelling;
    return { spelling, kind, key, value: aggregate, field: spelling, order };
  }
  if (kind !== "metric" || aggregate !== "last") return undefined;
  const field = spell(kind, key, isLessBetter(key) ? "min" : "max");
  return { spelling, kind, key, value: "best", field, order: field };
}

export function spellValue(key: string, value: MetricValue): string {
  return value === "best" ? `best(${spell("metric", key)})` : spell("metric", key, value);
}

const LESS_BY_PART = /loss|error|perplexity|rmse/i;
const LESS_BY_WORD = /(^|[^a-z])(err|mse|mae|mape|wer|cer|fid|ppl|latency|time|duration)([^a-z]|$)/i;

/** Whether a lesser value is better, by the metric's name: `val_loss`, `rmse`. */
export function isLessBetter(key: string): boolean {
  return LESS_BY_PART.test(key) || LESS_BY_WORD.test(key);
}

/** Numbers are aligned to the end of their cells, so that their digits line up. */
export function isAtEnd({ kind, isNumber }: RunColumn): boolean {
  return kind === "metric" || isNumber === true;
}

function columnLabel({ kind, key, value }: RunColumn): string {
  if (kind === "attribute") return ATTRIBUTES[key]?.label ?? key;
  return value === "last" ? key : `${value} ${key}`;
}

/** The label of each column, by spelling. Columns with the same name also get their kind: `lr (param)`. */
export function columnLabels(columns: readonly RunColumn[]): Map<string, string> {
  const named = Map.groupBy(columns, columnLabel);
  return new Map(
    columns.map((column) => {
      const label = columnLabel(column);
      return [column.spelling, named.get(label)!.length > 1 ? `${label} (${column.kind})` : label];
    }),
  );
}

/** How many default columns of metrics and params the narrowest and the widest table has. */
const LEAST_DEFAULT = 5;
const MOST_DEFAULT = 24;
const COLUMN_PX = 116;
/** The width of the name, the time and the duration. */
const BESIDE_PX = 500;
/** The metrics' share of these columns. */
const METRICS_SHARE = 7 / 12;

/** The number of metrics and params for which a table of this width has room. */
export function defaultCount(widthPx: number): number {
  return Math.max(LEAST_DEFAULT, Math.min(MOST_DEFAULT, Math.floor((widthPx - BESIDE_PX) / COLUMN_PX)));
}

interface DefaultColumns {
  /** Whether the runs belong to several experiments. */
  readonly isSeveral: boolean;
  /** Whether the rows are groups. A group has no time of its own. */
  readonly isGrouped: boolean;
  /** The number of metrics and params. */
  readonly count: number;
  /** Params with a known importance, the most important first. */
  readonly important?: readonly string[] | undefined;
}

/**
 * The creation time, the columns that distinguish the runs, and the duration. Metrics of held-out data come first, then
 * the metrics that most runs have. The most important params come first, then the params that most runs have, then seeds.
 */
export function defaultColumns(
  keys: DistinctKeys | undefined,
  { isSeveral, isGrouped, count, important = [] }: DefaultColumns,
): string[] {
  const rankOf = ({ key }: DistinctKey): number => {
    const place = important.indexOf(key);
    return place < 0 ? important.length + Number(isSeed(key)) : place;
  };
  const telling = (all: readonly DistinctKey[]): readonly DistinctKey[] => {
    const differing = all.filter((key) => key.differs);
    return differing.length > 0 ? differing : all;
  };
  const metrics = telling((keys?.metrics ?? []).filter(({ key }) => !isSystemMetric(key))).toSorted(
    (a, b) =>
      Number(isCounter(a.key)) - Number(isCounter(b.key)) ||
      Number(isHeldOut(b.key)) - Number(isHeldOut(a.key)) ||
      b.runs - a.runs,
  );
  const params = telling(keys?.params ?? []).toSorted((a, b) => rankOf(a) - rankOf(b) || b.runs - a.runs);
  const places = Math.min(params.length, Math.max(Math.floor(count * (1 - METRICS_SHARE)), count - metrics.length));
  return [
    ...(isGrouped ? [] : ["attributes.start_time"]),
    ...(isSeveral ? ["attributes.experiment_id"] : []),
    ...metrics.slice(0, count - places).map(({ key }) => spell("metric", key)),
    ...params.slice(0, places).map(({ key }) => spell("param", key)),
    ...(isGrouped ? ["attributes.start_time"] : []),
    "duration",
  ];
}

/** Whether the column's values differ between runs; attributes count as differing. */
export function differs({ kind, key }: RunColumn, keys: DistinctKeys | undefined): boolean {
  if (kind === "attribute" || keys === undefined) return true;
  return keys[`${kind}s`].find((known) => known.key === key)?.differs ?? true;
}

const MAX_GROUPABLE = 40;

/** The params and tags that make groups: those whose values differ. */
export function groupableFields(keys: DistinctKeys | undefined): string[] {
  const params = (keys?.params ?? []).filter((key) => key.differs).map(({ key }) => spell("param", key));
  const tags = (keys?.tags ?? [])
    .filter((key) => key.differs && !key.key.startsWith("mlflow."))
    .map(({ key }) => spell("tag", key));
  return [...params, ...tags].slice(0, MAX_GROUPABLE);
}

/** Moves the column `spelling` before the column `to`, or to the end if `to` is undefined. */
export function moveColumn(columns: readonly string[], spelling: string, to: string | undefined): string[] {
  const at = to === undefined ? columns.length : columns.indexOf(to);
  const others = columns.filter((column) => column !== spelling);
  const from = columns.indexOf(spelling);
  return others.toSpliced(from >= 0 && from < at ? at - 1 : at, 0, spelling);
}

/** The first order that a press chooses: the newest, the longest, the better metric (by its name), else alphabetical. */
function firstOrder(order: string): "ASC" | "DESC" {
  const column = parseColumn(order);
  if (column?.kind === "metric") return isLessBetter(column.key) ? "ASC" : "DESC";
  return order.endsWith("_time") || order === "attributes.duration" ? "DESC" : "ASC";
}

export type Direction = "ASC" | "DESC";

export function directionOf(sort: readonly string[], order: string | undefined): Direction | undefined {
  return (["ASC", "DESC"] as const).find((way) => sort.includes(`${order} ${way}`));
}

/** The order after a press on a header: first direction, second direction, none. With `isAdded` the other orders stay. */
export function nextSort(sort: readonly string[], order: string, isAdded: boolean): string[] {
  const old = directionOf(sort, order);
  const first = firstOrder(order);
  const next = old === undefined ? first : old === first ? (first === "ASC" ? "DESC" : "ASC") : undefined;
  const item = next === undefined ? [] : [`${order} ${next}`];
  if (!isAdded) return item;
  const place = sort.indexOf(`${order} ${old}`);
  return place < 0 ? [...sort, ...item] : sort.toSpliced(place, 1, ...item);
}
