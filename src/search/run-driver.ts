import type { Comparison } from "./ast.ts";
import type { Binder } from "./binder.ts";
import { predicate } from "./conditions.ts";
import { valueTable } from "./run-source.ts";

/** The SQL test that a column is one of the searched experiments. */
export type ExperimentTest = (column: string, binder: Binder) => string;

/**
 * A comparison whose index may lead to few runs. There are no statistics, so a statement that such a comparison drives
 * has a gate: it answers only where the index holds fewer than some number of rows.
 */
export interface Driver {
  readonly comparison: Comparison;
  readonly from: string;
  readonly where: (alias: string, binder: Binder) => string[];
  /** Whether the index conditions alone suffice to count. */
  readonly countWhere: (binder: Binder) => string[];
}

const INDEXES = {
  params: "params_by_value",
  tags: "tags_by_value",
  latest_metrics: "latest_metrics_by_value",
} as const;

/** Each driver costs a count of its index's rows and a statement. */
const MAX_DRIVERS = 2;

/** The best first: an equal param or tag is mostly rarer than a metric in a range. */
export function drivers(comparisons: readonly Comparison[], inExperiments: ExperimentTest): Driver[] {
  const all = comparisons.flatMap((comparison) => driver(comparison, inExperiments) ?? []);
  const isMetric = ({ comparison }: Driver) => comparison.field.entity === "metric";
  return [...all.filter((one) => !isMetric(one)), ...all.filter(isMetric)].slice(0, MAX_DRIVERS);
}

function driver(comparison: Comparison, inExperiments: ExperimentTest): Driver | undefined {
  const kept = valueTable(comparison.field);
  if (kept === undefined) return undefined;
  const from = (alias: string) => `${kept.table} ${alias} INDEXED BY ${INDEXES[kept.table]}`;
  const keyed = (alias: string, binder: Binder) => [
    inExperiments(`${alias}.experiment_id`, binder),
    `${alias}.key = ${binder.bind(kept.key)}`,
  ];
  if (comparison.kind === "number" && comparison.comparator !== "!=") {
    const where = (alias: string, binder: Binder) => [
      ...keyed(alias, binder),
      `${alias}.is_nan = 0`,
      predicate(comparison, `${alias}.value`, binder),
    ];
    return { comparison, from: from("d"), where, countWhere: (binder) => where("d", binder) };
  }
  if (comparison.kind === "text" && comparison.comparator === "=") {
    const prefix = (alias: string, binder: Binder) => [
      ...keyed(alias, binder),
      // The index holds a prefix of the value only.
      `substr(${alias}.value, 1, 64) = substr(${binder.bind(comparison.value)}, 1, 64)`,
    ];
    return {
      comparison,
      from: from("d"),
      where: (alias, binder) => [...prefix(alias, binder), predicate(comparison, `${alias}.value`, binder)],
      countWhere: (binder) => prefix("d", binder),
    };
  }
  return undefined;
}

/** SQL that is true where the driver's index leads to fewer than `cap` rows. */
export function gate(driver: Driver, cap: number, binder: Binder): string {
  const where = driver.countWhere(binder).join(" AND ");
  return `(SELECT count(*) FROM (SELECT 1 FROM ${driver.from} WHERE ${where} LIMIT ${cap})) < ${cap}`;
}
