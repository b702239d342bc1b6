import { LIFECYCLE_STAGES, type LifecycleStage } from "../domain/entities.ts";
import type { Int64 } from "../domain/int64.ts";
import type { Binder } from "./binder.ts";
import type { Candidates } from "./candidates.ts";
import { experimentTest } from "./experiment-ids.ts";
import type { OrderColumn, Position } from "./order.ts";
import type { LastCandidate } from "./plan.ts";
import type { Predicate } from "./visibility.ts";

/**
 * Where a search goes on. It looks at one thing after the other, by experiment, then the newest first, then by id. A run or a
 * logged model never moves in this order while it stays in its experiment.
 */
export interface ExperimentCursor {
  /** The experiments that are left: ascending, each once, at least one. */
  readonly experimentIds: readonly Int64[];
  /** The last thing that the search has looked at, in the first of these experiments. */
  readonly after?: TimedKey | undefined;
}

/** A time in milliseconds, an int64 as text, and an id. */
export type TimedKey = readonly [time: string | null, id: string];

/** A table of things that belong to experiments, and the index that has them in the order of their candidates. */
export interface TimedTable {
  readonly name: string;
  readonly index: string;
  readonly time: string;
  readonly id: string;
}

export const RUNS: TimedTable = { name: "runs", index: "runs_by_start", time: "start_time", id: "run_id" };

export const LOGGED_MODELS: TimedTable = {
  name: "logged_models",
  index: "logged_models_by_creation",
  time: "creation_time",
  id: "model_id",
};

/**
 * Whether an order begins with the order of an experiment's candidates.
 * @param alias the table's
 */
export function isByTime([first, second]: readonly OrderColumn[], { time, id }: TimedTable, alias: string): boolean {
  if (first?.sql !== `${alias}.${time}` || second?.sql !== `${alias}.${id}`) return false;
  return !first.ascending && second.ascending;
}

export interface Narrowed {
  readonly from: string;
  readonly where: readonly string[];
}

/** Which things of a table a search looks at. */
export interface ExperimentScope {
  /** In any order, each once. */
  readonly experimentIds: readonly Int64[];
  /** Both stages if absent. */
  readonly stage?: LifecycleStage | undefined;
  /** Tests experiment ids, as `Visibility.runsOf`. */
  readonly isVisible?: Predicate | undefined;
  /** Finds the only things to look at, which are few, by an index of their own. */
  readonly narrowed?: ((binder: Binder) => Narrowed) | undefined;
  /** Further columns that the search needs. */
  readonly columns?: readonly string[];
  /** Whether the order of the search begins with the order of an experiment's candidates. */
  readonly isByTime?: boolean;
  /** Where the page begins. */
  readonly start?: Position | undefined;
}

/** Runs or logged models of experiments. */
export class ExperimentCandidates implements Candidates<ExperimentCursor> {
  readonly #table: TimedTable;
  readonly #scope: ExperimentScope;
  readonly #stages: readonly LifecycleStage[];

  constructor(table: TimedTable, scope: ExperimentScope) {
    this.#table = table;
    this.#scope = scope;
    this.#stages = scope.stage === undefined ? LIFECYCLE_STAGES : [scope.stage];
  }

  get from(): ExperimentCursor | undefined {
    const { start } = this.#scope;
    const experimentIds = [...this.#scope.experimentIds].sort((a, b) => (a < b ? -1 : 1));
    if (experimentIds.length === 0) return undefined;
    if (!this.isSorted() || start === undefined) return { experimentIds };
    const [time, id] = start;
    return { experimentIds, after: [time, id] as [string | null, string] };
  }

  /** If the cursor is within an experiment, the query ends with this experiment. Narrowed things are sorted. */
  query(
    { experimentIds, after }: ExperimentCursor,
    limit: string,
    binder: Binder,
    columns = this.#scope.columns,
  ): string {
    const { name, index, time, id } = this.#table;
    const { isVisible, narrowed } = this.#scope;
    const inExperiments = experimentTest(after === undefined ? experimentIds : experimentIds.slice(0, 1), isVisible);
    const select = [...new Set(["experiment_id", time, id, ...(columns ?? [])])].join(", ");
    const { from, where } = narrowed?.(binder) ?? { from: `${name} INDEXED BY ${index}`, where: [] };
    const ranges = after === undefined ? [[]] : this.#rangesAfter(after, binder);
    const parts = this.#stages.flatMap((stage) =>
      ranges.map((range) => {
        const ofStage = `lifecycle_stage = ${binder.bind(stage)}`;
        const tests = [...where, inExperiments("experiment_id", binder), ofStage, ...range];
        return `SELECT ${select} FROM ${from} WHERE ${tests.join(" AND ")}`;
      }),
    );
    return `${parts.join(" UNION ALL ")} ORDER BY experiment_id, ${time} DESC, ${id} LIMIT ${limit}`;
  }

  last(cursor: ExperimentCursor, count: number, binder: Binder): string {
    const { time, id } = this.#table;
    const one = this.query(cursor, `1 OFFSET ${binder.bind(count - 1)}`, binder, []);
    return `SELECT CAST(experiment_id AS TEXT) AS experiment_id, CAST(${time} AS TEXT) AS time, ${id} AS id FROM (${one})`;
  }

  next(
    cursor: ExperimentCursor,
    last: LastCandidate | undefined,
    isFullBefore: (position: Position) => boolean,
  ): ExperimentCursor | undefined {
    const { experimentIds, after } = cursor;
    if (last === undefined) return after === undefined ? undefined : nextExperiment(experimentIds);
    const { experiment_id, time, id } = last as { experiment_id: string; time: string | null; id: string };
    const left = experimentIds.filter((one) => one >= BigInt(experiment_id));
    // The rest of the experiment comes later in the order of the search.
    if (this.#scope.isByTime && isFullBefore([time, id])) return nextExperiment(left);
    return { experimentIds: left, after: [time, id] };
  }

  isSorted(): boolean {
    return this.#scope.isByTime === true && this.#scope.experimentIds.length === 1;
  }

  /** Conditions for the things after `after`, as ranges of the index. Those without a time come last. */
  #rangesAfter([time, id]: TimedKey, binder: Binder): string[][] {
    const { time: column, id: idColumn } = this.#table;
    const key = binder.bind(id);
    if (time === null) return [[`${column} IS NULL`, `${idColumn} > ${key}`]];
    const from = binder.number(BigInt(time));
    const later = [`${column} <= ${from}`, `(${column} < ${from} OR ${idColumn} > ${key})`];
    return [later, [`${column} IS NULL`]];
  }
}

/** Leaves out what is left of the first experiment. */
function nextExperiment([, ...others]: readonly Int64[]): ExperimentCursor | undefined {
  return others.length === 0 ? undefined : { experimentIds: others };
}

/** The things with these ids. */
export function withIds({ name, id }: TimedTable, ids: readonly string[]): (binder: Binder) => Narrowed {
  return (binder) => ({
    from: `(SELECT DISTINCT value FROM ${binder.list(ids)}) CROSS JOIN ${name} ON ${id} = value`,
    where: [],
  });
}
