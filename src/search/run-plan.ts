import { LIFECYCLE_STAGES, type LifecycleStage, type ViewType } from "../domain/entities.ts";
import { MAX_RUN_TAG_VALUE_LENGTH, MAX_SEARCH_RESULTS } from "../domain/limits.ts";
import { type Comparison, type Condition, comparisonsOf, type Field, isComparison } from "./ast.ts";
import { Binder } from "./binder.ts";
import { conditionSql, conjuncts } from "./conditions.ts";
import { all } from "./connect.ts";
import { type ExperimentTest, experimentTest, toExperimentIds } from "./experiment-ids.ts";
import { type Grammar, RUN_GRAMMAR } from "./grammar.ts";
import { parseFilter, parseOrderBy } from "./parser.ts";
import {
  checkMaxResults,
  type PageQuery,
  type Position,
  planSearch,
  type SearchPlan,
  type SqlStatement,
} from "./plan.ts";
import { type Driver, driverChoice, drivers } from "./run-driver.ts";
import { orderJoins, planRunOrder, type RunOrder } from "./run-order.ts";
import { runSource, valueTable } from "./run-source.ts";
import { planWalk, type Stretch } from "./run-walk.ts";
import { pageStatement, searchQuery } from "./statement.ts";
import type { Predicate } from "./visibility.ts";

export interface RunSearchQuery extends PageQuery {
  readonly experimentIds: readonly string[];
  readonly filter: string;
  readonly orderBy: readonly string[];
  /** The grammar of the order; MLflow's if absent. */
  readonly orderGrammar?: Grammar;
  readonly viewType: ViewType;
}

export interface RunSearchPlan extends SearchPlan {
  /** Counts all matching runs, regardless of the page; undefined if there is a residue, because SQL then cannot count. */
  readonly count: SqlStatement | undefined;
  /** The metrics that the filter or the order uses. */
  readonly metricKeys: readonly string[];
  /** The only runs that can match, if the filter lists run ids. */
  readonly listedRunIds: readonly string[] | undefined;
}

export interface RunSearchTuning {
  /** A comparison drives if its index leads to fewer rows than this. If absent, the page's size decides. */
  readonly driverCap?: number;
}

/**
 * A search has one of three plans, each pinned by CROSS JOIN and INDEXED BY because there are no statistics. It starts from
 * the listed run ids; or from the index of a comparison that few runs satisfy (a driver); or it walks along the order and
 * tests run after run until the page is full. For a metric or the start time, the order is an index too.
 * @throws MlflowError INVALID_PARAMETER_VALUE for a page size, experiment ids, filter, order or page token that are not valid.
 */
export function planRunSearch(query: RunSearchQuery, tuning: RunSearchTuning = {}): RunSearchPlan {
  const { experimentIds, filter, orderBy, viewType } = query;
  checkMaxResults(query.maxResults, MAX_SEARCH_RESULTS);
  const conditions = conjuncts(parseFilter(filter, RUN_GRAMMAR));
  const order = planRunOrder(parseOrderBy(orderBy, query.orderGrammar ?? RUN_GRAMMAR));
  const inExperiments = experimentTest(toExperimentIds(experimentIds), query.visibility.runsOf);
  const isOneExperiment = new Set(experimentIds).size === 1;
  const { run } = query.visibility;
  const search = new RunSearch(inExperiments, run, isOneExperiment, viewType, conditions, order, tuning);
  const plan = planSearch(
    {
      identity: ["runs", experimentIds, filter, orderBy, viewType],
      conditions,
      columns: order.columns,
      longestText: MAX_RUN_TAG_VALUE_LENGTH,
      statement: (page) => (experimentIds.length === 0 ? undefined : search.statement(page)),
    },
    query,
  );
  const listed = conditions.filter(isComparison).find(isListOfRunIds);
  return {
    ...plan,
    count: plan.residues.length === 0 ? search.count() : undefined,
    metricKeys: metricKeysOf([...conditions.flatMap(comparisonsOf), ...order.terms].map(({ field }) => field)),
    listedRunIds: listed === undefined ? undefined : runIdsOf(listed),
  };
}

/** One page of a search. */
interface Page {
  readonly residual: readonly Condition[];
  readonly after: Position | undefined;
  readonly limit: number;
}

/** The queries of one statement, in the order of their rows. */
interface Queries {
  /** Names that the queries use, as `name AS MATERIALIZED (query)`. */
  readonly names: readonly string[];
  readonly selects: readonly string[];
}

class RunSearch {
  readonly #inExperiments: ExperimentTest;
  readonly #isVisible: Predicate | undefined;
  readonly #isOneExperiment: boolean;
  readonly #lifecycle: LifecycleStage | undefined;
  readonly #conditions: readonly Condition[];
  readonly #order: RunOrder;
  readonly #tuning: RunSearchTuning;

  constructor(
    inExperiments: ExperimentTest,
    isVisible: Predicate | undefined,
    isOneExperiment: boolean,
    viewType: ViewType,
    conditions: readonly Condition[],
    order: RunOrder,
    tuning: RunSearchTuning,
  ) {
    this.#inExperiments = inExperiments;
    this.#isVisible = isVisible;
    this.#isOneExperiment = isOneExperiment;
    this.#lifecycle = LIFECYCLE_STAGES.find((stage) => viewType === `${stage.toUpperCase()}_ONLY`);
    this.#conditions = conditions;
    this.#order = order;
    this.#tuning = tuning;
  }

  statement(page: Page): SqlStatement {
    const binder = new Binder();
    const listed = this.#conditions.filter(isComparison).find(isListOfRunIds);
    const sql = listed === undefined ? this.#walkOrDrive(page, binder) : this.#listedRuns(listed, page, binder);
    return pageStatement(sql, { columns: this.#order.columns, residual: page.residual }, page.limit, binder);
  }

  #walkOrDrive(page: Page, binder: Binder): string {
    const walk = planWalk(this.#order, this.#conditions, this.#isOneExperiment && this.#lifecycle !== undefined);
    const candidates = drivers(
      this.#conditions.filter((condition) => !walk.decides.includes(condition)),
      this.#inExperiments,
    );
    const stretches = walk.stretches(page.after, this.#inExperiments);
    const rows = binder.limit(page.limit);
    if (candidates.length === 0) return connect(this.#walks(stretches, page, binder, (wanted) => wanted(rows)));
    const worthwhile = walk.isSorted ? worthwhileRows(page.limit, this.#conditions.length) : WORTH_ANY_SORT;
    const choice = driverChoice(candidates, this.#tuning.driverCap ?? worthwhile, binder);
    // A LIMIT of 0 ends a query before it reads a row; a condition would be tested for every row.
    const ifChosen = (place: number, limit: string) =>
      `CASE (SELECT place FROM driver) WHEN ${place} THEN ${limit} ELSE 0 END`;
    const driven = candidates.map((driver, place) => this.#drivenRuns(driver, page, ifChosen(place, rows), binder));
    const walks = this.#walks(stretches, page, binder, (wanted) => ifChosen(-1, wanted(rows)));
    return connect({
      names: [`driver (place) AS MATERIALIZED (SELECT ${choice})`, ...walks.names],
      selects: [...driven.map((query) => `SELECT * FROM (${query})`), ...walks.selects],
    });
  }

  /**
   * Reads the stretches in sequence. Each stretch reads only the rows that the page still lacks after the previous ones, so
   * that none does needless work. All see the same state of the database.
   * @param limited makes the LIMIT; it is passed a function from the page's rows to the rows still wanted.
   */
  #walks(
    stretches: readonly Stretch[],
    page: Page,
    binder: Binder,
    limited: (wanted: (rows: string) => string) => string,
  ): Queries {
    const left = (rows: string, before: number) =>
      [rows, ...stretches.slice(0, before).map((_, index) => `(SELECT count(*) FROM walk${index})`)].join(" - ");
    const queries = stretches.map((stretch, index) =>
      this.#walk(
        stretch,
        page,
        limited((rows) => left(rows, index)),
        binder,
      ),
    );
    const last = queries.at(-1);
    return {
      names: queries.slice(0, -1).map((query, index) => `walk${index} AS MATERIALIZED (${query})`),
      selects: [
        ...queries.slice(0, -1).map((_, index) => `SELECT * FROM walk${index}`),
        ...(last === undefined ? [] : [`SELECT * FROM (${last})`]),
      ],
    };
  }

  /**
   * Counts along a driver's index if there is one: the index never leads to more runs than there are, so it is never
   * slower.
   */
  count(): SqlStatement {
    const binder = new Binder();
    const { from, where, counted, runId } = this.#wayToAll(binder);
    const source = runSource(runId);
    const others = this.#conditions.filter((condition) => condition !== counted);
    const tests = [...where, ...this.#onRun(binder), ...others.map((one) => conditionSql(one, source, binder))];
    return { sql: `SELECT count(*) AS runs FROM ${from} WHERE ${all(tests)}`, values: binder.values() };
  }

  /** The tables to scan, and the condition that the scan alone decides. */
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

  /** What each way to the runs must test beside the experiment. */
  #onRun(binder: Binder): string[] {
    return [
      ...(this.#lifecycle === undefined ? [] : [`r.lifecycle_stage = ${binder.bind(this.#lifecycle)}`]),
      ...(this.#isVisible === undefined ? [] : [this.#isVisible("r.run_id", binder)]),
    ];
  }

  #listedRuns(listed: Comparison, { residual, after, limit }: Page, binder: Binder): string {
    return searchQuery(
      {
        id: "r.run_id",
        from: listedRuns(listed, binder) + orderJoins(this.#order, 0, binder),
        where: [this.#inExperiments("r.experiment_id", binder), ...this.#onRun(binder)],
        conditions: this.#conditions.filter((condition) => condition !== listed),
        residual,
        source: runSource("r.run_id"),
        columns: this.#order.columns,
        after,
        limit: binder.limit(limit),
      },
      binder,
    );
  }

  #drivenRuns(driver: Driver, { residual, after }: Page, limit: string, binder: Binder): string {
    return searchQuery(
      {
        id: "r.run_id",
        from: `${driver.from} CROSS JOIN runs r ON r.run_id = d.run_id${orderJoins(this.#order, 0, binder)}`,
        where: [...driver.where(binder), ...this.#onRun(binder)],
        conditions: this.#conditions.filter((condition) => condition !== driver.comparison),
        residual,
        source: runSource("d.run_id"),
        columns: this.#order.columns,
        after,
        limit,
      },
      binder,
    );
  }

  #walk(stretch: Stretch, { residual }: Page, limit: string, binder: Binder): string {
    return searchQuery(
      {
        id: "r.run_id",
        from: stretch.from(binder),
        where: [...stretch.where(binder), ...this.#onRun(binder)],
        conditions: stretch.conditions,
        residual,
        source: runSource(stretch.runId),
        columns: stretch.columns,
        after: stretch.after,
        limit,
      },
      binder,
    );
  }
}

/** Joins several SELECTs into one; their rows follow each other. */
function connect({ names, selects }: Queries): string {
  const [only, another] = selects;
  if (names.length === 0 && only !== undefined && another === undefined) return only;
  const named = names.length === 0 ? "" : `WITH ${names.join(",\n")}\n`;
  return named + selects.join("\nUNION ALL\n");
}

function isListOfRunIds(comparison: Comparison): boolean {
  const { field } = comparison;
  if (field.entity !== "attribute" || field.key !== "run_id") return false;
  return comparison.kind === "list" ? !comparison.negated : comparison.kind === "text" && comparison.comparator === "=";
}

function listedRuns(listed: Comparison, binder: Binder): string {
  return `(SELECT DISTINCT value FROM ${binder.list(runIdsOf(listed))}) d CROSS JOIN runs r ON r.run_id = d.value`;
}

function runIdsOf(listed: Comparison): readonly string[] {
  return listed.kind === "list" ? listed.values.map(String) : listed.kind === "text" ? [listed.value] : [];
}

/** The keys of the fields that are metrics, each once. */
export function metricKeysOf(fields: readonly Field[]): string[] {
  return [...new Set(fields.filter((field) => valueTable(field)?.table === "latest_metrics").map(({ key }) => key))];
}

/** The cap of rows for a driver if no index has the order: the alternative is then to read and sort all runs. */
const WORTH_ANY_SORT = 100_000;

/**
 * The number of rows up to which a driver is cheaper than a walk along an index, which ends when the page is full. If the
 * driver's index has k of n runs, the walk takes about n/k steps for each run of the page, and more with every further
 * condition; the driver takes k steps in total. n is not known: this is the balance for 10,000 to 100,000 runs.
 */
function worthwhileRows(limit: number, conditions: number): number {
  return Math.max(1000, Math.round((conditions > 1 ? 800 : 200) * Math.sqrt(limit)));
}
