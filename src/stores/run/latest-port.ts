import type { Metric } from "../../domain/entities.ts";
import type { SummaryRowJson } from "../d1/metrics/latest-metrics.ts";

/** What an object tells D1 about one run. */
export interface RunFlush {
  readonly runId: string;
  readonly rows: readonly SummaryRowJson[];
  /** The journal row up to which D1 has everything once the rows are written. */
  readonly through: number;
  /** Marks up to this epoch are cleared in the same transaction; undefined if the burst goes on. */
  readonly clearsEpoch: number | undefined;
}

/** What D1 says of a run that was flushed. */
export interface FlushedRun {
  readonly isActive: boolean;
  /** Whether the run was marked live before the flush. */
  readonly isMarked: boolean;
}

/** A run that is to be marked live. */
export interface RunMark {
  readonly runId: string;
  readonly epoch: number;
  /** Whether the object has yet to take over the points that D1 held of the run before. */
  readonly wantsFirstPoints: boolean;
}

/** What D1 says of a run that was marked. */
export interface MarkedRun {
  /** The points that D1 held of the run before the object was created; undefined if they were not asked for. */
  readonly firstPoints: readonly Metric[] | undefined;
}

/** What an object needs of D1: see `stores/d1/metrics/run-flushes.ts`. */
export interface LatestMetrics {
  /**
   * Marks runs live, all in one transaction.
   * @returns by id, the runs that exist, are active, and have their history in this object
   */
  mark(marks: readonly RunMark[]): Promise<ReadonlyMap<string, MarkedRun>>;
  /** The points that D1 held of the run before the object was made. */
  firstPoints(runId: string): Promise<readonly Metric[]>;
  /** Writes everything in one transaction. @returns by id, what D1 says of each run that exists */
  write(flushes: readonly RunFlush[]): Promise<ReadonlyMap<string, FlushedRun>>;
}
