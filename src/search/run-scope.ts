import type { LifecycleStage } from "../domain/entities.ts";
import type { Int64 } from "../domain/int64.ts";
import { type Condition, comparisonsOf } from "./ast.ts";
import { Binder } from "./binder.ts";
import { candidatesWith, VISIBILITY_LOOK_UPS } from "./candidates.ts";
import { equalTo, isEquality } from "./conditions.ts";
import { ExperimentCandidates, type ExperimentCursor, isByTime, RUNS, withIds } from "./experiment-candidates.ts";
import { type ExperimentTest, experimentTest } from "./experiment-ids.ts";
import type { PagePlan, SqlStatement, StepQuery } from "./plan.ts";
import { type Driver, driverChoice, drivers } from "./run-driver.ts";
import type { RunOrder } from "./run-order.ts";
import { valueTable } from "./run-source.ts";
import type { SliceTuning } from "./sliced-plan.ts";
import type { Visibility } from "./visibility.ts";

export interface RunScopeParts {
  readonly pages: PagePlan;
  /** Each once. */
  readonly experimentIds: readonly Int64[];
  readonly visibility: Visibility;
  readonly lifecycle: LifecycleStage | undefined;
  readonly conditions: readonly Condition[];
  /** The conditions that have a residue. */
  readonly residual: readonly Condition[];
  readonly order: RunOrder;
  readonly tuning: RunSearchTuning;
}

export interface RunSearchTuning extends SliceTuning {
  /** A comparison drives if its index leads to fewer rows than this. If absent, the page's size decides. */
  readonly driverCap?: number;
}

/** A value of the order costs more than a comparison: it is looked up in any case, and sorted. */
const ORDER_LOOK_UPS = 3;

/** The runs that a search looks at, and what its statements have in common. */
export class RunScope {
  readonly parts: RunScopeParts;
  readonly inExperiments: ExperimentTest;
  readonly candidates: ExperimentCandidates;
  readonly candidatesPerStep: number;
  /** The only runs that can match, if the filter lists run ids. */
  readonly listed: readonly string[] | undefined;

  constructor({ conditions: given, ...others }: RunScopeParts) {
    const listing = given.find((condition) => isEquality(condition, "run_id"));
    const parts = { ...others, conditions: given.filter((condition) => condition !== listing) };
    this.parts = parts;
    this.listed = listing && equalTo(listing);
    const { experimentIds, visibility, lifecycle, conditions, order, tuning, pages } = parts;
    this.inExperiments = experimentTest(experimentIds, visibility.runsOf);
    this.candidates = new ExperimentCandidates(RUNS, {
      experimentIds,
      stage: lifecycle,
      isVisible: visibility.runsOf,
      narrowed: this.listed && withIds(RUNS, this.listed),
      columns: this.columns,
      isByTime: isByTime(order.columns, RUNS, "r"),
      start: pages.start,
    });
    const compared = conditions.flatMap(comparisonsOf).length;
    const ordered = order.terms.filter(({ field }) => valueTable(field)).length;
    const lookUps = compared + ORDER_LOOK_UPS * ordered + (visibility.run === undefined ? 0 : VISIBILITY_LOOK_UPS);
    this.candidatesPerStep = tuning.candidates ?? candidatesWith(lookUps);
  }

  /** Whether all runs that the search looks at are in its order. */
  get isSorted(): boolean {
    return this.candidates.isSorted();
  }

  /** The columns of `runs` that the filter and the order use. */
  get columns(): string[] {
    const { conditions, order } = this.parts;
    const compared = conditions.flatMap(comparisonsOf).filter(({ field }) => valueTable(field) === undefined);
    return [...compared, ...order.terms].flatMap(({ field: { entity, key } }) => {
      if (entity !== "attribute") return [];
      return key === "duration" ? ["end_time"] : [key];
    });
  }

  get drivers(): readonly Driver[] {
    return this.listed === undefined ? drivers(this.parts.conditions, this.inExperiments) : [];
  }

  /** SQL for the place of the driver to use, or -1. */
  driverChoice(candidates: number, binder: Binder): string {
    return driverChoice(this.drivers, this.#driverCap(candidates), binder);
  }

  #driverCap(candidates: number): number {
    const { conditions, order, pages, tuning } = this.parts;
    const isSorted = this.isSorted || order.terms[0]?.field.entity === "metric";
    // Each row of a driver takes a look-up of its run.
    const bounded = Math.ceil(candidates / 2);
    const worthwhile = isSorted ? worthwhileRows(pages.maxResults, conditions.length) : bounded;
    // All rows of a driver with residues are needed.
    const most = pages.residues.length > 0 ? Math.min(bounded, pages.sliceSize) : bounded;
    return Math.min(tuning.driverCap ?? worthwhile, most);
  }

  /** What each way to the runs must test beside the experiment. */
  onRun(binder: Binder): string[] {
    const { lifecycle } = this.parts;
    const ofStage = lifecycle === undefined ? [] : [`r.lifecycle_stage = ${binder.bind(lifecycle)}`];
    return [...ofStage, ...this.ofVisible(binder)];
  }

  ofVisible(binder: Binder): string[] {
    const { run } = this.parts.visibility;
    return run === undefined ? [] : [run("r.run_id", binder)];
  }

  /** The last of the candidates, unless a driver answers for all. */
  last({ cursor, isFirst, candidates }: StepQuery<ExperimentCursor>): SqlStatement {
    const binder = new Binder();
    const last = this.candidates.last(cursor, candidates, binder);
    if (!isFirst || this.drivers.length === 0) return { sql: last, values: binder.values() };
    const sql = `SELECT * FROM (${last}) WHERE (SELECT ${this.driverChoice(candidates, binder)}) < 0`;
    return { sql, values: binder.values() };
  }
}

export function drivenRuns(driver: Driver): string {
  return `${driver.from} CROSS JOIN runs r ON r.run_id = d.run_id`;
}

/**
 * The number of rows up to which a driver is cheaper than a walk along an index, which ends when the page is full. If the
 * driver's index has k of n runs, the walk takes about n/k steps for each run of the page, and more with every further
 * condition; the driver takes k steps in total. n is not known: this is the balance for 10,000 to 100,000 runs.
 */
function worthwhileRows(limit: number, conditions: number): number {
  return Math.max(1000, Math.round((conditions > 1 ? 800 : 200) * Math.sqrt(limit)));
}
