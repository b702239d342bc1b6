import { LIFECYCLE_STAGES, type LifecycleStage, type ViewType } from "../domain/entities.ts";
import { type Comparison, type Condition, isComparison } from "./ast.ts";
import { Binder } from "./binder.ts";
import { conditionSql, conjuncts, residueOf } from "./conditions.ts";
import { toExperimentId } from "./experiment-id.ts";
import { type Grammar, RUN_GRAMMAR } from "./grammar.ts";
import type { OrderColumn } from "./order.ts";
import { pageToken, parsePageToken, queryFingerprint } from "./page-token.ts";
import { parseFilter, parseOrderBy } from "./parser.ts";
import { type Position, type SearchPlan, type SqlStatement, sliceSize } from "./plan.ts";
import { type Driver, driverChoice, drivers, type ExperimentTest } from "./run-driver.ts";
import { joinAlias, METRIC_RANKS, orderJoins, planRunOrder, type RunOrder } from "./run-order.ts";
import { runSource } from "./run-source.ts";
import { searchQuery } from "./statement.ts";

export interface RunSearchQuery {
  readonly experimentIds: readonly string[];
  readonly filter: string;
  readonly orderBy: readonly string[];
  /** What there is to order by; MLflow's where absent. */
  readonly orderGrammar?: Grammar;
  readonly viewType: ViewType;
  readonly maxResults: number;
  readonly pageToken?: string | undefined;
}

export interface RunSearchPlan extends SearchPlan {
  /** Counts all runs that match, whatever the page; undefined where there is a residue, which SQL cannot count. */
  readonly count: SqlStatement | undefined;
}

export interface RunSearchTuning {
  /** A comparison drives where its index leads to fewer rows than this; chosen by the page's size where absent. */
  readonly driverCap?: number;
}

/**
 * A search takes one of three ways, each pinned by CROSS JOIN and INDEXED BY because there are no statistics:
 * from the listed run ids; from the index of a comparison that few runs satisfy (a driver); or along the order, which
 * for a metric or the start time is an index too, testing run after run until the page is full.
 * @throws MlflowError INVALID_PARAMETER_VALUE for experiment ids, filter, order or page token that are not valid.
 */
export function planRunSearch(query: RunSearchQuery, tuning: RunSearchTuning = {}): RunSearchPlan {
  const conditions = conjuncts(parseFilter(query.filter, RUN_GRAMMAR));
  const order = planRunOrder(parseOrderBy(query.orderBy, query.orderGrammar ?? RUN_GRAMMAR));
  const residual = conditions.filter((condition) => residueOf(condition) !== undefined);
  const { experimentIds, filter, orderBy, viewType } = query;
  const fingerprint = queryFingerprint(["runs", experimentIds, filter, orderBy, viewType]);
  const search = new RunSearch(
    [...new Set(experimentIds.map(toExperimentId))],
    viewType,
    conditions,
    residual,
    order,
    tuning,
  );
  return {
    maxResults: query.maxResults,
    start: query.pageToken ? parsePageToken(query.pageToken, fingerprint, order.columns) : undefined,
    positionLength: order.columns.length,
    residues: residual.map((condition) => residueOf(condition)!.residue),
    sliceSize: sliceSize(residual.length > 0 || order.carriesTexts),
    pageToken: (last) => pageToken(fingerprint, last),
    stages: (after, limit) => (experimentIds.length === 0 ? [] : search.stages(after, limit)),
    count: residual.length === 0 ? search.count() : undefined,
  };
}

/** One stretch of the walk along the order. */
interface Stretch {
  readonly from: (binder: Binder) => string;
  readonly where: (binder: Binder) => string[];
  readonly conditions: readonly Condition[];
  readonly runId: string;
  readonly columns: readonly OrderColumn[];
  readonly after: Position | undefined;
}

class RunSearch {
  readonly #experimentIds: readonly (number | bigint)[];
  readonly #lifecycle: LifecycleStage | undefined;
  readonly #conditions: readonly Condition[];
  readonly #residual: readonly Condition[];
  readonly #order: RunOrder;
  readonly #tuning: RunSearchTuning;

  constructor(
    experimentIds: readonly (number | bigint)[],
    viewType: ViewType,
    conditions: readonly Condition[],
    residual: readonly Condition[],
    order: RunOrder,
    tuning: RunSearchTuning,
  ) {
    this.#experimentIds = experimentIds;
    this.#lifecycle = LIFECYCLE_STAGES.find((stage) => viewType === `${stage.toUpperCase()}_ONLY`);
    this.#conditions = conditions;
    this.#residual = residual;
    this.#order = order;
    this.#tuning = tuning;
  }

  stages(after: Position | undefined, limit: number): SqlStatement[] {
    const listed = this.#conditions.filter(isComparison).find(isListOfRunIds);
    if (listed !== undefined) return [this.#listedRuns(listed, after, limit)];
    const metricFirst = this.#order.terms[0]?.field.entity === "metric";
    // The order's own metric is as good a way by its index, and sorted.
    const walked: readonly Condition[] = metricFirst ? this.#onOrderMetric() : [];
    const others = this.#conditions.filter((condition) => !walked.includes(condition));
    const candidates = drivers(others, this.#inExperiments);
    const walksIndex = metricFirst || this.#startsByTime();
    const worthwhile = walksIndex ? worthwhileRows(limit, this.#conditions.length) : WORTH_ANY_SORT;
    const cap = this.#tuning.driverCap ?? worthwhile;
    const stretches = metricFirst ? this.#metricStretches(after) : this.#timeStretches(after);
    return stretches.map((stretch, index) => {
      const binder = new Binder();
      const rows = binder.limit(limit);
      if (candidates.length === 0) {
        return { sql: this.#walk(stretch, rows, binder), values: binder.values() };
      }
      // A LIMIT of 0 ends a query before it reads a row, where a condition would be asked of every row.
      const ifChosen = (place: number) => `CASE (SELECT place FROM driver) WHEN ${place} THEN ${rows} ELSE 0 END`;
      const queries = [
        ...(index === 0
          ? candidates.map((driver, place) => this.#drivenRuns(driver, after, ifChosen(place), binder))
          : []),
        this.#walk(stretch, ifChosen(-1), binder),
      ];
      const choice = `WITH driver (place) AS MATERIALIZED (SELECT ${driverChoice(candidates, cap, binder)})`;
      const sql = `${choice}\n${queries.map((query) => `SELECT * FROM (${query})`).join("\nUNION ALL\n")}`;
      return { sql, values: binder.values() };
    });
  }

  /** A driver's index leads to no more runs than there are, so it is never the longer way to all of them. */
  count(): SqlStatement {
    const binder = new Binder();
    const { from, where, counted, runId } = this.#wayToAll(binder);
    const source = runSource(runId);
    const others = this.#conditions.filter((condition) => condition !== counted);
    const all = [...where, ...this.#inLifecycle(binder), ...others.map((one) => conditionSql(one, source, binder))];
    return { sql: `SELECT count(*) AS runs FROM ${from} WHERE ${all.join(" AND ")}`, values: binder.values() };
  }

  /** The tables to go through, and the condition that this alone decides. */
  #wayToAll(binder: Binder): { from: string; where: string[]; counted: Condition | undefined; runId: string } {
    const listed = this.#conditions.filter(isComparison).find(isListOfRunIds);
    if (listed !== undefined) {
      const where = [this.#inExperiments("r.experiment_id", binder)];
      return { from: listedRuns(listed, binder), where, counted: listed, runId: "r.run_id" };
    }
    const [driver] = drivers(this.#conditions, this.#inExperiments);
    if (driver !== undefined) {
      const from = `${driver.from} CROSS JOIN runs r ON r.run_id = d.run_id`;
      return { from, where: driver.where(binder), counted: driver.comparison, runId: "d.run_id" };
    }
    const where = [this.#inExperiments("r.experiment_id", binder)];
    return { from: "runs r INDEXED BY runs_by_start", where, counted: undefined, runId: "r.run_id" };
  }

  readonly #inExperiments: ExperimentTest = (column, binder) => {
    const [only, another] = this.#experimentIds;
    if (only !== undefined && another === undefined) return `${column} = ${binder.number(only)}`;
    return `${column} IN (SELECT value FROM ${binder.list(this.#experimentIds)})`;
  };

  #inLifecycle(binder: Binder): string[] {
    return this.#lifecycle === undefined ? [] : [`r.lifecycle_stage = ${binder.bind(this.#lifecycle)}`];
  }

  /** Whether the index `runs_by_start` has the searched runs in the wanted order. */
  #startsByTime(): boolean {
    const [first, second] = this.#order.columns;
    const isDefault =
      first?.sql === "r.start_time" && !first.ascending && second?.sql === "r.run_id" && second.ascending;
    return isDefault && this.#experimentIds.length === 1 && this.#lifecycle !== undefined;
  }

  /** What every run of the walk along a metric must satisfy in that metric. */
  #onOrderMetric(): Comparison[] {
    const { field: first } = this.#order.terms[0]!;
    return this.#conditions
      .filter(isComparison)
      .filter(({ field }) => field.entity === first.entity && field.key === first.key);
  }

  #listedRuns(listed: Comparison, after: Position | undefined, limit: number): SqlStatement {
    const binder = new Binder();
    const sql = searchQuery(
      {
        id: "r.run_id",
        from: listedRuns(listed, binder) + orderJoins(this.#order, 0, binder),
        where: [this.#inExperiments("r.experiment_id", binder), ...this.#inLifecycle(binder)],
        conditions: this.#conditions.filter((condition) => condition !== listed),
        residual: this.#residual,
        source: runSource("r.run_id"),
        columns: this.#order.columns,
        after,
        limit: binder.limit(limit),
        isLast: true,
      },
      binder,
    );
    return { sql, values: binder.values() };
  }

  #drivenRuns(driver: Driver, after: Position | undefined, limit: string, binder: Binder): string {
    const others = this.#conditions.filter((condition) => condition !== driver.comparison);
    return searchQuery(
      {
        id: "r.run_id",
        from: `${driver.from} CROSS JOIN runs r ON r.run_id = d.run_id${orderJoins(this.#order, 0, binder)}`,
        where: [...driver.where(binder), ...this.#inLifecycle(binder)],
        conditions: others,
        residual: this.#residual,
        source: runSource("d.run_id"),
        columns: this.#order.columns,
        after,
        limit,
        isLast: true,
      },
      binder,
    );
  }

  #walk(stretch: Stretch, limit: string, binder: Binder): string {
    return searchQuery(
      {
        id: "r.run_id",
        from: stretch.from(binder),
        where: [...stretch.where(binder), ...this.#inLifecycle(binder)],
        conditions: stretch.conditions,
        residual: this.#residual,
        source: runSource(stretch.runId),
        columns: stretch.columns,
        after: stretch.after,
        limit,
        isLast: false,
      },
      binder,
    );
  }

  /** The runs whose metric is a number, those where it is NaN, those without it. */
  #metricStretches(after: Position | undefined): Stretch[] {
    const [rank, value, ...others] = this.#order.columns as [OrderColumn, OrderColumn, ...OrderColumn[]];
    const onMetric = this.#onOrderMetric();
    const isOnMetric = new Set<Condition>(onMetric);
    const onOthers = this.#conditions.filter((condition) => !isOnMetric.has(condition));
    const alias = joinAlias(0);
    const { key } = this.#order.terms[0]!.field;
    const indexed = (isNan: 0 | 1, conditions: readonly Condition[], columns: readonly OrderColumn[]): Stretch => ({
      from: (binder) =>
        `latest_metrics ${alias} INDEXED BY latest_metrics_by_value CROSS JOIN runs r ON r.run_id = ${alias}.run_id${orderJoins(this.#order, 1, binder)}`,
      where: (binder) => [
        this.#inExperiments(`${alias}.experiment_id`, binder),
        `${alias}.key = ${binder.bind(key)}`,
        `${alias}.is_nan = ${isNan}`,
        ...onMetric.flatMap((comparison) =>
          comparison.kind === "number" && isNan === 0
            ? [`${alias}.value ${comparison.comparator} ${binder.number(comparison.value)}`]
            : [],
        ),
      ],
      conditions,
      runId: `${alias}.run_id`,
      columns,
      after: afterIn(isNan),
    });
    const constant = (column: OrderColumn, sql: string): OrderColumn => ({ ...column, sql, constant: true });
    const afterIn = (wanted: number) => (after?.[0] === wanted ? after : undefined);
    const stretches: { readonly rank: number; readonly possible: boolean; readonly stretch: () => Stretch }[] = [
      {
        rank: METRIC_RANKS.number,
        possible: true,
        stretch: () => indexed(0, onOthers, [constant(rank, "0"), { ...value, nullable: false }, ...others]),
      },
      {
        rank: METRIC_RANKS.nan,
        possible: onMetric.every((comparison) => comparison.kind === "number" && comparison.comparator === "!="),
        stretch: () => indexed(1, onOthers, [constant(rank, "1"), constant(value, `${alias}.value`), ...others]),
      },
      {
        rank: METRIC_RANKS.missing,
        possible: onMetric.length === 0,
        stretch: () => ({
          from: (binder) => `runs r INDEXED BY runs_by_start${orderJoins(this.#order, 1, binder)}`,
          where: (binder) => [
            this.#inExperiments("r.experiment_id", binder),
            `(SELECT 1 FROM latest_metrics WHERE run_id = r.run_id AND key = ${binder.bind(key)}) IS NULL`,
          ],
          conditions: onOthers,
          runId: "r.run_id",
          columns: [constant(rank, "2"), constant(value, "NULL"), ...others],
          after: afterIn(METRIC_RANKS.missing),
        }),
      },
    ];
    return stretches
      .filter(({ rank, possible }) => possible && rank >= Number(after?.[0] ?? METRIC_RANKS.number))
      .map(({ stretch }) => stretch());
  }

  /** All runs in one statement; on later pages of the default order in two, so that the index begins at the position. */
  #timeStretches(after: Position | undefined): Stretch[] {
    const { columns } = this.#order;
    const base = {
      from: (binder: Binder) => `runs r INDEXED BY runs_by_start${orderJoins(this.#order, 0, binder)}`,
      where: (binder: Binder) => [this.#inExperiments("r.experiment_id", binder)],
      conditions: this.#conditions,
      runId: "r.run_id",
    };
    if (after === undefined || !this.#startsByTime()) return [{ ...base, columns, after }];
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
}

function isListOfRunIds(comparison: Comparison): boolean {
  const { field } = comparison;
  if (field.entity !== "attribute" || field.key !== "run_id") return false;
  return comparison.kind === "list" ? !comparison.negated : comparison.kind === "text" && comparison.comparator === "=";
}

function listedRuns(listed: Comparison, binder: Binder): string {
  const runIds = listed.kind === "list" ? listed.values : listed.kind === "text" ? [listed.value] : [];
  return `(SELECT DISTINCT value FROM ${binder.list(runIds)}) d CROSS JOIN runs r ON r.run_id = d.value`;
}

/** Without an index to walk along, all runs are looked at and sorted. */
const WORTH_ANY_SORT = 100_000;

/**
 * A walk along an index ends with the page. With k of n runs behind the driver's index it takes about n/k steps a run,
 * and more with every further condition; the driver k steps in all. n is not known: this is the balance for 10,000 to
 * 100,000 runs.
 */
function worthwhileRows(limit: number, conditions: number): number {
  return Math.max(1000, Math.round((conditions > 1 ? 800 : 200) * Math.sqrt(limit)));
}
