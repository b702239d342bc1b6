import type { Metric } from "../../domain/entities.ts";
import type { MarkedRun, RunMark } from "./latest-port.ts";
import type { RunChanges, RunState } from "./run-state.ts";

/**
 * Time between the alarms that write to D1, in milliseconds. While points come, each interval is four times as long as the
 * one before. Searches ask the object themselves, and a run's end flushes, so an early alarm would only add cost.
 */
export const MIN_FLUSH_DISTANCE_MS = 30_000;
export const MAX_FLUSH_DISTANCE_MS = 480_000;
const GROWTH = 4;

/**
 * D1 marks a run of a cell live with this epoch when it creates the run, so that its first points need no mark. The marks
 * that the object makes have greater epochs.
 */
export const BIRTH_EPOCH = 1;

/** After this much silence, a search that finds no news ends the burst. */
export const QUIET_MS = 120_000;

/** The first alarm of a burst that begins now. */
export function firstAlarm(nowMs: number): { readonly dueMs: number; readonly flushDistanceMs: number } {
  return { dueMs: nowMs + MIN_FLUSH_DISTANCE_MS, flushDistanceMs: MIN_FLUSH_DISTANCE_MS };
}

/**
 * The time during which D1 marks a run live. A burst begins before its first point is acknowledged and ends with a write to
 * D1 that leaves nothing untold. Searches ask the objects of live runs, so they see every acknowledged point. A mark
 * carries an epoch that only grows, and a clear removes only marks up to its own epoch. So marks and clears may reach D1 in
 * any order, late or not at all.
 *
 * The object stores all of this state, so a new instance continues the burst of the previous one.
 */
export class Burst {
  readonly #state: RunState;
  readonly #mark: (mark: RunMark) => Promise<MarkedRun | undefined>;
  readonly #nowMs: () => number;
  /** Bursts up to this epoch are over, even if their mark is still in flight. */
  #endedEpoch = 0;
  #lastPointMs: number;

  /** @param mark marks in D1, perhaps together with other runs: see {@link RunParts.mark} */
  constructor(state: RunState, mark: (mark: RunMark) => Promise<MarkedRun | undefined>, nowMs: () => number) {
    this.#state = state;
    this.#mark = mark;
    this.#nowMs = nowMs;
    this.#lastPointMs = nowMs();
  }

  /** Whether D1 has the mark, so that further points need no new one. */
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
   * Marks the run in D1 with a greater epoch. If D1 takes the mark, the run is live.
   * @param begin stored with the epoch, in the same commit as the caller's other writes of this turn
   * @param takeFirstPoints called while D1 has the mark and before this method answers
   * @returns whether D1 took the mark
   */
  async mark(begin: RunChanges, takeFirstPoints: (points: readonly Metric[]) => void): Promise<boolean> {
    let marked: MarkedRun | undefined;
    do {
      this.#state.change({ ...begin, epoch: this.epoch + 1 });
      const { runId, hasFirstPoints } = this.#state.fields;
      marked = await this.#mark({ runId, epoch: this.epoch, wantsFirstPoints: !hasFirstPoints });
      if (marked?.firstPoints !== undefined) takeFirstPoints(marked.firstPoints);
      // The run was deleted while the mark was in flight. Only D1 knows which came first.
    } while (this.#endedEpoch >= this.epoch);
    if (marked !== undefined) this.#state.change({ isMarked: true, unmarked: undefined });
    return marked !== undefined;
  }

  /** The next point must ask D1 again. Marks in flight do not count either. */
  end(): void {
    this.#endedEpoch = this.epoch;
    this.#state.change({ isMarked: false });
  }

  /** The first alarm of a burst. */
  firstAlarm(): RunChanges {
    return firstAlarm(this.#nowMs());
  }

  /** The alarm after an alarm that found points up to journal row `through`. */
  nextAlarm(through: number): RunChanges {
    const flushDistanceMs = Math.min(this.#state.fields.flushDistanceMs * GROWTH, MAX_FLUSH_DISTANCE_MS);
    return { dueMs: this.#nowMs() + flushDistanceMs, flushDistanceMs, alarmThrough: through };
  }
}
