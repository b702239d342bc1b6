import { LIFECYCLE_STAGES, type LifecycleStage } from "../domain/entities.ts";
import type { Int64 } from "../domain/int64.ts";
import type { Binder } from "./binder.ts";
import { experimentTest } from "./experiment-ids.ts";
import type { Predicate } from "./visibility.ts";

/**
 * Where a search goes on. It looks at one run after the other, by experiment, then the newest first, then by run id. A run
 * never moves in this order while it stays in its experiment, so a search that takes several statements meets each run once.
 */
export interface Cursor {
  /** The experiments that are left: ascending, each once, at least one. */
  readonly experimentIds: readonly Int64[];
  /** The last run that the search has looked at, in the first of these experiments. */
  readonly after?: RunKey | undefined;
}

/** A start time in milliseconds, an int64 as text, and a run id. */
export type RunKey = readonly [startTime: string | null, runId: string];

/** The last candidate of a statement, as {@link Candidates.last} selects it. */
export interface LastCandidate {
  readonly experiment_id: string;
  readonly start_time: string | null;
  readonly run_id: string;
}

/** The cursor after a statement. Undefined if there are no more runs. @param last undefined if it reached the end */
export function cursorAfter({ experimentIds, after }: Cursor, last: LastCandidate | undefined): Cursor | undefined {
  if (last !== undefined) {
    const current = BigInt(last.experiment_id);
    return { experimentIds: experimentIds.filter((id) => id >= current), after: [last.start_time, last.run_id] };
  }
  return after === undefined ? undefined : nextExperiment({ experimentIds });
}

/** Leaves out what is left of the first experiment. */
export function nextExperiment({ experimentIds: [, ...others] }: Cursor): Cursor | undefined {
  return others.length === 0 ? undefined : { experimentIds: others };
}

/** The runs that a search looks at. */
export class Candidates {
  readonly #stages: readonly LifecycleStage[];
  readonly #isVisible: Predicate | undefined;
  readonly #listed: readonly string[] | undefined;

  /**
   * @param isVisible tests experiment ids, as `Visibility.runsOf`
   * @param listed the ids of the only runs to look at
   */
  constructor(
    lifecycle: LifecycleStage | undefined,
    isVisible: Predicate | undefined,
    listed: readonly string[] | undefined,
  ) {
    this.#stages = lifecycle === undefined ? LIFECYCLE_STAGES : [lifecycle];
    this.#isVisible = isVisible;
    this.#listed = listed;
  }

  /**
   * A query for the next candidates. An index has them in their order, so that the query reads no more runs than it returns;
   * listed runs are sorted. If the cursor is within an experiment, the query ends with this experiment.
   * @param columns further columns of `runs`
   * @param limit the SQL of a LIMIT
   */
  query({ experimentIds, after }: Cursor, columns: readonly string[], limit: string, binder: Binder): string {
    const inExperiments = experimentTest(
      after === undefined ? experimentIds : experimentIds.slice(0, 1),
      this.#isVisible,
    );
    const select = [...new Set(["experiment_id", "start_time", "run_id", ...columns])].join(", ");
    const from =
      this.#listed === undefined
        ? "runs INDEXED BY runs_by_start"
        : `(SELECT DISTINCT value FROM ${binder.list(this.#listed)}) CROSS JOIN runs ON run_id = value`;
    const ranges = after === undefined ? [[]] : rangesAfter(after, binder);
    const parts = this.#stages.flatMap((stage) =>
      ranges.map((range) => {
        const where = [inExperiments("experiment_id", binder), `lifecycle_stage = ${binder.bind(stage)}`, ...range];
        return `SELECT ${select} FROM ${from} WHERE ${where.join(" AND ")}`;
      }),
    );
    return `${parts.join(" UNION ALL ")} ORDER BY experiment_id, start_time DESC, run_id LIMIT ${limit}`;
  }

  /** A query for the last of the next `count` candidates. It has no row if there are fewer. */
  last(cursor: Cursor, count: number, binder: Binder): string {
    const one = this.query(cursor, [], `1 OFFSET ${binder.bind(count - 1)}`, binder);
    return `SELECT CAST(experiment_id AS TEXT) AS experiment_id, CAST(start_time AS TEXT) AS start_time, run_id FROM (${one})`;
  }
}

/** Conditions for the runs after `after`, as ranges of the index. Runs without a start time come last. */
function rangesAfter([startTime, runId]: RunKey, binder: Binder): string[][] {
  const id = binder.bind(runId);
  if (startTime === null) return [["start_time IS NULL", `run_id > ${id}`]];
  const time = binder.number(BigInt(startTime));
  return [[`start_time <= ${time}`, `(start_time < ${time} OR run_id > ${id})`], ["start_time IS NULL"]];
}
