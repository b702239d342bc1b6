import type { ViewType } from "../../src/domain/entities.ts";
import type { Comparison, Field } from "../../src/search/ast.ts";
import { RUN_TABLE_ORDER_GRAMMAR } from "../../src/search/grammar.ts";
import { parseOrderBy } from "../../src/search/parser.ts";
import type { RunSearchQuery } from "../../src/search/run-plan.ts";
import type { SearchedRun } from "./population.ts";

/** A search, and the test whether a run satisfies its filter. */
export interface NaiveQuery extends RunSearchQuery {
  readonly holds: (run: SearchedRun) => boolean;
}

/** A naive LIKE: turns patterns into regular expressions over code points. */
function like(value: string, pattern: string, ignoreCase: boolean): boolean {
  const lower = (text: string) => (ignoreCase ? text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : text);
  const escaped = lower(pattern).replace(/[$()*+.?[\\\]^{|}]/g, "\\$&");
  const source = escaped.replaceAll("%", ".*").replaceAll("_", ".");
  return new RegExp(`^${source}$`, "su").test(lower(value));
}

/** The number in a text that is a number as a whole. A number beyond the doubles becomes the greatest double. */
function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text)) return undefined;
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, Number(text)));
}

function values(run: SearchedRun, { entity, key }: Field): (string | number | bigint)[] {
  const present = <T>(value: T | null | undefined): T[] => (value === null || value === undefined ? [] : [value]);
  if (entity === "metric") return present(run.metrics[key]);
  if (entity === "metricFirst") return present(run.firsts?.[key]);
  if (entity === "metricMin") return present(run.ranges?.[key]?.[0]);
  if (entity === "metricMax") return present(run.ranges?.[key]?.[1]);
  if (entity === "param") return present(run.params[key]);
  if (entity === "paramNumber") return present(numberOf(run.params[key]));
  if (entity === "tag") return present(run.tags[key]);
  if (entity === "dataset") {
    return run.datasets.flatMap((dataset) => present(dataset[key as "name" | "digest" | "context"]));
  }
  const { startTime, endTime } = run;
  const attributes: Record<string, string | number | bigint | null | undefined> = {
    run_id: run.runId,
    run_name: run.tags["mlflow.runName"],
    user_id: run.userId,
    status: run.status,
    start_time: startTime,
    end_time: endTime,
    duration: startTime === null || endTime === null ? null : Number(endTime) - Number(startTime),
    experiment_id: run.experimentId,
  };
  return present(attributes[key]);
}

/** Compares by order, because bigints and numbers are exact there but never identical. */
function equal(a: string | number | bigint, b: string | number | bigint): boolean {
  return a === b || (typeof a !== "string" && typeof b !== "string" && a >= b && a <= b);
}

function compare(a: string | number | bigint, comparator: string, b: string | number | bigint): boolean {
  switch (comparator) {
    case "=":
      return equal(a, b);
    case "!=":
      return !equal(a, b);
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    default:
      return a >= b;
  }
}

export function satisfiesComparison(run: SearchedRun, comparison: Comparison): boolean {
  const found = values(run, comparison.field);
  if (comparison.kind === "presence") return found.length > 0 === comparison.present;
  return found.some((value) => satisfies(value, comparison));
}

/** Whether one value satisfies the comparison. */
export function satisfies(value: string | number | bigint, comparison: Comparison): boolean {
  switch (comparison.kind) {
    case "number":
      return compare(value, comparison.comparator, comparison.value);
    case "text":
      return comparison.comparator === "LIKE" || comparison.comparator === "ILIKE"
        ? like(String(value), comparison.value, comparison.comparator === "ILIKE")
        : compare(value, comparison.comparator, comparison.value);
    case "list":
      return comparison.values.includes(String(value)) !== comparison.negated;
    case "presence":
      return comparison.present;
  }
}

/** Sort keys with a rank: numbers first, then NaN, then missing values. */
function rank(value: string | number | bigint | undefined): number {
  return value === undefined ? 2 : Number.isNaN(value) ? 1 : 0;
}

function inCodePointOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function order(a: SearchedRun, b: SearchedRun, orderBy: readonly string[]): number {
  const terms = [
    // Params that are no numbers come after numbers, ordered by their text.
    ...parseOrderBy(orderBy, RUN_TABLE_ORDER_GRAMMAR).flatMap((term) =>
      term.field.entity === "paramNumber"
        ? [term, { ...term, field: { entity: "param" as const, key: term.field.key } }]
        : [term],
    ),
    { field: { entity: "attribute" as const, key: "start_time" }, ascending: false },
    { field: { entity: "attribute" as const, key: "run_id" }, ascending: true },
  ];
  for (const { field, ascending } of terms) {
    // MLflow filters a run's name by its tag, and sorts by its column. Here the column is empty if the tag is missing.
    const of = (run: SearchedRun) => values(run, field)[0] ?? (field.key === "run_name" ? "" : undefined);
    const [x, y] = [of(a), of(b)];
    if (rank(x) !== rank(y)) return rank(x) - rank(y);
    if (rank(x) > 0 || x === undefined || y === undefined) continue;
    const isText = typeof x === "string" || typeof y === "string";
    const difference = isText ? inCodePointOrder(String(x), String(y)) : x < y ? -1 : x > y ? 1 : 0;
    if (difference !== 0) return ascending ? difference : -difference;
  }
  return 0;
}

/** The ids on all pages. */
export function naiveRunSearch(runs: readonly SearchedRun[], query: NaiveQuery): string[] {
  const inView: Record<ViewType, (run: SearchedRun) => boolean> = {
    ACTIVE_ONLY: (run) => !run.deleted,
    DELETED_ONLY: (run) => run.deleted,
    ALL: () => true,
  };
  return runs
    .filter((run) => query.experimentIds.includes(String(run.experimentId)) && inView[query.viewType](run))
    .filter(query.holds)
    .toSorted((a, b) => order(a, b, query.orderBy))
    .map((run) => run.runId);
}
