import type { Metric } from "../../domain/entities.ts";
import type { Int64 } from "../../domain/int64.ts";
import { Burst } from "./burst.ts";
import { MetricHistory } from "./history.ts";
import type { FlushedRun, LatestMetrics, MarkedRun, RunFlush, RunMark } from "./latest-port.ts";
import type { LiveSockets } from "./live-sockets.ts";
import { News } from "./news.ts";
import { decodePoints, encodePoints } from "./points.ts";
import { type RunFields, RunState, type RunStore } from "./run-state.ts";
import { summaryRows } from "./summary-rows.ts";
import type { ObjectTables } from "./tables.ts";

/** What D1 has not seen of a run, for a search that writes it together with that of other runs. */
export interface RunNews {
  readonly rows: readonly string[];
  /** Of the object's last mark. */
  readonly epoch: number;
  /** The journal row up to which D1 has everything, once it has `rows`, all of them. */
  readonly through: number;
  /** The journal row up to which D1 has everything as it is. A version before this one does not tell. */
  readonly flushedThrough?: number;
  /** Of the latest points of all metrics that D1 has not seen, whether or not they are in `rows`, the last time. */
  readonly lastTimestamp?: Int64;
  /** There is nothing, and the next point will mark anew: the mark of `epoch` may go. */
  readonly isIdle: boolean;
}

/** What a search has written to D1, by what {@link RunNews} said. */
export interface Confirmed {
  readonly epoch: number;
  readonly through: number;
}

export interface RunParts {
  readonly tables: ObjectTables;
  /** In the tables; 0 where the object is the run's own. */
  readonly number: number;
  readonly store: RunStore;
  readonly latest: LatestMetrics;
  /** Marks the run live in D1, perhaps together with other runs; undefined where it is not there, active and in this object. */
  readonly mark: (mark: RunMark) => Promise<MarkedRun | undefined>;
  readonly sockets: LiveSockets;
  readonly nowMs: () => number;
  /** Told whenever the time of the run's next alarm is set. */
  readonly onDue: (dueMs: number) => void;
}

/** Writes to D1 what it is given when it asks for it. @returns what D1 says of the run; undefined where it is not there */
export type FlushWriter = (take: () => RunFlush) => Promise<FlushedRun | undefined>;

/** A run in an object, while it is open: its history, its burst, and what D1 has not seen. */
export class OpenRun {
  readonly history: MetricHistory;
  readonly sockets: LiveSockets;
  readonly #latest: LatestMetrics;
  readonly #state: RunState;
  readonly #burst: Burst;
  readonly #news: News;
  /** Whether segments may have to be merged: the journal was folded. */
  isUntidy = false;
  /** Appends and flushes that are not over. */
  #open = 0;
  #beginning: Promise<boolean> | undefined;

  /**
   * Takes back what no instance was told to keep.
   * @throws Error where the run cannot be read; nothing is lost by it, and it can be opened once it can be read
   */
  constructor({ tables, number, store, latest, mark, sockets, nowMs, onDue }: RunParts) {
    this.#latest = latest;
    this.sockets = sockets;
    this.#state = new RunState(store, onDue);
    const { flushedThrough, unmarked } = this.fields;
    this.history = new MetricHistory(tables, number, flushedThrough);
    // Nobody was told of them, and D1 may not know that the run is live, or have it active.
    if (unmarked !== undefined) {
      this.history.takeBack(unmarked);
      this.#state.change({ unmarked: undefined });
    }
    this.#news = new News(this.history.summariesSince(flushedThrough), this.history.lastJournalId);
    this.#burst = new Burst(this.#state, mark, nowMs);
    // A version before this one kept no time for the next alarm.
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

  /** Whether it may be closed, to be opened again from what is stored. */
  get isAtRest(): boolean {
    return this.#open === 0 && !this.sockets.isGathering;
  }

  /** The mark that begins a burst, until D1 has answered; undefined otherwise. Points must wait for it. */
  get beginning(): Promise<boolean> | undefined {
    return this.#beginning;
  }

  /** Counts work that a clear of the mark must not overtake, and that keeps the run open. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#open++;
    try {
      return await work();
    } finally {
      this.#open--;
    }
  }

  /**
   * Stores bodies made by `encodePoints`, in the commit of the caller's turn. Whatever is told of these points, to the
   * client or to D1, waits at the output gate until they are durable.
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
   * Stores points and marks the run live; takes the points back unless D1 says that the run is active. So does the next
   * instance if this one dies before that is stored.
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

  /** Has D1 mark the run live for one who watches it. */
  async markForWatcher(runId: string): Promise<void> {
    await this.#beginning?.catch(() => undefined);
    if (!this.isLive) await this.during(() => this.#burst.mark({ runId }, (points) => this.#takeOver(points)));
  }

  /** Takes over, once, what D1 held of the run before it had an object. After the mark, D1 takes no more of them. */
  async takeFirstPoints(): Promise<void> {
    const { hasFirstPoints, runId } = this.fields;
    if (hasFirstPoints || runId === "") return;
    this.#takeOver(await this.#latest.firstPoints(runId));
  }

  #takeOver(points: readonly Metric[]): void {
    if (this.fields.hasFirstPoints) return;
    if (points.length > 0) this.history.append([encodePoints(points)]);
    this.#state.change({ hasFirstPoints: true });
  }

  /** The run was deleted in D1. */
  endBurst(): void {
    this.#burst.end();
  }

  /**
   * What D1 has not seen, for a search.
   * @param confirmed what the same searcher wrote before
   * @param keys the metrics that the search needs; all of them where absent
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
    const isNew = this.#news.confirm(through);
    // For the instance that comes after: else it would tell all of it again.
    if (isNew && through > this.fields.flushedThrough) this.#state.change({ flushedThrough: through });
  }

  /**
   * Tells D1 now.
   * @param endsBurst the same transaction clears the mark, unless a point is on its way or somebody watches. A point that
   *   arrives while the clear is under way marks again with a greater epoch.
   * @param write writes to D1, perhaps together with other runs: in one turn, and so in one commit here, each is asked
   *   what D1 has not seen of it
   */
  flush(endsBurst: boolean, write: FlushWriter): Promise<void> {
    const mayBeLast = endsBurst && this.#open === 0;
    return this.during(async () => {
      const { runId } = this.fields;
      if (runId === "") return;
      let isLast = false;
      let epoch = 0;
      let through = 0;
      const run = await write(() => {
        const taken = this.#news.take();
        ({ through } = taken);
        ({ epoch } = this.fields);
        // Nothing else than this flush is open.
        isLast = mayBeLast && this.#open === 1 && !this.sockets.hasWatchers;
        if (isLast) this.#state.change({ isMarked: false });
        const rows = summaryRows(runId, taken.summaries);
        return { runId, rows, through, clearsEpoch: isLast ? epoch : undefined };
      });
      this.#news.confirm(through);
      this.#state.change({ flushedThrough: Math.max(through, this.fields.flushedThrough) });
      // Deleted, or D1 lost the mark, as a restored backup has: the next point asks again.
      if (!run?.isActive || (this.isLive && !run.isMarked && this.fields.epoch === epoch)) this.#burst.end();
      if (isLast && !this.isLive && this.#news.size === 0) this.#state.change({ dueMs: undefined });
    });
  }

  /** The alarm of this run: tells D1, and ends the burst where nothing came since the alarm before. */
  async alarm(write: FlushWriter): Promise<void> {
    const { through } = this.#news;
    const isSilent = this.#news.size === 0 && through <= this.fields.alarmThrough;
    // Kept before the try: an alarm that fails comes again.
    this.#state.change(this.#burst.nextAlarm(through));
    await this.flush(isSilent, write);
    const hasMore = this.#news.size > 0 || (this.isLive && !this.sockets.hasWatchers);
    if (!hasMore) this.#state.change({ dueMs: undefined });
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
      // The points are in the journal: they count, and the next append tries again.
      console.error("folding of run", this.fields.runId, error);
    }
  }
}
