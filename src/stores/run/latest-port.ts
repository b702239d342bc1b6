import type { Metric } from "../../domain/entities.ts";
import type { SummaryRowJson } from "../d1/metrics/latest-metrics.ts";

/** What an object tells D1 of one run. */
export interface RunFlush {
  readonly runId: string;
  readonly rows: readonly SummaryRowJson[];
  /** Marks up to this epoch go in the same transaction; undefined where the burst goes on. */
  readonly clearsEpoch: number | undefined;
}

/** What D1 says of a run that was flushed. */
export interface FlushedRun {
  readonly isActive: boolean;
  /** Whether the run was marked live before the flush. */
  readonly isMarked: boolean;
}

/** D1, as an object needs it: see `stores/d1/metrics/run-flushes.ts`. */
export interface LatestMetrics {
  /**
   * Marks the run live.
   * @returns whether it is there, active, and has its history in this object
   */
  mark(runId: string, epoch: number): Promise<boolean>;
  /** The points that D1 held of the run before the object was made. */
  firstPoints(runId: string): Promise<readonly Metric[]>;
  /** Writes all in one transaction. @returns what D1 says of each run that is there, by its id */
  write(flushes: readonly RunFlush[]): Promise<ReadonlyMap<string, FlushedRun>>;
}
