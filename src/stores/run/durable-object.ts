import { DurableObject } from "cloudflare:workers";
import type { Database } from "../d1/connection/database.ts";
import { readFirstPoints } from "../d1/metrics/first-points.ts";
import { clearLiveStatement, markLive, upsertLatestStatements } from "../d1/metrics/latest-metrics.ts";
import type { ChartOptions, ChartSeries } from "./chart-series.ts";
import { type HistoryReader, MetricHistory, type ReadOptions, type SampleOptions } from "./history.ts";
import { LiveSockets, RUN_ID_HEADER, type RunNotice } from "./live-sockets.ts";
import { decodePoints, encodePoints } from "./points.ts";
import type { Series } from "./series.ts";
import { ObjectState } from "./state.ts";
import { MetricSummaries } from "./summaries.ts";
import { summaryRows } from "./summary-rows.ts";

/**
 * Distance of the alarms that write to D1, doubling while nobody asks. Searches ask by themselves and a run's end flushes,
 * so an early alarm would only cost.
 */
const MIN_FLUSH_DISTANCE_MS = 10_000;
const MAX_FLUSH_DISTANCE_MS = 60_000;

/** More keys than this are written at once, to bound what the object holds in memory. */
const MAX_UNFLUSHED_KEYS = 20_000;

/** What D1's `latest_metrics` has not seen, as rows for its upsert. */
export interface Unflushed {
  readonly rows: readonly string[];
  /** Of the object's last mark. */
  readonly epoch: number;
  /** There is nothing, and the next point will mark anew: the mark of `epoch` may go. */
  readonly isIdle: boolean;
}

interface Opened {
  readonly history: MetricHistory;
  readonly state: ObjectState;
}

/**
 * A run's metric history. Acknowledges points once they are durable here, and tells D1 later.
 *
 * A *burst* is the time during which D1 marks the run live: from before its first point is acknowledged until a write to
 * D1 that leaves nothing behind. Searches ask live runs' objects, so no acknowledged point is ever unseen. A mark carries
 * an epoch that only grows, and a clear takes away marks up to its own epoch only; so marks and clears may reach D1 in any
 * order, late or not at all.
 *
 * A durable write waits for the disk, which costs more than all the rest. The answer does not wait for it here but at the
 * platform's output gate, and the requests that arrive meanwhile share the next write. The write that begins a burst
 * carries its points, its epoch and its alarm together; D1 is marked only once that write is durable (the same gate holds
 * the message back until then).
 */
export class RunDurableObject extends DurableObject<Env> implements HistoryReader {
  #opened: Opened | undefined;

  /** What D1 has not seen, and, while a write to it is under way, what that write carries. */
  #unflushed = new MetricSummaries();
  #flushing: MetricSummaries | undefined;
  /** The journal row up to which both have everything; a row is noted once it is acknowledged. */
  #notedThrough = 0;

  readonly #sockets = new LiveSockets(this.ctx);

  #isLive = false;
  /** Bursts up to this epoch are over, even if their mark is still under way. */
  #endedEpoch = 0;

  /** Bodies that wait for the next commit, and its promise; while one commit is under way, the next gathers. */
  #waiting: Uint8Array[] = [];
  #nextCommit: Promise<boolean> | undefined;
  #commit: Promise<unknown> = Promise.resolve();
  /** Whether the last commit was shared: then one turn of the event loop is worth waiting for who else has sent. */
  #hasSeveralClients = false;
  #openCommits = 0;
  #lastAppendMs = 0;
  #flushDistanceMs = MIN_FLUSH_DISTANCE_MS;
  #alarmDistanceMs = MIN_FLUSH_DISTANCE_MS;
  #hasAlarm = false;

  /**
   * Appends points made by `encodePoints`.
   * @returns whether they are stored; false, with nothing changed, when the run is not active.
   */
  append(runId: string, body: Uint8Array): Promise<boolean> {
    this.#waiting.push(body);
    this.#nextCommit ??= this.#commitWaiting(runId);
    return this.#nextCommit;
  }

  /** What D1 has not seen, for a search that writes it together with that of other runs. */
  unflushed(): Unflushed {
    const { epoch, runId } = this.#open().state;
    const rows = [this.#flushing, this.#unflushed].flatMap((summaries) =>
      summaries === undefined ? [] : summaryRows(runId, summaries),
    );
    const isIdle = rows.length === 0 && this.#openCommits === 0 && !this.#sockets.hasWatchers;
    if (isIdle) this.#isLive = false;
    this.#flushDistanceMs = MIN_FLUSH_DISTANCE_MS;
    return { rows, epoch, isIdle };
  }

  /** The run was deleted in D1: the next point must ask D1 again. */
  endBurst(): void {
    this.#endedEpoch = this.#open().state.epoch;
    this.#isLive = false;
  }

  /** Tells D1 now, and ends the burst. */
  async flush(): Promise<void> {
    await this.#flush(true);
  }

  async read(key: string, options: ReadOptions): Promise<Series> {
    return (await this.#wholeHistory()).read(key, options);
  }

  async sample(key: string, options: SampleOptions): Promise<Series> {
    return (await this.#wholeHistory()).sample(key, options);
  }

  async chart(keys: readonly string[], options: ChartOptions): Promise<ChartSeries[]> {
    const history = await this.#wholeHistory();
    return history.chart(keys, options);
  }

  /** A socket for one who watches the run: see `LiveSockets`. The run is live for as long, so that changes are told here. */
  override async fetch(request: Request): Promise<Response> {
    const response = this.#sockets.accept();
    const runId = request.headers.get(RUN_ID_HEADER) ?? "";
    try {
      if (!this.#isLive) this.#isLive = await this.#mark(runId);
    } catch (error) {
      // Points are told all the same, and mark the run with the next burst.
      console.error("mark of run", runId, error);
    }
    return response;
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    this.#sockets.leave(socket);
    if (!this.#sockets.hasWatchers && this.#unflushed.size === 0) await this.#flush(true);
  }

  override webSocketError(socket: WebSocket): Promise<void> {
    return this.webSocketClose(socket);
  }

  /** Tells those who watch the run. */
  tell(notice: RunNotice): void {
    this.#sockets.tell(notice);
  }

  /** Grows with every point; 0 before the first. */
  lastChange(): number {
    this.#open();
    return this.#notedThrough;
  }

  /**
   * Never throws: the platform drops an alarm after six failures, and D1 may be away for longer than that. So the next
   * alarm is set here for as long as there is something to tell.
   */
  override async alarm(): Promise<void> {
    this.#hasAlarm = false;
    try {
      this.#open();
      await this.#flush(Date.now() - this.#lastAppendMs >= this.#alarmDistanceMs / 2);
    } catch (error) {
      console.error("flush of run", this.#opened?.state.runId ?? "that cannot be read", error);
    }
    // One that cannot be read now may be later, by another version of this code.
    if (this.#opened === undefined) return await this.#setAlarm();
    // A flush that another call began may yet fail.
    const mayEnd = this.#isLive && !this.#sockets.hasWatchers;
    if (this.#unflushed.size > 0 || mayEnd || this.#flushing !== undefined) await this.#setAlarm();
  }

  /**
   * Opens at the first call and not in the constructor, so that a new object's tables are part of its first commit. An
   * object that cannot read what it needs throws at each call, and has changed nothing: it is published last.
   */
  #open(): Opened {
    if (this.#opened !== undefined) return this.#opened;
    const history = new MetricHistory(this.ctx.storage);
    const state = new ObjectState(this.ctx.storage.sql);
    // Nobody was told of them, and D1 may not know that the run is live, or have it active.
    if (state.unmarked !== undefined) {
      history.takeBack(state.unmarked);
      state.unmarked = undefined;
    }
    const unflushed = history.summariesSince(state.flushedThrough);
    this.#unflushed = unflushed;
    this.#notedThrough = history.lastJournalId;
    this.#opened = { history, state };
    // The alarm of an instance that died was repeated by the platform, but only so often.
    if (unflushed.size > 0) void this.#setAlarm();
    return this.#opened;
  }

  /** With the first points, should the instance before have died between its mark and taking them over. */
  async #wholeHistory(): Promise<MetricHistory> {
    const { history, state } = this.#open();
    if (state.runId !== "") await this.#takeFirstPoints(state.runId);
    return history;
  }

  /** Takes over, once, what D1 held of the run before it had an object. After the mark, D1 takes no more of them. */
  async #takeFirstPoints(runId: string): Promise<void> {
    const { history, state } = this.#open();
    if (state.hasFirstPoints) return;
    const points = await readFirstPoints(this.env.DB, runId);
    if (state.hasFirstPoints) return;
    if (points.length > 0) history.append([encodePoints(points)]);
    state.noteFirstPoints();
  }

  async #setAlarm(): Promise<void> {
    this.#hasAlarm = true;
    this.#alarmDistanceMs = this.#flushDistanceMs;
    this.#flushDistanceMs = Math.min(this.#flushDistanceMs * 2, MAX_FLUSH_DISTANCE_MS);
    await this.ctx.storage.setAlarm(Date.now() + this.#alarmDistanceMs);
  }

  /** One durable write for all requests that arrived since the last one began. */
  async #commitWaiting(runId: string): Promise<boolean> {
    this.#openCommits++;
    try {
      await this.#commit;
      if (this.#hasSeveralClients) await scheduler.wait(0);
      const bodies = this.#waiting;
      this.#hasSeveralClients = bodies.length > 1;
      this.#waiting = [];
      this.#nextCommit = undefined;
      if (this.#isLive) {
        this.#append(bodies);
        // Only for the next to wait for: where the disk fails, the platform ends the object and its calls.
        this.#commit = this.ctx.storage.sync().catch(() => undefined);
        return true;
      }
      const burst = this.#beginBurst(runId, bodies);
      this.#commit = burst.catch(() => undefined);
      return await burst;
    } finally {
      this.#openCommits--;
    }
  }

  /** Whatever is told of these points, to the client or to D1, waits at the output gate until they are durable. */
  #append(bodies: readonly Uint8Array[]): void {
    const { history } = this.#open();
    const journalId = history.append(bodies);
    try {
      if (history.foldIsDue) history.fold();
    } catch (error) {
      // The points are in the journal: they count, and the next append tries again.
      console.error("folding of run", this.#open().state.runId, error);
    }
    // A run that is live for its watchers alone has none.
    if (!this.#hasAlarm) void this.#setAlarm();
    this.#noteAppended(bodies, journalId);
  }

  /**
   * Stores points and marks the run live; takes the points back unless D1 says that the run is active. So does the next
   * instance if this one dies before that is stored.
   */
  async #beginBurst(runId: string, bodies: readonly Uint8Array[]): Promise<boolean> {
    const { history, state } = this.#open();
    if (Date.now() - this.#lastAppendMs > MAX_FLUSH_DISTANCE_MS) this.#flushDistanceMs = MIN_FLUSH_DISTANCE_MS;
    const after = history.lastJournalId;
    const rows = { after, through: history.append(bodies) };
    history.hide(rows);
    state.unmarked = rows;
    let isActive = false;
    try {
      isActive = await this.#mark(runId);
    } finally {
      if (!isActive) history.takeBack(rows);
      history.hide(undefined);
      state.unmarked = undefined;
    }
    if (isActive) {
      this.#isLive = true;
      this.#noteAppended(bodies, rows.through);
    }
    return isActive;
  }

  /** @returns whether D1 now marks the run live: it is active. */
  async #mark(runId: string): Promise<boolean> {
    const { state } = this.#open();
    let isActive = false;
    do {
      state.beginEpoch(runId);
      void this.#setAlarm();
      isActive = await markLive(this.env.DB, runId, state.epoch);
      if (isActive) await this.#takeFirstPoints(runId);
      // The run was deleted while the mark was under way: whether before it or after it, only D1 knows.
    } while (isActive && this.#endedEpoch >= state.epoch);
    return isActive;
  }

  #noteAppended(bodies: readonly Uint8Array[], journalId: number): void {
    for (const body of bodies) this.#unflushed.add(decodePoints(body));
    this.#notedThrough = journalId;
    this.#lastAppendMs = Date.now();
    this.#sockets.tellPoints(bodies);
    if (this.#unflushed.size > MAX_UNFLUSHED_KEYS) this.ctx.waitUntil(this.#flush(false));
  }

  /**
   * Writes to D1 what it has not seen; if `endsBurst` and no point is on its way, the same transaction clears the mark. A
   * point that arrives while the clear is under way marks again with a greater epoch.
   */
  async #flush(endsBurst: boolean): Promise<void> {
    if (this.#flushing !== undefined) return;
    const isLast = endsBurst && this.#openCommits === 0 && !this.#sockets.hasWatchers;
    const { state } = this.#open();
    const { runId, epoch } = state;
    const through = this.#notedThrough;
    const flushing = this.#unflushed;
    this.#flushing = flushing;
    this.#unflushed = new MetricSummaries();
    if (isLast) this.#isLive = false;
    try {
      const db: Database = this.env.DB;
      const stage = db.prepare("SELECT lifecycle_stage FROM runs WHERE run_id = ?").bind(runId);
      const [run] = await db.batch<{ lifecycle_stage: string }>([
        stage,
        ...upsertLatestStatements(db, summaryRows(runId, flushing)),
        ...(isLast ? [clearLiveStatement(db, runId, epoch)] : []),
      ]);
      if (run?.results[0]?.lifecycle_stage !== "active") this.endBurst();
      state.flushedThrough = through;
    } catch (error) {
      flushing.addAll(this.#unflushed);
      this.#unflushed = flushing;
      throw error;
    } finally {
      this.#flushing = undefined;
    }
  }
}
