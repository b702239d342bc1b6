import { Binder } from "./binder.ts";
import { MAX_CANDIDATES } from "./candidates.ts";
import type { ExperimentCursor } from "./experiment-candidates.ts";
import type { Step, StepQuery } from "./plan.ts";
import type { Driver } from "./run-driver.ts";
import { orderJoins } from "./run-order.ts";
import { drivenRuns, type RunScope } from "./run-scope.ts";
import { runSource } from "./run-source.ts";
import { metricWalk, type Stretch } from "./run-walk.ts";
import { mostRows, searchQuery, stepStatement } from "./statement.ts";

/** The next runs that match. */
export function runStep(scope: RunScope, query: StepQuery<ExperimentCursor>): Step {
  const binder = new Binder();
  const { pages, order, conditions, visibility } = scope.parts;
  const rows = binder.limit(mostRows(pages, query.candidates));
  const hasShortcuts = query.isFirst && scope.listed === undefined;
  const { names, selects, isDecided } = hasShortcuts ? shortcuts(scope, query.candidates, rows, binder) : NO_SHORTCUTS;
  const limit = isDecided === undefined ? rows : `CASE WHEN ${isDecided} THEN 0 ELSE ${rows} END`;
  const ofSlice = `SELECT *, 0 FROM (${slice(scope, query, limit, binder)})`;
  const named = names.length === 0 ? "" : `WITH ${names.join(",\n")}\n`;
  const sql = named + [...selects, ofSlice].join("\nUNION ALL\n");
  const statement = stepStatement(sql, pages, order.columns, "r.run_id", binder);
  const isEveryRun = scope.isSorted && conditions.length === 0 && visibility.run === undefined;
  // Every candidate is a row then, so a page that is not full is the last.
  if (isEveryRun && pages.maxResults < query.candidates) return { rows: statement };
  return { rows: statement, last: scope.last(query) };
}

/** Queries that may answer for all runs. */
interface Shortcuts {
  /** Names that the queries use, as `name AS MATERIALIZED (query)`. */
  readonly names: readonly string[];
  /** Queries whose rows follow each other. */
  readonly selects: readonly string[];
  /** SQL whether they have answered. */
  readonly isDecided: string | undefined;
}

const NO_SHORTCUTS: Shortcuts = { names: [], selects: [], isDecided: undefined };

function shortcuts(scope: RunScope, candidates: number, rows: string, binder: Binder): Shortcuts {
  const driving = scope.drivers;
  const driven = driving.map((driver, place) =>
    ofDriver(scope, driver, `CASE (SELECT place FROM driver) WHEN ${place} THEN ${rows} ELSE 0 END`, binder),
  );
  const choice = scope.driverChoice(candidates, binder);
  const isDriven = "(SELECT place FROM driver) >= 0";
  const walks = walksOf(scope, candidates, driving.length === 0 ? undefined : isDriven, binder);
  const decided = [...(driving.length === 0 ? [] : [isDriven]), ...(walks === undefined ? [] : [walks.isWalked])];
  return {
    names: [
      // A LIMIT of 0 ends a query before it reads a row; a condition would be tested for every row.
      ...(driving.length === 0 ? [] : [`driver (place) AS MATERIALIZED (SELECT ${choice})`]),
      ...(walks?.names ?? []),
    ],
    selects: [
      ...driven.map((query) => `SELECT *, 1 FROM (${query})`),
      ...(walks === undefined ? [] : [`SELECT *, 1 FROM walked WHERE ${walks.isWalked}`]),
    ],
    isDecided: decided.length === 0 ? undefined : decided.join(" OR "),
  };
}

/** The walk along an index, and SQL whether it has filled the page. */
interface Walks {
  /** The last of the names is `walked`. */
  readonly names: readonly string[];
  readonly isWalked: string;
}

/**
 * The walk along the index of a metric. Each stretch reads only the rows that the page still lacks after the previous ones.
 * All see the same state of the database. Undefined if there is no such index.
 * @param isDriven SQL: whether a driver answers, so that the walk reads nothing
 */
function walksOf(scope: RunScope, candidates: number, isDriven: string | undefined, binder: Binder): Walks | undefined {
  const { order, conditions, residual, experimentIds, pages, visibility, tuning } = scope.parts;
  const [experimentId] = experimentIds;
  // Without other conditions, the walk meets only deleted runs that it must leave out.
  const isDense = conditions.length === 0 && visibility.run === undefined;
  const most = isDense ? Math.min(tuning.candidates ?? MAX_CANDIDATES, 4 * pages.maxResults + 1000) : candidates;
  // A page that a walk could not fill is left to the candidates.
  const isPossible = residual.length === 0 && pages.maxResults < most;
  if (!isPossible || order.terms[0]?.field.entity !== "metric") return undefined;
  if (experimentId === undefined || experimentIds.length > 1) return undefined;
  const ofPage = binder.limit(pages.maxResults + 1);
  const rows = isDriven === undefined ? ofPage : `iif(${isDriven}, 0, ${ofPage})`;
  const { inExperiments, candidates: ofScope, columns } = scope;
  const walk = { order, conditions, experimentId, inExperiments, candidates: ofScope, columns };
  const { names, stretches } = metricWalk({ ...walk, after: pages.start, most }, binder);
  const read = stretches.map((stretch, index) => {
    const before = Array.from({ length: index }, (_, place) => ` - (SELECT count(*) FROM walk${place})`).join("");
    const limit = `iif(${stretch.isReached}, ${rows}${before}, 0)`;
    const query = { ...stretch, where: [...stretch.where, ...scope.onRun(binder)] };
    return `walk${index} AS MATERIALIZED (${rowsOf(scope, query, limit, binder)})`;
  });
  if (read.length === 0) return undefined;
  const walked = read.map((_, index) => `SELECT * FROM walk${index}`).join(" UNION ALL ");
  return {
    names: [...names, ...read, `walked AS MATERIALIZED (${walked})`],
    isWalked: `(SELECT count(*) FROM walked) = ${ofPage}`,
  };
}

/** The next candidates that match, in the order of the search. */
function slice(scope: RunScope, query: StepQuery<ExperimentCursor>, limit: string, binder: Binder): string {
  const { order, conditions, pages } = scope.parts;
  const candidates = scope.candidates.query(query.cursor, binder.limit(query.candidates), binder);
  const parts = {
    from: `(${candidates}) r${orderJoins(order, 0, binder)}`,
    where: scope.ofVisible(binder),
    conditions,
    runId: "r.run_id",
    columns: order.columns,
    isSorted: scope.isSorted,
    // The candidates of a sorted search begin after the page before.
    after: scope.isSorted ? undefined : pages.start,
  };
  return rowsOf(scope, parts, limit, binder);
}

function ofDriver(scope: RunScope, driver: Driver, limit: string, binder: Binder): string {
  const { order, conditions, pages } = scope.parts;
  const parts = {
    from: drivenRuns(driver) + orderJoins(order, 0, binder),
    where: [...driver.where(binder), ...scope.onRun(binder)],
    conditions: conditions.filter((condition) => condition !== driver.comparison),
    runId: "d.run_id",
    columns: order.columns,
    after: pages.start,
  };
  return rowsOf(scope, parts, limit, binder);
}

function rowsOf(scope: RunScope, parts: Omit<Stretch, "isReached">, limit: string, binder: Binder): string {
  const { residual } = scope.parts;
  return searchQuery({ ...parts, id: "r.run_id", residual, source: runSource(parts.runId), limit }, binder);
}
