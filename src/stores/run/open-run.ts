import type { Metric } from "../../domain/entities.ts";
import type { Int64 } from "../../domain/int64.ts";
import { Burst } from "./burst.ts";
import { MetricHistory } from "./history.ts";
import type { FlushedRun, LatestMetrics, MarkedRun, RunFlush, RunMark } from "./latest-port.ts";
import type { LiveSockets } from "./live-sockets.ts";
import { News } from "./news.ts";
import { decodePoints, encodePoints } from "./points.ts";
import { type RunChanges, type RunFields, RunState, type RunStore } from "./run-state.ts";
import { MetricSummaries } from "./summaries.ts";
import { summaryRows } from "./summary-rows.ts";
import type { ObjectTables } from "./tables.ts";

/** What D1 has not seen of a run. A search writes it to D1 together with the news of other runs. */
export interface RunNews {
  readonly rows: readonly string[];
  /** The epoch of the object's last mark. */
  readonly epoch: number;
  /** The journal row up to which D1 has everything once all `rows` are written. */
  readonly through: number;
  /** The journal row up to which D1 has everything now. Older versions do not send it. */
  readonly flushedThrough?: number;
  /** The greatest timestamp among the latest points that D1 has not seen, of all metrics and not only those in `rows`. */
  readonly lastTimestamp?: Int64;
  /** There is no news, and the next point will mark the run again: the mark of `epoch` may be cleared. */
  readonly isIdle: boolean;
}

/** What a search has written to D1 from a {@link RunNews}. */
export interface Confirmed {
  readonly epoch: number;
  readonly through: number;
}

export interface RunParts {
  readonly tables: ObjectTables;
  /** The run's number in the tables; 0 if the object is the run's own. */
  readonly number: number;
  readonly store: RunStore;
  /** The fields of a run of which nothing else is stored: nothing is read then. */
  readonly newRun?: RunChanges | undefined;
  readonly latest: LatestMetrics;
  /**
   * Marks the run live in D1, perhaps together with other runs. Answers undefined unless D1 has the run, active and in this
   * object.
   */
  readonly mark: (mark: RunMark) => Promise<MarkedRun | undefined>;
  readonly sockets: LiveSockets;
  readonly nowMs: () => number;
  /** Called whenever the time of the run's next alarm is set. */
  readonly onDue: (dueMs: number) => void;
}

/** Calls `take` and writes the result to D1. @returns what D1 says of the run; undefined if D1 does not have the run */
export type FlushWriter = (take: () => RunFlush) => Promise<FlushedRun | undefined>;

/** An open run of an object: its history, its burst, and what D1 has not seen. */
export class OpenRun {
  readonly history: MetricHistory;
  readonly sockets: LiveSockets;
  readonly #latest: LatestMetrics;
  readonly #state: RunState;
  readonly #burst: Burst;
  readonly #news: News;
  /** Whether the journal was folded, so that segments may need a merge. */
  isUntidy = false;
  /** Appends and flushes in flight. */
  #open = 0;
  #beginning: Promise<boolean> | undefined;

  /**
   * Removes points that an earlier instance stored but never had confirmed by D1.
   * @throws Error when the run cannot be read; nothing is lost, and the run can be opened once it is readable
   */
  constructor({ tables, number, store, newRun, latest, mark, sockets, nowMs, onDue }: RunParts) {
    this.#latest = latest;
    this.sockets = sockets;
    this.#state = new RunState(store, onDue, newRun);
    const { flushedThrough, unmarked } = this.fields;
    const isNew = newRun !== undefined;
    this.history = new MetricHistory(tables, number, flushedThrough, isNew);
    // These points were never acknowledged. D1 may not have marked the run live, and the run may not be active.
    if (unmarked !== undefined) {
      this.history.takeBack(unmarked);
      this.#state.change({ unmarked: undefined });
    }
    const unflushed = isNew ? new MetricSummaries() : this.history.summariesSince(flushedThrough);
    this.#news = new News(unflushed, this.history.lastJournalId);
    this.#burst = new Burst(this.#state, mark, nowMs);
    // Older versions stored no time for the next alarm.
    if (this.#news.size > 0 && this.fields.dueMs === undefined) this.#state.change(this.#burst.firstAlarm());
  }

  get fields(): RunFields {
    return this.#state.fields;
  }

  get news(): News {
    return this.#news;
  }

  get isLive(): boolean {
    return this.#burst.isLive;
  }

  /** Whether the run may be closed. It can be opened again from what is stored. */
  get isAtRest(): boolean {
    return this.#open === 0 && !this.sockets.isGathering;
  }

  /** Pending while D1 is asked for the mark that begins a burst; undefined otherwise. Points must wait for it. */
  get beginning(): Promise<boolean> | undefined {
    return this.#beginning;
  }

  /** Counts work in flight. Such work keeps the run open, and the mark must not be cleared before it is done. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#open++;
    try {
      return await work();
    } finally {
      this.#open--;
    }
  }

  /**
   * Stores bodies made by `encodePoints`, in the commit of the caller's turn. The platform's output gate holds back every
   * message about these points, to the client or to D1, until the points are durable.
   * @returns whether they stay stored: false, with nothing changed, when the run is not active
   */
  async write(runId: string, bodies: readonly Uint8Array[]): Promise<boolean> {
    if (!this.isLive) {
      this.#beginning = this.#begin(runId, bodies).finally(() => {
        this.#beginning = undefined;
      });
      return await this.#beginning;
    }
    const through = this.history.append(bodies);
    this.#fold();
    this.#note(bodies, through);
    if (this.fields.dueMs === undefined) this.#state.change(this.#burst.firstAlarm());
    return true;
  }

  /**
   * Stores points and marks the run live. Removes the points again unless D1 says that the run is active. If this instance
   * dies before it has stored the answer, the next instance removes the points.
   */
  async #begin(runId: string, bodies: readonly Uint8Array[]): Promise<boolean> {
    const after = this.history.lastJournalId;
    const rows = { after, through: this.history.append(bodies) };
    this.history.hide(rows);
    let isActive = false;
    try {
      const begin = { runId, unmarked: rows, ...this.#burst.firstAlarm() };
      isActive = await this.#burst.mark(begin, (points) => this.#takeOver(points));
    } finally {
      if (!isActive) {
        this.history.takeBack(rows);
        this.#state.change({ unmarked: undefined });
      }
      this.history.hide(undefined);
    }
    if (isActive) this.#note(bodies, rows.through);
    return isActive;
  }

  /** Has D1 mark the run live for a watcher. */
  async markForWatcher(runId: string): Promise<void> {
    await this.#beginning?.catch(() => undefined);
    if (!this.isLive) await this.during(() => this.#burst.mark({ runId }, (points) => this.#takeOver(points)));
  }

  /**
   * Takes over, once, the points that D1 held before the run had an object. After the mark, D1 takes no more such points.
   */
  async takeFirstPoints(): Promise<void> {
    const { hasFirstPoints, runId } = this.fields;
    if (hasFirstPoints || runId === "") return;
    this.#takeOver(await this.#latest.firstPoints(runId));
  }

  #takeOver(points: readonly Metric[]): void {
    if (this.fields.hasFirstPoints) return;
    this.history.append([encodePoints(points)]);
    this.#state.change({ hasFirstPoints: true });
  }

  /** The run was deleted in D1. */
  endBurst(): void {
    this.#burst.end();
  }

  /**
   * What D1 has not seen, for a search.
   * @param confirmed what the same searcher wrote before
   * @param keys the metrics that the search needs; absent: all metrics
   */
  newsFor(confirmed?: Confirmed, keys?: readonly string[]): RunNews {
    if (confirmed !== undefined && confirmed.epoch <= this.fields.epoch) this.#confirm(confirmed.through);
    const { summaries, through } = this.#news.take();
    const rows = summaryRows(this.fields.runId, keys === undefined ? summaries : summaries.only(keys));
    const { epoch, flushedThrough } = this.fields;
    const isIdle = summaries.size === 0 && this.#open === 0 && !this.sockets.hasWatchers && this.#burst.isQuiet;
    if (isIdle) this.#state.change({ isMarked: false, dueMs: undefined });
    return { rows, epoch, through, flushedThrough, isIdle, ...summaries.lastTimestamp() };
  }

  #confirm(through: number): void {
    this.#news.confirm(through);
    // Stored for the next instance, which would otherwise tell D1 everything again.
    if (through > this.fields.flushedThrough) this.#state.change({ flushedThrough: through });
  }

  /**
   * Tells D1 now.
   * @param endsBurst clears the mark in the same transaction, unless a point is in flight or somebody watches. A point that
   *   arrives while the clear is in flight marks the run again with a greater epoch.
   * @param write writes to D1, perhaps together with other runs. It calls `take` of all these runs in one turn, and so in
   *   one commit of this object.
   * @returns false if D1 does not have the run
   */
  flush(endsBurst: boolean, write: FlushWriter): Promise<boolean> {
    return this.during(async () => {
      const { runId } = this.fields;
      if (runId === "") return true;
      let isLast = false;
      let through = 0;
      const run = await write(() => {
        const taken = this.#news.take();
        ({ through } = taken);
        // Nothing but this flush is in flight.
        isLast = endsBurst && this.#open === 1 && !this.sockets.hasWatchers;
        if (isLast) this.#state.change({ isMarked: false });
        const rows = summaryRows(runId, taken.summaries);
        return { runId, rows, through, clearsEpoch: isLast ? this.fields.epoch : undefined };
      });
      this.#news.confirm(through);
      // The run was deleted, or D1 lost the mark, as after restoring a backup: the next point asks D1 again.
      if (!run?.isActive || (this.isLive && !run.isMarked)) this.#burst.end();
      const isOver = isLast && !this.isLive && !this.#mayHaveNews;
      const flushedThrough = Math.max(through, this.fields.flushedThrough);
      this.#state.change({ flushedThrough, ...(isOver ? { dueMs: undefined } : {}) });
      return run !== undefined;
    });
  }

  /** The alarm of this run: tells D1, and ends the burst if no point came since the previous alarm. */
  async alarm(write: FlushWriter): Promise<void> {
    const { through } = this.#news;
    const isSilent = through <= this.fields.alarmThrough;
    // Stored before the attempt, so that an alarm that fails is repeated.
    this.#state.change(this.#burst.nextAlarm(through));
    await this.flush(isSilent, write);
    const hasMore = this.#mayHaveNews || (this.isLive && !this.sockets.hasWatchers);
    if (!hasMore) this.#state.change({ dueMs: undefined });
  }

  /** Whether D1 lacks something. The points that begin a burst are news as soon as D1 has the mark. */
  get #mayHaveNews(): boolean {
    return this.#news.size > 0 || this.#beginning !== undefined;
  }

  #note(bodies: readonly Uint8Array[], through: number): void {
    this.#news.add(bodies.map(decodePoints), through);
    this.#burst.notePoints();
    this.sockets.tellPoints(bodies);
  }

  #fold(): void {
    if (!this.history.foldIsDue) return;
    try {
      this.history.foldJournal();
      this.isUntidy = true;
    } catch (error) {
      // The points are safe in the journal, and the next append tries to fold again.
      console.error("folding of run", this.fields.runId, error);
    }
  }
}
