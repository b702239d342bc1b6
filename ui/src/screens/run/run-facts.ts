import type { Cell } from "../../api/run-table.ts";
import { isSystemMetric, type Run } from "../../api/runs.ts";
import { type KeyValue, toDouble, type WireDouble } from "../../api/wire.ts";

/** When the run was last heard of, in ms since 1970: its start, or its latest metric. */
export function lastHeardMs({ info, data }: Run): number {
  let latest = info.start_time ?? 0;
  for (const { timestamp } of data.metrics ?? []) if (timestamp > latest) latest = timestamp;
  return latest;
}

export function hasSystemMetrics({ data }: Run): boolean {
  return (data.metrics ?? []).some(({ key }) => isSystemMetric(key));
}

export interface MetricRow {
  key: string;
  last: number;
  step: number;
  first: Cell | undefined;
  min: Cell | undefined;
  max: Cell | undefined;
}

export const METRIC_SORTS = ["key", "last", "step", "first", "min", "max"] as const;

export type MetricSort = (typeof METRIC_SORTS)[number];

/** The sort value of a cell. NaN and missing values come last. */
function rank(cell: Cell | undefined): number {
  const value = cell === null || cell === undefined ? Number.NaN : toDouble(cell as WireDouble);
  return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
}

/** Rows whose key holds `words`, in order; `-last` is descending. */
export function sortMetrics(rows: readonly MetricRow[], words: string, sort: string): MetricRow[] {
  const column = METRIC_SORTS.find((name) => name === sort.replace(/^-/, "")) ?? "key";
  const sign = sort.startsWith("-") ? -1 : 1;
  const wanted = words.toLowerCase();
  return rows
    .filter(({ key }) => key.toLowerCase().includes(wanted))
    .sort((a, b) => {
      const byKey = a.key < b.key ? -1 : 1;
      if (column === "key") return sign * byKey;
      const [left, right] = [rank(a[column]), rank(b[column])];
      if (left === right) return byKey;
      if (left === Number.POSITIVE_INFINITY) return 1;
      if (right === Number.POSITIVE_INFINITY) return -1;
      return sign * (left - right);
    });
}

/** A dataset's source or schema, which clients write as JSON: its fields as lines, or the text as it is. */
export function indented(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), undefined, 2);
  } catch {
    return json;
  }
}

/** Parameters or tags whose name or value holds `words`, by name. */
export function findPairs(pairs: readonly KeyValue[], words: string): KeyValue[] {
  const wanted = words.toLowerCase();
  return pairs
    .filter(({ key, value }) => key.toLowerCase().includes(wanted) || value.toLowerCase().includes(wanted))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}
