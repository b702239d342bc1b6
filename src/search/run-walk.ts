import type { Int64 } from "../domain/int64.ts";
import { type Comparison, type Condition, isComparison } from "./ast.ts";
import type { Binder } from "./binder.ts";
import { all } from "./connect.ts";
import { type ExperimentCandidates, isByTime, RUNS } from "./experiment-candidates.ts";
import type { ExperimentTest } from "./experiment-ids.ts";
import type { OrderColumn, Position } from "./order.ts";
import { joinAlias, METRIC_RANKS, orderJoins, type RunOrder } from "./run-order.ts";

/** A part of the walk along the index of a metric. */
export interface Stretch {
  readonly from: string;
  readonly where: readonly string[];
  readonly conditions: readonly Condition[];
  readonly runId: string;
  readonly columns: readonly OrderColumn[];
  readonly after: Position | undefined;
  /** Whether `from` is a sorted subquery. */
  readonly isSorted?: boolean;
  /** SQL: whether the page may go on with this stretch where the one before it ends. */
  readonly isReached: string;
}

export interface Walk {
  /** Names that the stretches use, as `name AS MATERIALIZED (query)`. */
  readonly names: readonly string[];
  readonly stretches: readonly Stretch[];
}

export interface WalkQuery {
  readonly order: RunOrder;
  readonly conditions: readonly Condition[];
  readonly experimentId: Int64;
  readonly inExperiments: ExperimentTest;
  readonly candidates: ExperimentCandidates;
  /** The columns of `runs` that the filter and the order use. */
  readonly columns: readonly string[];
  readonly after: Position | undefined;
  /** Most rows of an index that each stretch reads. */
  readonly most: number;
}

/**
 * A walk along the order by a metric within one experiment: the runs whose metric is a number, then NaN, then the runs
 * without the metric. It reads a bounded number of rows. So it may end too early, and the page is then not full.
 */
export function metricWalk(query: WalkQuery, binder: Binder): Walk {
  const { order, conditions, inExperiments, after, most } = query;
  const [rank, value, ...others] = order.columns as [OrderColumn, OrderColumn, ...OrderColumn[]];
  const decides = conditions.filter(isComparison).filter((comparison) => isOnOrderMetric(comparison, order));
  const onOthers = conditions.filter((condition) => !decides.some((decided) => decided === condition));
  const alias = joinAlias(0);
  const key = binder.bind(order.terms[0]!.field.key);
  const afterIn = (wanted: number) => (after?.[0] === wanted ? after : undefined);
  const constant = (column: OrderColumn, sql: string): OrderColumn => ({ ...column, sql, constant: true });
  const table = `latest_metrics ${alias} INDEXED BY latest_metrics_by_value`;
  const indexed = (isNan: 0 | 1, columns: readonly OrderColumn[]): Omit<Stretch, "isReached"> => ({
    from: `${table} CROSS JOIN runs r ON r.run_id = ${alias}.run_id${orderJoins(order, 1, binder)}`,
    where: [
      inExperiments(`${alias}.experiment_id`, binder),
      `${alias}.key = ${key}`,
      `${alias}.is_nan = ${isNan}`,
      ...decides.flatMap((comparison) =>
        comparison.kind === "number" && isNan === 0
          ? [`${alias}.value ${comparison.comparator} ${binder.number(comparison.value)}`]
          : [],
      ),
    ],
    conditions: onOthers,
    runId: `${alias}.run_id`,
    columns,
    after: afterIn(isNan),
  });
  const { ascending } = value;
  const numbers = indexed(0, [constant(rank, "0"), { ...value, nullable: false }, ...others]);
  // Runs with the same value have no order in the index. So the walk takes all runs with a value or none.
  const begin =
    numbers.after === undefined ? [] : [`${value.sql} ${ascending ? ">=" : "<="} ${binder.number(Number(after?.[1]))}`];
  const beyond = `SELECT ${value.sql} FROM ${table} WHERE ${all([...numbers.where, ...begin])}
    ORDER BY ${value.sql}${ascending ? "" : " DESC"} LIMIT 1 OFFSET ${binder.bind(most)}`;
  const bound = `${value.sql} ${ascending ? "<" : ">"} coalesce((SELECT value FROM beyond), ${ascending ? "" : "-"}9e999)`;
  const nans = indexed(1, [constant(rank, "1"), constant(value, value.sql), ...others]);
  const isFew = `(SELECT count(*) FROM (SELECT 1 FROM ${table} WHERE ${all(nans.where)} LIMIT ${binder.limit(most)})) < ${binder.bind(most)}`;
  const isPastNumbers = Number(after?.[0] ?? METRIC_RANKS.number) > METRIC_RANKS.number;
  const isReached = isPastNumbers ? isFew : `NOT EXISTS (SELECT 1 FROM beyond) AND ${isFew}`;
  const mayBeNan = decides.every((comparison) => comparison.kind === "number" && comparison.comparator === "!=");
  const isPastNans = Number(after?.[0] ?? METRIC_RANKS.number) > METRIC_RANKS.nan;
  const missing = missingRuns(query, others, key, binder);
  return {
    names: isPastNumbers ? [] : [`beyond (value) AS MATERIALIZED (${beyond})`],
    stretches: [
      ...(isPastNumbers ? [] : [{ ...numbers, where: [...numbers.where, bound], isReached: "TRUE" }]),
      ...(mayBeNan && !isPastNans ? [{ ...nans, isReached }] : []),
      ...(decides.length === 0 && missing !== undefined
        ? [
            {
              ...missing,
              conditions: onOthers,
              columns: [constant(rank, "2"), constant(value, "NULL"), ...others],
              after: afterIn(METRIC_RANKS.missing),
              isSorted: true,
              isReached: isPastNans ? "TRUE" : isReached,
            },
          ]
        : []),
    ],
  };
}

function isOnOrderMetric({ field }: Comparison, { terms }: RunOrder): boolean {
  const first = terms[0]!.field;
  return field.entity === first.entity && field.key === first.key;
}

/** The newest runs, without those that have the metric. Undefined if ties of the order are not by start time. */
function missingRuns(
  { experimentId, candidates, columns, after, most }: WalkQuery,
  others: readonly OrderColumn[],
  key: string,
  binder: Binder,
): Pick<Stretch, "from" | "where" | "runId"> | undefined {
  if (!isByTime(others, RUNS, "r")) return undefined;
  const [, , startTime, runId] = after ?? [];
  const from = after?.[0] === METRIC_RANKS.missing ? ([startTime, runId] as [string | null, string]) : undefined;
  const cursor = { experimentIds: [experimentId], after: from };
  return {
    from: `(${candidates.query(cursor, binder.limit(most), binder, ["lifecycle_stage", ...columns])}) r`,
    where: [`(SELECT 1 FROM latest_metrics WHERE run_id = r.run_id AND key = ${key}) IS NULL`],
    runId: "r.run_id",
  };
}
