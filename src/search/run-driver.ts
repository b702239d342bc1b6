import { type Comparison, type Condition, comparisonsOf, isComparison } from "./ast.ts";
import type { Binder } from "./binder.ts";
import { predicate } from "./conditions.ts";
import type { ExperimentTest } from "./experiment-ids.ts";
import { valueTable } from "./run-source.ts";

/**
 * A comparison whose index may lead to few runs. There are no statistics, so a search counts the rows of the index, up to a
 * cap, before it uses the index.
 */
export interface Driver {
  readonly comparison: Comparison;
  /** The table under the alias `d`. */
  readonly from: string;
  /** The whole comparison, as conditions that the index alone decides. */
  readonly where: (binder: Binder) => string[];
}

const INDEXES = {
  params: "params_by_value",
  tags: "tags_by_value",
  latest_metrics: "latest_metrics_by_value",
} as const;

/**
 * The indexes of params and tags exclude values of more characters than this. The query must repeat the indexes' condition.
 */
const MAX_INDEXED_CHARACTERS = 200;

/** Each driver costs a query and a count of its index's rows. */
const MAX_DRIVERS = 2;

/** Each driver's query repeats the whole filter, and D1 takes 100 KB of SQL. */
const MAX_DRIVEN_COMPARISONS = 20;

/**
 * The possible drivers, the best first: an equal param or tag is mostly rarer than a metric in a range. Only comparisons
 * can drive: a run that fails one side of an OR may satisfy the other.
 */
export function drivers(conditions: readonly Condition[], inExperiments: ExperimentTest): Driver[] {
  if (conditions.flatMap(comparisonsOf).length > MAX_DRIVEN_COMPARISONS) return [];
  const all = conditions.filter(isComparison).flatMap((comparison) => driver(comparison, inExperiments) ?? []);
  const isMetric = ({ comparison }: Driver) => comparison.field.entity === "metric";
  return [...all.filter((one) => !isMetric(one)), ...all.filter(isMetric)].slice(0, MAX_DRIVERS);
}

function driver(comparison: Comparison, inExperiments: ExperimentTest): Driver | undefined {
  const kept = valueTable(comparison.field);
  if (kept?.column !== "value" || kept.isNumber) return undefined;
  const from = `${kept.table} d INDEXED BY ${INDEXES[kept.table]}`;
  const keyed = (binder: Binder) => [inExperiments("d.experiment_id", binder), `d.key = ${binder.bind(kept.key)}`];
  if (comparison.kind === "number" && comparison.comparator !== "!=") {
    const where = (binder: Binder) => [...keyed(binder), "d.is_nan = 0", predicate(comparison, "d.value", binder)];
    return { comparison, from, where };
  }
  // SQLite's length() stops at a NUL.
  if (comparison.kind === "text" && comparison.comparator === "=" && !comparison.value.includes("\0")) {
    if ([...comparison.value.slice(0, 2 * MAX_INDEXED_CHARACTERS + 1)].length > MAX_INDEXED_CHARACTERS)
      return undefined;
    const where = (binder: Binder) => [
      ...keyed(binder),
      `d.value = ${binder.bind(comparison.value)}`,
      `length(d.value) <= ${MAX_INDEXED_CHARACTERS}`,
    ];
    return { comparison, from, where };
  }
  return undefined;
}

/**
 * SQL for the number of the driver to use, or -1 to walk along the order. It is the first driver whose index leads to few
 * rows, else the first that leads to fewer than `cap`.
 */
export function driverChoice(drivers: readonly Driver[], cap: number, binder: Binder): string {
  const fewerThan = (rows: number) =>
    drivers.map(({ from, where }, place) => {
      const counted = `SELECT 1 FROM ${from} WHERE ${where(binder).join(" AND ")} LIMIT ${rows}`;
      return `WHEN (SELECT count(*) FROM (${counted})) < ${rows} THEN ${place}`;
    });
  const tiers = drivers.length === 1 ? [cap] : [Math.ceil(cap / 8), cap];
  return `CASE ${tiers.flatMap(fewerThan).join(" ")} ELSE -1 END`;
}
