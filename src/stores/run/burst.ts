import type { Metric } from "../../domain/entities.ts";
import type { MarkedRun, RunMark } from "./latest-port.ts";
import type { RunChanges, RunState } from "./run-state.ts";

/**
 * Distances of the alarms that write to D1, in milliseconds: four times as long after each while points come. Searches ask
 * by themselves and a run's end flushes, so an early alarm would only cost.
 */
export const MIN_FLUSH_DISTANCE_MS = 30_000;
export const MAX_FLUSH_DISTANCE_MS = 480_000;
const GROWTH = 4;

/** After so much silence a search that finds nothing to tell ends the burst. */
const QUIET_MS = 120_000;

/**
 * The time during which D1 marks a run live: from before its first point is acknowledged until a write to D1 that leaves
 * nothing behind. Searches ask live runs' objects, so no acknowledged point is ever unseen. A mark carries an epoch that
 * only grows, and a clear takes away marks up to its own epoch only; so marks and clears may reach D1 in any order, late
 * or not at all.
 *
 * All of it is state of the object: a new instance continues the burst of the one before.
 */
export class Burst {
  readonly #state: RunState;
  readonly #mark: (mark: RunMark) => Promise<MarkedRun | undefined>;
  readonly #nowMs: () => number;
  /** Bursts up to this epoch are over, even if their mark is still under way. */
  #endedEpoch = 0;
  #lastPointMs: number;

  /** @param mark marks in D1, perhaps together with other runs: see {@link RunParts.mark} */
  constructor(state: RunState, mark: (mark: RunMark) => Promise<MarkedRun | undefined>, nowMs: () => number) {
    this.#state = state;
    this.#mark = mark;
    this.#nowMs = nowMs;
    this.#lastPointMs = nowMs();
  }

  /** Whether D1 has the mark, so that points need no other. */
  get isLive(): boolean {
    return this.#state.fields.isMarked;
  }

  get epoch(): number {
    return this.#state.fields.epoch;
  }

  /** Whether no point came for a while, as far as this instance knows. */
  get isQuiet(): boolean {
    return !this.isLive || this.#nowMs() - this.#lastPointMs >= QUIET_MS;
  }

  notePoints(): void {
    this.#lastPointMs = this.#nowMs();
  }

  /**
   * Marks the run in D1, with a greater epoch, and is live then.
   * @param begin is kept with the epoch: in the same commit as what the caller has written in this turn
   * @param takeFirstPoints must be done while D1 has the mark and before the answer
   * @returns whether D1 took the mark
   */
  async mark(begin: RunChanges, takeFirstPoints: (points: readonly Metric[]) => void): Promise<boolean> {
    let marked: MarkedRun | undefined;
    do {
      this.#state.change({ ...begin, epoch: this.epoch + 1 });
      const { runId, hasFirstPoints } = this.#state.fields;
      marked = await this.#mark({ runId, epoch: this.epoch, wantsFirstPoints: !hasFirstPoints });
      if (marked?.firstPoints !== undefined) takeFirstPoints(marked.firstPoints);
      // The run was deleted while the mark was under way: whether before it or after it, only D1 knows.
    } while (marked !== undefined && this.#endedEpoch >= this.epoch);
    if (marked !== undefined) this.#state.change({ isMarked: true, unmarked: undefined });
    return marked !== undefined;
  }

  /** The next point must ask D1 again. Marks that are under way do not count either. */
  end(): void {
    this.#endedEpoch = this.epoch;
    this.#state.change({ isMarked: false });
  }

  /** The alarm of a burst that begins. */
  firstAlarm(): RunChanges {
    return { dueMs: this.#nowMs() + MIN_FLUSH_DISTANCE_MS, flushDistanceMs: MIN_FLUSH_DISTANCE_MS };
  }

  /** The alarm after one that found points up to journal row `through`. */
  nextAlarm(through: number): RunChanges {
    const flushDistanceMs = Math.min(
      Math.max(this.#state.fields.flushDistanceMs, MIN_FLUSH_DISTANCE_MS) * GROWTH,
      MAX_FLUSH_DISTANCE_MS,
    );
    return { dueMs: this.#nowMs() + flushDistanceMs, flushDistanceMs, alarmThrough: through };
  }
}
