import { DurableObject } from "cloudflare:workers";
import { clearLiveStatement, markLive, upsertLatestStatements } from "../d1/latest-metrics.ts";
import { MetricHistory, type ReadOptions, type SampleOptions } from "./history.ts";
import { decodePoints } from "./points.ts";
import type { Series } from "./series.ts";
import { ObjectState } from "./state.ts";
import { MetricSummaries } from "./summaries.ts";
import { summaryRows } from "./summary-rows.ts";

/** Distance of the alarms that write to D1, doubling from burst start while nobody asks. */
const MIN_FLUSH_DISTANCE_MS = 1000;
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

/**
 * A run's metric history. Acknowledges points once they are durable here, and tells D1 later.
 *
 * A *burst* is the time during which D1 marks the run live: from before its first point is acknowledged until a write to
 * D1 that leaves nothing behind. Searches ask live runs' objects, so no acknowledged point is ever unseen. A mark carries
 * an epoch that only grows, and a clear takes away marks up to its own epoch only; so marks and clears may reach D1 in any
 * order, late or not at all.
 */
export class RunDurableObject extends DurableObject<Env> {
  readonly #history: MetricHistory;
  readonly #state: ObjectState;

  /** What D1 has not seen, and, while a write to it is under way, what that write carries. */
  #unflushed: MetricSummaries;
  #flushing: MetricSummaries | undefined;

  #isLive = false;
  #starting: Promise<boolean> | undefined;
  /** Bursts up to this epoch are over, even if their mark is still under way. */
  #endedEpoch = 0;

  /** Bodies that wait for the next commit, and its promise; while one commit is becoming durable, the next gathers. */
  #waiting: Uint8Array[] = [];
  #nextCommit: Promise<void> | undefined;
  #commit: Promise<void> = Promise.resolve();
  #openCommits = 0;
  #lastJournalId = 0;
  #lastAppendMs = 0;
  #flushDistanceMs = MIN_FLUSH_DISTANCE_MS;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#history = new MetricHistory(ctx.storage);
    this.#state = new ObjectState(ctx.storage.sql);
    this.#unflushed = this.#history.summariesSince(this.#state.flushedThrough);
    this.#lastJournalId = this.#history.lastJournalId;
    // An alarm that was running when the last instance died is repeated by the platform, but only so often.
    if (this.#unflushed.size > 0) ctx.blockConcurrencyWhile(() => this.#setAlarm());
  }

  /**
   * Appends points made by `encodePoints`.
   * @returns whether they are stored; false, with nothing changed, when the run is not active.
   */
  async append(runId: string, body: Uint8Array): Promise<boolean> {
    if (!this.#isLive && !(await this.#startBurst(runId))) return false;
    this.#waiting.push(body);
    this.#nextCommit ??= this.#commitWaiting();
    await this.#nextCommit;
    return true;
  }

  /** What D1 has not seen, for a search that writes it together with that of other runs. */
  unflushed(): Unflushed {
    const epoch = this.#state.epoch;
    const rows = [this.#flushing, this.#unflushed].flatMap((summaries) =>
      summaries === undefined ? [] : summaryRows(this.#state.runId, summaries),
    );
    const isIdle = rows.length === 0 && this.#openCommits === 0 && this.#starting === undefined;
    if (isIdle) this.#isLive = false;
    this.#flushDistanceMs = MIN_FLUSH_DISTANCE_MS;
    return { rows, epoch, isIdle };
  }

  /** The run was deleted in D1: the next point must ask D1 again. */
  endBurst(): void {
    this.#endedEpoch = this.#state.epoch;
    this.#isLive = false;
  }

  /** Tells D1 now, and ends the burst. */
  async flush(): Promise<void> {
    await this.#flush(true);
  }

  read(key: string, options: ReadOptions): Series {
    return this.#history.read(key, options);
  }

  sample(key: string, options: SampleOptions): Series {
    return this.#history.sample(key, options);
  }

  /**
   * Never throws: the platform drops an alarm after six failures, and D1 may be away for longer than that. So the next
   * alarm is set here for as long as there is something to tell.
   */
  override async alarm(): Promise<void> {
    try {
      await this.#flush(Date.now() - this.#lastAppendMs >= MIN_FLUSH_DISTANCE_MS);
    } catch (error) {
      console.error("flush of run", this.#state.runId, error);
    }
    if (this.#unflushed.size > 0 || this.#isLive) await this.#setAlarm();
  }

  async #setAlarm(): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + this.#flushDistanceMs);
    this.#flushDistanceMs = Math.min(this.#flushDistanceMs * 2, MAX_FLUSH_DISTANCE_MS);
  }

  /** Marks the run live in D1. The alarm comes first, so that a mark without an object behind it is always cleared. */
  #startBurst(runId: string): Promise<boolean> {
    this.#starting ??= (async () => {
      if (Date.now() - this.#lastAppendMs > MAX_FLUSH_DISTANCE_MS) this.#flushDistanceMs = MIN_FLUSH_DISTANCE_MS;
      for (;;) {
        const epoch = this.#state.beginEpoch(runId);
        await this.#setAlarm();
        const isActive = await markLive(this.env.DB, runId, epoch);
        if (!isActive) return false;
        if (this.#endedEpoch < epoch) break;
      }
      this.#isLive = true;
      return true;
    })().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /** One durable write for all requests that arrived since the last one began. */
  async #commitWaiting(): Promise<void> {
    this.#openCommits++;
    try {
      await this.#commit.catch(() => undefined);
      const bodies = this.#waiting;
      this.#waiting = [];
      this.#nextCommit = undefined;
      this.#lastJournalId = this.#history.append(bodies);
      if (this.#history.foldIsDue) this.#history.fold();
      for (const body of bodies) this.#unflushed.add(decodePoints(body));
      this.#lastAppendMs = Date.now();
      this.#commit = this.ctx.storage.sync();
      await this.#commit;
    } finally {
      this.#openCommits--;
    }
    if (this.#unflushed.size > MAX_UNFLUSHED_KEYS) this.ctx.waitUntil(this.#flush(false));
  }

  /**
   * Writes to D1 what it has not seen; if `endsBurst` and no point is on its way, the same transaction clears the mark. A
   * point that arrives while the clear is under way marks again with a greater epoch.
   */
  async #flush(endsBurst: boolean): Promise<void> {
    if (this.#flushing !== undefined) return;
    const isLast = endsBurst && this.#openCommits === 0 && this.#starting === undefined;
    const { runId, epoch } = this.#state;
    const through = this.#lastJournalId;
    const flushing = this.#unflushed;
    this.#flushing = flushing;
    this.#unflushed = new MetricSummaries();
    if (isLast) this.#isLive = false;
    try {
      const db = this.env.DB;
      const stage = db.prepare("SELECT lifecycle_stage FROM runs WHERE run_id = ?").bind(runId);
      const [run] = await db.batch<{ lifecycle_stage: string }>([
        stage,
        ...upsertLatestStatements(db, summaryRows(runId, flushing)),
        ...(isLast ? [clearLiveStatement(db, runId, epoch)] : []),
      ]);
      if (run?.results[0]?.lifecycle_stage !== "active") this.endBurst();
      this.#state.flushedThrough = through;
    } catch (error) {
      flushing.addAll(this.#unflushed);
      this.#unflushed = flushing;
      throw error;
    } finally {
      this.#flushing = undefined;
    }
  }
}
