import { LIFECYCLE_STAGES, type LifecycleStage, type ViewType } from "../domain/entities.ts";
import type { Int64 } from "../domain/int64.ts";
import { MAX_RUN_TAG_VALUE_LENGTH, MAX_SEARCH_RESULTS } from "../domain/limits.ts";
import { type Comparison, type Condition, comparisonsOf, type Field, isComparison } from "./ast.ts";
import { Binder } from "./binder.ts";
import { conditionSql, conjuncts } from "./conditions.ts";
import { all } from "./connect.ts";
import { type ExperimentTest, experimentTest, toExperimentIds } from "./experiment-ids.ts";
import { type Grammar, RUN_GRAMMAR } from "./grammar.ts";
import type { OrderColumn } from "./order.ts";
import { parseFilter, parseOrderBy } from "./parser.ts";
import { checkMaxResults, type PagePlan, type PageQuery, planPages, type SqlStatement } from "./plan.ts";
import { Candidates, type Cursor } from "./run-candidates.ts";
import { type Driver, driverChoice, drivers } from "./run-driver.ts";
import { isByStart, orderJoins, planRunOrder, type RunOrder } from "./run-order.ts";
import { runSource, valueTable } from "./run-source.ts";
import { metricWalk, type Stretch } from "./run-walk.ts";
import { searchQuery } from "./statement.ts";
import type { Visibility } from "./visibility.ts";

export interface RunSearchQuery extends PageQuery {
  readonly experimentIds: readonly string[];
  readonly filter: string;
  readonly orderBy: readonly string[];
  /** The grammar of the order; MLflow's if absent. */
  readonly orderGrammar?: Grammar;
  readonly viewType: ViewType;
}

/** The statements for the next candidates of a search, to be executed in one transaction. */
export interface RunStep {
  readonly rows: SqlStatement;
  /** Selects the `LastCandidate` if there may be further candidates. Absent if there are none. */
  readonly last?: SqlStatement | undefined;
}

/** A cursor, whether it is the search's first, and how many candidates to look at. */
export interface StepQuery {
  readonly cursor: Cursor;
  readonly isFirst: boolean;
  readonly candidates: number;
}

/**
 * How to read a page of runs. A statement looks at a bounded number of candidates, so that it does not hold the database
 * for long, however many runs there are. Its rows are the first of these candidates in the order of the search, and the
 * page is the first rows of all statements. Most searches need one statement only: it looks at all runs, or finds an index
 * that leads to few runs, or has the order of the search.
 *
 * Rows are `[id, ...position, ...residue columns, isDecided, bytes]`. If a row is decided, the statement has answered for
 * all candidates. `bytes` is the length of the texts in the positions up to and including that row. The rows of a
 * statement end with the first one for which they exceed {@link MAX_POSITION_BYTES}.
 */
export interface RunSearchPlan extends PagePlan {
  /** The columns of the order. */
  readonly columns: readonly OrderColumn[];
  /** The first cursor; undefined if there can be no runs. */
  readonly from: Cursor | undefined;
  /** Whether the runs of an experiment are looked at in the order of the search, so that a full page may end the look. */
  readonly isByStart: boolean;
  /** Most candidates of one statement. */
  readonly candidates: number;
  readonly step: (query: StepQuery) => RunStep;
  readonly count: CountPlan;
  /** The metrics that the filter or the order uses. */
  readonly metricKeys: readonly string[];
  /** The only runs that can match, if the filter lists run ids. */
  readonly listedRunIds: readonly string[] | undefined;
}

/** How to count all runs that match, regardless of the page. */
export interface CountPlan {
  readonly from: Cursor | undefined;
  readonly step: (query: StepQuery) => RunStep;
  /** Whether a step selects the number of `runs`. With residues SQL cannot count, and a step selects rows. */
  readonly isNumber: boolean;
}

export interface RunSearchTuning {
  /** A comparison drives if its index leads to fewer rows than this. If absent, the page's size decides. */
  readonly driverCap?: number;
  /** Most candidates of one statement. If absent, the filter and the order decide. */
  readonly candidates?: number;
}

/** A statement's texts of positions end with the first row beyond this. */
export const MAX_POSITION_BYTES = 8_000_000;

/**
 * There are no statistics, so CROSS JOIN and INDEXED BY pin the plan of every statement.
 * @throws MlflowError INVALID_PARAMETER_VALUE for a page size, experiment ids, filter, order or page token that are not valid.
 */
export function planRunSearch(query: RunSearchQuery, tuning: RunSearchTuning = {}): RunSearchPlan {
  const { filter, orderBy, viewType } = query;
  checkMaxResults(query.maxResults, MAX_SEARCH_RESULTS);
  const conditions = conjuncts(parseFilter(filter, RUN_GRAMMAR));
  const order = planRunOrder(parseOrderBy(orderBy, query.orderGrammar ?? RUN_GRAMMAR));
  const experimentIds = toExperimentIds(query.experimentIds).sort((a, b) => (a < b ? -1 : 1));
  const { columns } = order;
  const { residual, ...pages } = planPages(
    {
      identity: ["runs", query.experimentIds, filter, orderBy, viewType],
      conditions,
      columns,
      longestText: MAX_RUN_TAG_VALUE_LENGTH,
    },
    query,
  );
  const lifecycle = LIFECYCLE_STAGES.find((stage) => viewType === `${stage.toUpperCase()}_ONLY`);
  const { visibility } = query;
  const parts = { pages, experimentIds, visibility, lifecycle, conditions, residual, order, tuning };
  const search = new RunSearch(parts);
  const fromStart = new RunSearch({ ...parts, pages: { ...pages, start: undefined } });
  const isNumber = residual.length === 0;
  return {
    ...pages,
    columns,
    from: search.from,
    isByStart: isByStart(columns),
    candidates: search.candidates,
    step: (step) => search.step(step),
    count: {
      from: fromStart.from,
      step: (step) => (isNumber ? fromStart.count(step) : fromStart.step(step)),
      isNumber,
    },
    metricKeys: metricKeysOf([...conditions.flatMap(comparisonsOf), ...order.terms].map(({ field }) => field)),
    listedRunIds: search.listed,
  };
}

interface SearchParts {
  readonly pages: PagePlan;
  readonly experimentIds: readonly Int64[];
  readonly visibility: Visibility;
  readonly lifecycle: LifecycleStage | undefined;
  readonly conditions: readonly Condition[];
  readonly residual: readonly Condition[];
  readonly order: RunOrder;
  readonly tuning: RunSearchTuning;
}

/** Names that queries use, as `name AS MATERIALIZED (query)`, and queries whose rows follow each other. */
interface Queries {
  readonly names: readonly string[];
  readonly selects: readonly string[];
}

const NO_QUERIES: Queries = { names: [], selects: [] };

class RunSearch {
  readonly #parts: SearchParts;
  readonly #inExperiments: ExperimentTest;
  readonly #candidates: Candidates;
  /** Whether all runs that the search looks at are in its order. */
  readonly #isSorted: boolean;
  readonly candidates: number;
  /** The only runs that can match, if the filter lists run ids. */
  readonly listed: readonly string[] | undefined;

  constructor({ conditions: given, ...others }: SearchParts) {
    const listing = given.filter(isComparison).find(isListOfRunIds);
    const parts = { ...others, conditions: given.filter((condition) => condition !== listing) };
    this.#parts = parts;
    this.listed = listing === undefined ? undefined : runIdsOf(listing);
    const { experimentIds, visibility, lifecycle, conditions, order, tuning } = parts;
    this.#inExperiments = experimentTest(experimentIds, visibility.runsOf);
    this.#candidates = new Candidates(lifecycle, visibility.runsOf, this.listed);
    this.#isSorted = experimentIds.length === 1 && isByStart(order.columns);
    const lookUps =
      conditions.flatMap(comparisonsOf).length + order.terms.filter(({ field }) => valueTable(field)).length;
    this.candidates = tuning.candidates ?? candidatesWith(lookUps);
  }

  get from(): Cursor | undefined {
    const { experimentIds, pages } = this.#parts;
    if (experimentIds.length === 0) return undefined;
    const [startTime, runId] = pages.start ?? [];
    const after = this.#isSorted && pages.start ? ([startTime, runId] as [string | null, string]) : undefined;
    return { experimentIds, after };
  }

  step(query: StepQuery): RunStep {
    const binder = new Binder();
    const { pages, conditions, visibility } = this.#parts;
    const rows = binder.limit(this.#limit(query.candidates));
    const hasShortcuts = query.isFirst && this.listed === undefined;
    const { names, selects, isDecided } = hasShortcuts
      ? this.#shortcuts(query.candidates, rows, binder)
      : { ...NO_QUERIES, isDecided: undefined };
    const limit = isDecided === undefined ? rows : `CASE WHEN ${isDecided} THEN 0 ELSE ${rows} END`;
    const slice = `SELECT *, 0 FROM (${this.#slice(query, limit, binder)})`;
    const named = names.length === 0 ? "" : `WITH ${names.join(",\n")}\n`;
    const statement = this.#statement(named + [...selects, slice].join("\nUNION ALL\n"), binder);
    const isEveryRun = this.#isSorted && conditions.length === 0 && visibility.run === undefined;
    // Every candidate is a row then, so a page that is not full is the last.
    if (isEveryRun && pages.maxResults < query.candidates) return { rows: statement };
    return { rows: statement, last: this.#last(query) };
  }

  count(query: StepQuery): RunStep {
    const binder = new Binder();
    const { conditions, visibility } = this.#parts;
    const countOf = (from: string, where: readonly string[], runId: string, counted?: Condition) => {
      const others = conditions.filter((condition) => condition !== counted);
      const tests = [...where, ...others.map((one) => conditionSql(one, runSource(runId), binder))];
      return `SELECT count(*) AS runs FROM ${from} WHERE ${all(tests)}`;
    };
    const count = (sql: string): SqlStatement => ({ sql, values: binder.values() });
    // An index is counted fast.
    if (conditions.length === 0 && this.listed === undefined && visibility.run === undefined) {
      const ofRuns = [this.#inExperiments("r.experiment_id", binder), ...this.#onRun(binder)];
      return { rows: count(countOf("runs r INDEXED BY runs_by_start", ofRuns, "r.run_id")) };
    }
    const candidates = this.#candidates.query(query.cursor, this.#columns(), binder.limit(query.candidates), binder);
    const slice = countOf(`(${candidates}) r`, this.#ofVisible(binder), "r.run_id");
    const driving = query.isFirst ? this.#drivers() : [];
    if (driving.length === 0) return { rows: count(slice), last: this.#last(query) };
    const choice = driverChoice(driving, this.#driverCap(query.candidates), binder);
    const driven = driving.map((driver, place) => {
      const where = [...driver.where(binder), ...this.#onRun(binder)];
      return `WHEN ${place} THEN (${countOf(drivenRuns(driver), where, "d.run_id", driver.comparison)})`;
    });
    return {
      rows: count(`SELECT CASE (SELECT ${choice}) ${driven.join(" ")} ELSE (${slice}) END AS runs`),
      last: this.#last(query),
    };
  }

  /** Most rows of a statement. */
  #limit(candidates: number): number {
    const { pages } = this.#parts;
    return pages.residues.length > 0 ? pages.sliceSize : Math.min(pages.maxResults + 1, candidates);
  }

  #drivers(): readonly Driver[] {
    if (this.listed !== undefined) return [];
    return drivers(this.#parts.conditions, this.#inExperiments);
  }

  #driverCap(candidates: number): number {
    const { conditions, order, pages, tuning } = this.#parts;
    const isSorted = this.#isSorted || order.terms[0]?.field.entity === "metric";
    // Each row of a driver takes a look-up of its run.
    const bounded = Math.ceil(candidates / 2);
    const worthwhile = isSorted ? worthwhileRows(pages.maxResults, conditions.length) : bounded;
    // All rows of a driver with residues are needed.
    const most = pages.residues.length > 0 ? Math.min(bounded, pages.sliceSize) : bounded;
    return Math.min(tuning.driverCap ?? worthwhile, most);
  }

  /** Queries that may answer for all runs, and SQL whether they have. */
  #shortcuts(candidates: number, rows: string, binder: Binder): Queries & { readonly isDecided: string | undefined } {
    const driving = this.#drivers();
    const driven = driving.map((driver, place) =>
      this.#drivenRuns(driver, `CASE (SELECT place FROM driver) WHEN ${place} THEN ${rows} ELSE 0 END`, binder),
    );
    const choice = driverChoice(driving, this.#driverCap(candidates), binder);
    const isDriven = "(SELECT place FROM driver) >= 0";
    const walks = this.#walks(candidates, driving.length === 0 ? rows : `iif(${isDriven}, 0, ${rows})`, binder);
    const isWalked = `(SELECT count(*) FROM walked) = ${rows}`;
    const decided = [...(driving.length === 0 ? [] : [isDriven]), ...(walks.length === 0 ? [] : [isWalked])];
    return {
      names: [
        // A LIMIT of 0 ends a query before it reads a row; a condition would be tested for every row.
        ...(driving.length === 0 ? [] : [`driver (place) AS MATERIALIZED (SELECT ${choice})`]),
        ...walks,
      ],
      selects: [
        ...driven.map((query) => `SELECT *, 1 FROM (${query})`),
        ...(walks.length === 0 ? [] : [`SELECT *, 1 FROM walked WHERE ${isWalked}`]),
      ],
      isDecided: decided.length === 0 ? undefined : decided.join(" OR "),
    };
  }

  /**
   * The walk along the index of a metric, as names; the last is `walked`. Each stretch reads only the rows that the page
   * still lacks after the previous ones. All see the same state of the database.
   */
  #walks(candidates: number, rows: string, binder: Binder): string[] {
    const { order, conditions, residual, experimentIds, pages, visibility } = this.#parts;
    const [experimentId] = experimentIds;
    // A page that a walk could not fill is left to the candidates.
    const isPossible = residual.length === 0 && pages.maxResults < candidates;
    if (!isPossible || order.terms[0]?.field.entity !== "metric") return [];
    if (experimentId === undefined || experimentIds.length > 1) return [];
    // Without other conditions, the walk meets only deleted runs that it must leave out.
    const isDense = conditions.length === 0 && visibility.run === undefined;
    const most = isDense ? Math.min(candidates, 4 * pages.maxResults + 1000) : candidates;
    const { names, stretches } = metricWalk(
      {
        order,
        conditions,
        experimentId,
        inExperiments: this.#inExperiments,
        candidates: this.#candidates,
        columns: this.#columns(),
        after: pages.start,
        most,
      },
      binder,
    );
    const read = stretches.map((stretch, index) => {
      const before = Array.from({ length: index }, (_, walk) => ` - (SELECT count(*) FROM walk${walk})`).join("");
      const limit = `iif(${stretch.isReached}, ${rows}${before}, 0)`;
      return `walk${index} AS MATERIALIZED (${this.#stretch(stretch, limit, binder)})`;
    });
    if (read.length === 0) return [];
    const walked = read.map((_, index) => `SELECT * FROM walk${index}`).join(" UNION ALL ");
    return [...names, ...read, `walked AS MATERIALIZED (${walked})`];
  }

  /** The next candidates that match, in the order of the search. */
  #slice({ cursor, candidates }: StepQuery, limit: string, binder: Binder): string {
    const { order, conditions, pages } = this.#parts;
    const { after } = cursor;
    const query = this.#candidates.query(cursor, this.#columns(), binder.limit(candidates), binder);
    return this.#query(
      {
        from: `(${query}) r${orderJoins(order, 0, binder)}`,
        where: this.#ofVisible(binder),
        conditions,
        runId: "r.run_id",
        columns: order.columns,
        isSorted: this.#isSorted,
        // The candidates of a sorted search begin after the page before.
        after: this.#isSorted && after !== undefined ? undefined : pages.start,
      },
      limit,
      binder,
    );
  }

  #drivenRuns(driver: Driver, limit: string, binder: Binder): string {
    const { order, conditions, pages } = this.#parts;
    return this.#query(
      {
        from: drivenRuns(driver) + orderJoins(order, 0, binder),
        where: [...driver.where(binder), ...this.#onRun(binder)],
        conditions: conditions.filter((condition) => condition !== driver.comparison),
        runId: "d.run_id",
        columns: order.columns,
        after: pages.start,
      },
      limit,
      binder,
    );
  }

  #stretch(stretch: Stretch, limit: string, binder: Binder): string {
    return this.#query({ ...stretch, where: [...stretch.where, ...this.#onRun(binder)] }, limit, binder);
  }

  #query(parts: Omit<Stretch, "isReached">, limit: string, binder: Binder): string {
    const source = runSource(parts.runId);
    return searchQuery({ ...parts, id: "r.run_id", residual: this.#parts.residual, source, limit }, binder);
  }

  /** What each way to the runs must test beside the experiment. */
  #onRun(binder: Binder): string[] {
    const { lifecycle } = this.#parts;
    const ofStage = lifecycle === undefined ? [] : [`r.lifecycle_stage = ${binder.bind(lifecycle)}`];
    return [...ofStage, ...this.#ofVisible(binder)];
  }

  #ofVisible(binder: Binder): string[] {
    const { run } = this.#parts.visibility;
    return run === undefined ? [] : [run("r.run_id", binder)];
  }

  /** The columns of `runs` that the filter and the order use. */
  #columns(): string[] {
    const { conditions, order } = this.#parts;
    const compared = conditions.flatMap(comparisonsOf).filter(({ field }) => valueTable(field) === undefined);
    return [...compared, ...order.terms].flatMap(({ field: { entity, key } }) => {
      if (entity !== "attribute") return [];
      return key === "duration" ? ["end_time"] : [key];
    });
  }

  /** The last of the candidates, unless a driver answers for all. */
  #last({ cursor, isFirst, candidates }: StepQuery): SqlStatement {
    const binder = new Binder();
    const last = this.#candidates.last(cursor, candidates, binder);
    const driving = isFirst ? this.#drivers() : [];
    if (driving.length === 0) return { sql: last, values: binder.values() };
    const choice = driverChoice(driving, this.#driverCap(candidates), binder);
    return { sql: `SELECT * FROM (${last}) WHERE (SELECT ${choice}) < 0`, values: binder.values() };
  }

  /** Names the columns of rows, and adds the bytes of the positions' texts. */
  #statement(sql: string, binder: Binder): SqlStatement {
    const { order, pages } = this.#parts;
    const width = pages.positionLength + pages.residues.reduce((sum, residue) => sum + residue.width, 1);
    const names = Array.from({ length: width + 1 }, (_, index) => `c${index}`);
    const texts = order.columns.flatMap(({ type, sql: column }, index) =>
      type === "text" && column !== "r.run_id" ? [`coalesce(octet_length(c${index + 1}), 0)`] : [],
    );
    const named = `WITH found (${names.join(", ")}) AS (${sql})`;
    if (texts.length === 0) return { sql: `${named} SELECT *, 0 AS c${width + 1} FROM found`, values: binder.values() };
    const own = texts.join(" + ");
    return {
      sql: `${named} SELECT * FROM (SELECT *, sum(${own}) OVER (ROWS UNBOUNDED PRECEDING) AS c${width + 1} FROM found)
        WHERE c${width + 1} - (${own}) <= ${MAX_POSITION_BYTES}`,
      values: binder.values(),
    };
  }
}

function isListOfRunIds(comparison: Comparison): boolean {
  const { field } = comparison;
  if (field.entity !== "attribute" || field.key !== "run_id") return false;
  return comparison.kind === "list" ? !comparison.negated : comparison.kind === "text" && comparison.comparator === "=";
}

function drivenRuns(driver: Driver): string {
  return `${driver.from} CROSS JOIN runs r ON r.run_id = d.run_id`;
}

function runIdsOf(listed: Comparison): readonly string[] {
  return listed.kind === "list" ? listed.values.map(String) : listed.kind === "text" ? [listed.value] : [];
}

/** The keys of the fields that are metrics, each once. */
export function metricKeysOf(fields: readonly Field[]): string[] {
  return [...new Set(fields.filter((field) => valueTable(field)?.table === "latest_metrics").map(({ key }) => key))];
}

/**
 * The number of rows up to which a driver is cheaper than a walk along an index, which ends when the page is full. If the
 * driver's index has k of n runs, the walk takes about n/k steps for each run of the page, and more with every further
 * condition; the driver takes k steps in total. n is not known: this is the balance for 10,000 to 100,000 runs.
 */
function worthwhileRows(limit: number, conditions: number): number {
  return Math.max(1000, Math.round((conditions > 1 ? 800 : 200) * Math.sqrt(limit)));
}

/** Most candidates of a statement with few look-ups. MLflow's client asks for pages of 10,000 runs, which fit. */
const MAX_CANDIDATES = 12_000;
const MIN_CANDIDATES = 500;

/** A look-up takes 1 to 2 µs. So a statement takes some 100 ms at most, on a busy machine. */
const MAX_LOOK_UPS = 40_000;

/** @param lookUps how many look-ups a statement makes for each candidate */
function candidatesWith(lookUps: number): number {
  return Math.min(MAX_CANDIDATES, Math.max(MIN_CANDIDATES, Math.floor(MAX_LOOK_UPS / (1 + lookUps))));
}
