import { type Commit, CommitGroup } from "./commit-group.ts";
import { MetricHistory } from "./history.ts";
import type { FlushedRun, LatestMetrics, MarkedRun, RunFlush, RunMark } from "./latest-port.ts";
import type { LiveSockets } from "./live-sockets.ts";
import type { ObjectStorage } from "./migrations.ts";
import { type Confirmed, OpenRun, type RunNews } from "./open-run.ts";
import { CellRunStore, OwnRunStore, RunState, type RunStore } from "./run-state.ts";
import { ObjectTables } from "./tables.ts";

/** The number of an object's own run: see {@link Cell}. */
const OWN = 0;

/** Most runs that are open at once. Each takes a few kB, plus what D1 has not seen. */
const MAX_OPEN_RUNS = 2000;

/**
 * Most metrics, over all runs, that D1 has not seen. Beyond that they are written at once, to bound the object's memory.
 */
const MAX_UNFLUSHED_KEYS = 20_000;
/** Most points of one run that D1 has not seen: the next instance must read all of them. */
const MAX_UNFLUSHED_POINTS = 500_000;
/** Commits, or bytes of points, between two checks of these bounds. */
const COMMITS_PER_CHECK = 64;
const BYTES_PER_CHECK = 250_000;

/** An object holds at most 10 GB. From this size on a cell takes no new runs; its existing runs go on. */
const FULL_BYTES = 4_000_000_000;

/** Most runs that one alarm handles. */
const RUNS_PER_ALARM = 256;
/** Delay after an alarm that could not read the object or a run. */
const RETRY_MS = 60_000;

/** Size of one answer to a search, in UTF-16 units: far below the platform's limit of 32 MiB. */
const MAX_NEWS_CHARACTERS = 8_000_000;

/** What a cell needs from the platform. */
export interface CellPlatform {
  readonly storage: ObjectStorage;
  /** Bytes of the database. */
  readonly storedBytes: () => number;
  /** Resolves once everything that was written is durable. */
  readonly sync: () => Promise<void>;
  readonly setAlarm: (atMs: number) => Promise<void>;
  readonly getAlarm: () => Promise<number | null>;
  /** One turn of the event loop. */
  readonly yieldTurn: () => Promise<unknown>;
  readonly nowMs: () => number;
  readonly latest: LatestMetrics;
  /** The sockets of one run of the cell; without an id, all sockets of the object. */
  readonly socketsOf: (runId?: string) => LiveSockets;
}

/** What became of points that were sent to a cell. A cell that is `full` takes no new runs. */
export type Acceptance = "stored" | "refused" | "full";

export interface NewsRequest {
  readonly runId: string;
  readonly confirmed?: Confirmed | undefined;
  /** The metrics that are needed; absent: all metrics. */
  readonly keys?: readonly string[] | undefined;
}

/** News of one run of a cell; undefined if the run cannot be read. */
export interface NewsOfRun {
  readonly runId: string;
  readonly news: RunNews | undefined;
}

interface Append {
  readonly run: OpenRun;
  readonly runId: string;
  readonly body: Uint8Array;
}

/**
 * The runs of one object: a cell of many, or the one run that the object is named after, its *own* run. The runs share the
 * write that makes points durable, the writes to D1, and the alarm, which is set for the first run that is due. Each run
 * has its own history, burst, deletion and watchers. A run that cannot be read does not affect the others.
 *
 * Runs are opened when they are needed; the least recently used runs are closed.
 */
export class Cell {
  readonly #platform: CellPlatform;
  readonly #commits: CommitGroup<Append, boolean>;
  readonly #marks: CommitGroup<RunMark, MarkedRun | undefined>;
  readonly #flushes: CommitGroup<() => RunFlush, FlushedRun | undefined>;
  #tables: ObjectTables | undefined;
  /** Open runs by number, the least recently used first. */
  readonly #runs = new Map<number, OpenRun>();
  readonly #numbers = new Map<string, number>();
  /** Runs that are being removed. Such a run takes no points. */
  readonly #removed = new Set<OpenRun>();
  #alarmMs: number | undefined;
  #uncheckedCommits = 0;
  #uncheckedBytes = 0;

  constructor(platform: CellPlatform) {
    this.#platform = platform;
    const { yieldTurn, latest, sync } = platform;
    this.#commits = new CommitGroup((appends) => {
      const answers = this.#write(appends);
      // Only the next write waits for this. If the disk fails, the platform ends the object and all its calls.
      return { answers, isOver: sync().catch(() => undefined) };
    }, yieldTurn);
    this.#marks = new CommitGroup((marks) => answersByRun(marks, latest.mark(marks)), yieldTurn);
    this.#flushes = new CommitGroup((takes) => {
      const flushes = takes.map((take) => take());
      return answersByRun(flushes, latest.write(flushes));
    }, yieldTurn);
  }

  /**
   * The run that the object is named after.
   * @throws Error when the run cannot be read, as every method below that opens a run
   */
  own(): OpenRun {
    return this.#open(OWN);
  }

  /** A run of the cell; the own run if the cell has no run with that id, or if no id is given. */
  find(runId?: string): OpenRun {
    return this.#open(runId === undefined ? OWN : (this.#numberOf(runId) ?? OWN));
  }

  /** A run of the cell, created if it does not exist; undefined if the cell is full. */
  admit(runId: string): OpenRun | undefined {
    const known = this.#numberOf(runId);
    if (known !== undefined) return this.#open(known);
    if (this.#platform.storedBytes() >= FULL_BYTES) return undefined;
    const { sql } = this.#openTables();
    const { number } = sql
      .exec<{ number: number }>("INSERT INTO cell_run (run_id, state) VALUES (?, '{}') RETURNING number", runId)
      .one();
    this.#numbers.set(runId, number);
    return this.#open(number);
  }

  /**
   * Appends points made by `encodePoints` to one of the runs.
   * @returns whether they are stored; false, with nothing changed, when the run is not active.
   */
  async append(run: OpenRun, runId: string, body: Uint8Array): Promise<boolean> {
    if (this.#removed.has(run)) return false;
    return await run.during(() => this.#commits.add({ run, runId, body }));
  }

  /** Whether anything is stored. Asking creates no tables; otherwise a removed object would exist again, empty. */
  get isStored(): boolean {
    const table = "SELECT 1 FROM sqlite_master WHERE name = 'object_migration'";
    return this.#tables !== undefined || this.#platform.storage.sql.exec(table).toArray().length > 0;
  }

  /** Whether a run holds no points and D1 was never told of it, so that nothing is lost when the run is removed. */
  isWorthless(run: OpenRun): boolean {
    return run.isAtRest && !run.isLive && !run.fields.hasFirstPoints && run.history.isEmpty && !run.sockets.hasWatchers;
  }

  /** Tells D1 of a run now; see {@link OpenRun.flush}. */
  flush(run: OpenRun, endsBurst: boolean): Promise<void> {
    return run.flush(endsBurst, (take) => this.#flushes.add(take));
  }

  /**
   * Runs were deleted in D1: their next points must ask D1 again. This does not open the runs, so it also works for runs
   * that cannot be read. An undefined id means the own run.
   */
  endBursts(runIds: readonly (string | undefined)[]): void {
    for (const runId of runIds) {
      const number = runId === undefined ? OWN : (this.#numberOf(runId) ?? OWN);
      const run = this.#runs.get(number);
      if (run !== undefined) run.endBurst();
      else new RunState(this.#storeOf(number), () => {}).change({ isMarked: false });
    }
  }

  /**
   * What D1 has not seen of the requested runs: of as many as one answer holds, in the order of the requests, and at least
   * one.
   */
  news(requests: readonly NewsRequest[]): NewsOfRun[] {
    const answers: NewsOfRun[] = [];
    let characters = 0;
    for (const { runId, confirmed, keys } of requests) {
      const news = this.#newsOf(runId, confirmed, keys);
      answers.push({ runId, news });
      characters += news?.rows.reduce((sum, row) => sum + row.length, 0) ?? 0;
      if (characters > MAX_NEWS_CHARACTERS) break;
    }
    return answers;
  }

  #newsOf(runId: string, confirmed: Confirmed | undefined, keys: readonly string[] | undefined): RunNews | undefined {
    try {
      const number = this.#numberOf(runId);
      return number === undefined ? undefined : this.#open(number).newsFor(confirmed, keys);
    } catch (error) {
      console.error("news of run", runId, error);
      return undefined;
    }
  }

  /**
   * Never throws: the platform drops an alarm after six failures, and D1 may be unavailable for longer than that. So this
   * method sets the next alarm for as long as D1 lacks something. The first run that is due is always flushed.
   */
  async alarm(): Promise<void> {
    // Runs that become due meanwhile are covered by the alarm that is set at the end.
    this.#alarmMs = 0;
    const { nowMs } = this.#platform;
    try {
      const until = Math.max(nowMs(), this.#firstDueMs() ?? 0);
      await Promise.all(this.#dueRuns(until).map((number) => this.#alarmOf(number)));
    } catch (error) {
      console.error("alarm", error);
    }
    this.#alarmMs = undefined;
    try {
      const next = this.#firstDueMs();
      if (next !== undefined) await this.#setAlarm(next);
    } catch {
      // The error is logged above. Another version of this code may be able to read the object later.
      await this.#setAlarm(nowMs() + RETRY_MS);
    }
  }

  /**
   * Removes a run of the cell and everything stored for it. It works in slices, so that other runs get turns in between. D1
   * must no longer have the run, so that it takes no more points. Work that is in flight for the run finishes first.
   */
  async purge(runId: string): Promise<void> {
    const number = this.#numberOf(runId);
    if (number === undefined) return;
    // The run is not opened, so a run that cannot be read can be removed.
    const run = this.#runs.get(number);
    if (run !== undefined) await this.#endWork(run);
    const history = run?.history ?? new MetricHistory(this.#openTables(), number);
    while (history.purgeSlice()) await this.#platform.yieldTurn();
    this.#openTables().sql.exec("DELETE FROM cell_run WHERE number = ?", number);
    this.#runs.delete(number);
    this.#numbers.delete(runId);
    if (run !== undefined) this.#removed.delete(run);
  }

  /** The own run is about to be removed with everything stored: waits until work in flight has finished. */
  async end(): Promise<void> {
    const run = this.#runs.get(OWN);
    if (run !== undefined) await this.#endWork(run);
  }

  async #endWork(run: OpenRun): Promise<void> {
    this.#removed.add(run);
    run.endBurst();
    while (!run.isAtRest) await this.#platform.yieldTurn();
  }

  /** Opens the tables at the first call, so that a new object creates them in its first commit. */
  #openTables(): ObjectTables {
    if (this.#tables === undefined) {
      this.#tables = new ObjectTables(this.#platform.storage, this.#platform.nowMs());
      void this.#keepAlarm();
    }
    return this.#tables;
  }

  /** Sets the alarm again if it is lost: the platform repeats an alarm that failed, but only a few times. */
  async #keepAlarm(): Promise<void> {
    try {
      const atMs = await this.#platform.getAlarm();
      if (this.#alarmMs !== undefined) return;
      const dueMs = this.#firstDueMs();
      if (atMs !== null) this.#alarmMs = atMs;
      else if (dueMs !== undefined) await this.#setAlarm(dueMs);
    } catch (error) {
      console.error("alarm", error);
    }
  }

  #open(number: number): OpenRun {
    const known = this.#runs.get(number);
    if (known !== undefined) {
      this.#runs.delete(number);
      this.#runs.set(number, known);
      return known;
    }
    const tables = this.#openTables();
    const store = this.#storeOf(number);
    const { latest, nowMs, socketsOf } = this.#platform;
    const runId = number === OWN ? undefined : this.#idOf(number);
    const onDue = (dueMs: number) => {
      if (this.#alarmMs === undefined || dueMs < this.#alarmMs) void this.#setAlarm(dueMs);
    };
    const run = new OpenRun({
      ...{ tables, number, store, latest, nowMs, onDue },
      mark: (mark) => this.#marks.add(mark),
      sockets: socketsOf(runId),
    });
    // Only now: if opening the run failed, the next call must try again.
    this.#runs.set(number, run);
    if (this.#runs.size > MAX_OPEN_RUNS) this.#closeLeastUsed();
    return run;
  }

  #storeOf(number: number): RunStore {
    const { sql } = this.#openTables();
    return number === OWN ? new OwnRunStore(sql) : new CellRunStore(sql, number);
  }

  #closeLeastUsed(): void {
    for (const [number, run] of this.#runs) {
      if (this.#runs.size <= MAX_OPEN_RUNS) return;
      if (!run.isAtRest) continue;
      this.#runs.delete(number);
      this.#numbers.delete(run.fields.runId);
    }
  }

  #numberOf(runId: string): number | undefined {
    const known = this.#numbers.get(runId);
    if (known !== undefined) return known;
    const [row] = this.#openTables()
      .sql.exec<{ number: number }>("SELECT number FROM cell_run WHERE run_id = ?", runId)
      .toArray();
    if (row !== undefined) this.#numbers.set(runId, row.number);
    return row?.number;
  }

  #idOf(number: number): string {
    return this.#openTables().sql.exec<{ run_id: string }>("SELECT run_id FROM cell_run WHERE number = ?", number).one()
      .run_id;
  }

  /** One durable write for all points that arrived since the last write began. */
  #write(appends: readonly Append[]): Promise<boolean>[] {
    const answers = new Map<OpenRun, Promise<boolean>>();
    for (const [run, ofRun] of Map.groupBy(appends, (append) => append.run)) {
      const bodies = ofRun.map(({ body }) => body);
      const { runId } = ofRun[0]!;
      // While D1 is asked about a run, later points of that run wait; points of other runs do not.
      answers.set(run, run.beginning === undefined ? run.write(runId, bodies) : this.#writeAfter(run, ofRun));
      if (run.isUntidy) void this.#tidy(run);
    }
    this.#uncheckedCommits++;
    for (const { body } of appends) this.#uncheckedBytes += body.length;
    if (this.#uncheckedCommits >= COMMITS_PER_CHECK || this.#uncheckedBytes >= BYTES_PER_CHECK) this.#boundMemory();
    return appends.map(({ run }) => answers.get(run)!);
  }

  async #writeAfter(run: OpenRun, appends: readonly Append[]): Promise<boolean> {
    await run.beginning?.catch(() => undefined);
    const stored = await Promise.all(appends.map((append) => this.#commits.add(append)));
    return stored.every(Boolean);
  }

  /** Merges a run's segments and yields to other runs between two merges. */
  async #tidy(run: OpenRun): Promise<void> {
    run.isUntidy = false;
    try {
      await run.during(async () => {
        do await this.#platform.yieldTurn();
        while (run.history.merge());
      });
    } catch (error) {
      console.error("merge of run", run.fields.runId, error);
    }
  }

  #boundMemory(): void {
    this.#uncheckedCommits = 0;
    this.#uncheckedBytes = 0;
    const runs = [...this.#runs.values()];
    const keys = runs.reduce((sum, { news }) => sum + news.size, 0);
    const isOver = (run: OpenRun) =>
      keys > MAX_UNFLUSHED_KEYS ? run.news.size > 0 : run.news.freshPoints > MAX_UNFLUSHED_POINTS;
    for (const run of runs.filter(isOver)) {
      this.flush(run, false).catch((error: unknown) => console.error("flush of run", run.fields.runId, error));
    }
  }

  async #alarmOf(number: number): Promise<void> {
    try {
      await this.#open(number).alarm((take) => this.#flushes.add(take));
    } catch (error) {
      const run = this.#runs.get(number);
      console.error("flush of run", run?.fields.runId ?? `number ${number} of this object`, error);
      // An open run has already set its next alarm.
      if (run !== undefined) return;
      if (number === OWN) throw error;
      const dueMs = this.#platform.nowMs() + RETRY_MS;
      this.#openTables().sql.exec("UPDATE cell_run SET due_ms = ? WHERE number = ?", dueMs, number);
    }
  }

  #firstDueMs(): number | undefined {
    const { due } = this.#openTables()
      .sql.exec<{ due: number | null }>("SELECT min(due_ms) AS due FROM cell_run WHERE due_ms IS NOT NULL")
      .one();
    const own = this.own().fields.dueMs;
    if (due === null) return own;
    return own === undefined ? due : Math.min(own, due);
  }

  #dueRuns(untilMs: number): number[] {
    const due = this.#openTables()
      .sql.exec<{ number: number }>(
        `SELECT number FROM cell_run WHERE due_ms <= ? ORDER BY due_ms LIMIT ${RUNS_PER_ALARM}`,
        untilMs,
      )
      .toArray()
      .map((row) => row.number);
    const own = this.own().fields.dueMs;
    return own !== undefined && own <= untilMs ? [OWN, ...due] : due;
  }

  async #setAlarm(atMs: number): Promise<void> {
    this.#alarmMs = atMs;
    await this.#platform.setAlarm(atMs);
  }
}

/** Splits D1's one answer about several runs into an answer for each run. */
function answersByRun<Answer>(
  runs: readonly { readonly runId: string }[],
  said: Promise<ReadonlyMap<string, Answer>>,
): Commit<Answer | undefined> {
  const answers = runs.map(async ({ runId }) => (await said).get(runId));
  return { answers, isOver: said.catch(() => undefined) };
}
