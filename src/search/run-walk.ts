import { type Comparison, type Condition, isComparison } from "./ast.ts";
import type { Binder } from "./binder.ts";
import type { ExperimentTest } from "./experiment-ids.ts";
import type { OrderColumn } from "./order.ts";
import type { Position } from "./plan.ts";
import { joinAlias, METRIC_RANKS, orderJoins, type RunOrder } from "./run-order.ts";

/** One stretch of the walk along an order. */
export interface Stretch {
  readonly from: (binder: Binder) => string;
  readonly where: (binder: Binder) => string[];
  readonly conditions: readonly Condition[];
  readonly runId: string;
  readonly columns: readonly OrderColumn[];
  readonly after: Position | undefined;
}

/** How to reach all runs in their order. */
export interface Walk {
  /** Conditions that the index of the stretches decides. */
  readonly decides: readonly Condition[];
  /** Whether an index has the runs in this order, so that a walk can end when the page is full. */
  readonly isSorted: boolean;
  /** The stretches in the order of their runs, without the stretches that end before the position. */
  readonly stretches: (after: Position | undefined, inExperiments: ExperimentTest) => Stretch[];
}

/** @param isOneStart whether the searched runs are one range of `runs_by_start`, with one experiment and one stage. */
export function planWalk(order: RunOrder, conditions: readonly Condition[], isOneStart: boolean): Walk {
  if (order.terms[0]?.field.entity === "metric") {
    const decides = conditions.filter(isComparison).filter((comparison) => isOnOrderMetric(comparison, order));
    const stretches: Walk["stretches"] = (after, inExperiments) =>
      metricStretches({ order, conditions, decides, after, inExperiments });
    return { decides, isSorted: true, stretches };
  }
  const isSorted = isOneStart && isByStart(order);
  return {
    decides: [],
    isSorted,
    stretches: (after, inExperiments) => timeStretches({ order, conditions, isSorted, after, inExperiments }),
  };
}

function isOnOrderMetric({ field }: Comparison, { terms }: RunOrder): boolean {
  const first = terms[0]!.field;
  return field.entity === first.entity && field.key === first.key;
}

/** Whether the index `runs_by_start` has runs of one experiment and stage in this order. */
function isByStart({ columns: [first, second] }: RunOrder): boolean {
  return first?.sql === "r.start_time" && !first.ascending && second?.sql === "r.run_id" && second.ascending;
}

interface Way {
  readonly order: RunOrder;
  readonly conditions: readonly Condition[];
  readonly after: Position | undefined;
  readonly inExperiments: ExperimentTest;
}

/** Three stretches: runs whose metric is a number, runs whose metric is NaN, runs without the metric. */
function metricStretches({
  order,
  conditions,
  decides,
  after,
  inExperiments,
}: Way & { readonly decides: readonly Comparison[] }): Stretch[] {
  const [rank, value, ...others] = order.columns as [OrderColumn, OrderColumn, ...OrderColumn[]];
  const decided = new Set<Condition>(decides);
  const onOthers = conditions.filter((condition) => !decided.has(condition));
  const alias = joinAlias(0);
  const { key } = order.terms[0]!.field;
  const afterIn = (wanted: number) => (after?.[0] === wanted ? after : undefined);
  const constant = (column: OrderColumn, sql: string): OrderColumn => ({ ...column, sql, constant: true });
  const indexed = (isNan: 0 | 1, columns: readonly OrderColumn[]): Stretch => ({
    from: (binder) =>
      `latest_metrics ${alias} INDEXED BY latest_metrics_by_value CROSS JOIN runs r ON r.run_id = ${alias}.run_id${orderJoins(order, 1, binder)}`,
    where: (binder) => [
      inExperiments(`${alias}.experiment_id`, binder),
      `${alias}.key = ${binder.bind(key)}`,
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
  const missing: Stretch = {
    from: (binder) => `runs r INDEXED BY runs_by_start${orderJoins(order, 1, binder)}`,
    where: (binder) => [
      inExperiments("r.experiment_id", binder),
      `(SELECT 1 FROM latest_metrics WHERE run_id = r.run_id AND key = ${binder.bind(key)}) IS NULL`,
    ],
    conditions: onOthers,
    runId: "r.run_id",
    columns: [constant(rank, "2"), constant(value, "NULL"), ...others],
    after: afterIn(METRIC_RANKS.missing),
  };
  const mayBeNan = decides.every((comparison) => comparison.kind === "number" && comparison.comparator === "!=");
  const stretches = [
    {
      rank: METRIC_RANKS.number,
      isPossible: true,
      stretch: indexed(0, [constant(rank, "0"), { ...value, nullable: false }, ...others]),
    },
    {
      rank: METRIC_RANKS.nan,
      isPossible: mayBeNan,
      stretch: indexed(1, [constant(rank, "1"), constant(value, `${alias}.value`), ...others]),
    },
    { rank: METRIC_RANKS.missing, isPossible: decides.length === 0, stretch: missing },
  ];
  const from = Number(after?.[0] ?? METRIC_RANKS.number);
  return stretches.flatMap(({ rank, isPossible, stretch }) => (isPossible && rank >= from ? [stretch] : []));
}

/**
 * All runs in one stretch. Later pages of the default order have two stretches, so that the index scan begins at the
 * position.
 */
function timeStretches({
  order,
  conditions,
  isSorted,
  after,
  inExperiments,
}: Way & { readonly isSorted: boolean }): Stretch[] {
  const { columns } = order;
  const base = {
    from: (binder: Binder) => `runs r INDEXED BY runs_by_start${orderJoins(order, 0, binder)}`,
    where: (binder: Binder) => [inExperiments("r.experiment_id", binder)],
    conditions,
    runId: "r.run_id",
  };
  if (after === undefined || !isSorted) return [{ ...base, columns, after }];
  const [startTime, ...others] = columns as [OrderColumn, ...OrderColumn[]];
  const started = { ...base, columns: [{ ...startTime, nullable: false }, ...others], after };
  const unstarted = {
    ...base,
    where: (binder: Binder) => [...base.where(binder), "r.start_time IS NULL"],
    columns: [{ ...startTime, constant: true }, ...others],
    after: after[0] === null ? after : undefined,
  };
  return after[0] === null ? [unstarted] : [started, unstarted];
}
