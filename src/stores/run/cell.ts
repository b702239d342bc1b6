import { type Commit, CommitGroup } from "./commit-group.ts";
import { MetricHistory } from "./history.ts";
import type { FlushedRun, LatestMetrics, MarkedRun, RunFlush, RunMark } from "./latest-port.ts";
import type { LiveSockets } from "./live-sockets.ts";
import type { ObjectStorage } from "./migrations.ts";
import { type Confirmed, OpenRun, type RunNews } from "./open-run.ts";
import { CellRunStore, OwnRunStore, RunState, type RunStore } from "./run-state.ts";
import { ObjectTables } from "./tables.ts";

/** The own run of an object: see {@link Cell}. */
const OWN = 0;

/** Runs that are open at once: a few kB each beside what D1 has not seen. */
const MAX_OPEN_RUNS = 2000;

/** Metrics that D1 has not seen, over all runs: more are written at once, to bound what the object holds in memory. */
const MAX_UNFLUSHED_KEYS = 20_000;
/** Points of a run likewise: the next instance reads them all to know what to tell. */
const MAX_UNFLUSHED_POINTS = 500_000;
/** Commits, or bytes of points, between two looks at these bounds. */
const COMMITS_PER_CHECK = 64;
const BYTES_PER_CHECK = 250_000;

/** An object holds 10 GB: from here on it takes no more runs, and those that it has go on. */
const FULL_BYTES = 4_000_000_000;

/** Runs whose alarms come together. */
const RUNS_PER_ALARM = 256;
/** After an alarm that could not read the object or a run. */
const RETRY_MS = 60_000;

/** In UTF-16 units: what one answer to a search holds, far from the 32 MiB of the platform. */
const MAX_NEWS_CHARACTERS = 8_000_000;

/** The platform, as a cell needs it. */
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
  /** The sockets of a run of the cell; without an id, all that the object has. */
  readonly socketsOf: (runId?: string) => LiveSockets;
}

/** What became of points that were sent to a cell: `full` takes no run that it does not have yet. */
export type Acceptance = "stored" | "refused" | "full";

export interface NewsRequest {
  readonly runId: string;
  readonly confirmed?: Confirmed | undefined;
  /** The metrics that are needed; all of them where absent. */
  readonly keys?: readonly string[] | undefined;
}

/** News of one run of a cell; undefined where the run cannot be read. */
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
 * The runs of one object: a cell of many, or one run that the object is named after, its *own* run. They share the write
 * that makes points durable, the alarm, which comes when the first of them is due, and their writes to D1. Everything else
 * is each run's: history, burst, deletion, watchers. One that cannot be read fails alone.
 *
 * Runs are opened as they are needed, and the least used are closed.
 */
export class Cell {
  readonly #platform: CellPlatform;
  readonly #commits: CommitGroup<Append, boolean>;
  readonly #marks: CommitGroup<RunMark, MarkedRun | undefined>;
  readonly #flushes: CommitGroup<() => RunFlush, FlushedRun | undefined>;
  #tables: ObjectTables | undefined;
  /** Open runs by number, the least used first. */
  readonly #runs = new Map<number, OpenRun>();
  readonly #numbers = new Map<string, number>();
  /** Runs that are being removed: they take no points. */
  readonly #removed = new Set<OpenRun>();
  #alarmMs: number | undefined;
  #uncheckedCommits = 0;
  #uncheckedBytes = 0;

  constructor(platform: CellPlatform) {
    this.#platform = platform;
    const { yieldTurn, latest, sync } = platform;
    this.#commits = new CommitGroup((appends) => {
      const answers = this.#write(appends);
      // Only for the next to wait for: where the disk fails, the platform ends the object and its calls.
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
   * @throws Error where it cannot be read, as all that follow
   */
  own(): OpenRun {
    return this.#open(OWN);
  }

  /** A run of the cell; the own run where there is none of that id, or no id is given. */
  find(runId?: string): OpenRun {
    return this.#open(runId === undefined ? OWN : (this.#numberOf(runId) ?? OWN));
  }

  /** A run of the cell, which is made if it is not there; undefined where the cell is full. */
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

  /** Whether anything is stored. Who only asks makes no tables by it: what was removed would be there again, empty. */
  get isStored(): boolean {
    const table = "SELECT 1 FROM sqlite_master WHERE name = 'object_migration'";
    return this.#tables !== undefined || this.#platform.storage.sql.exec(table).toArray().length > 0;
  }

  /** Whether a run holds no point, and D1 was never told of it: as nothing were stored of it. */
  isWorthless(run: OpenRun): boolean {
    return run.isAtRest && !run.isLive && !run.fields.hasFirstPoints && run.history.isEmpty && !run.sockets.hasWatchers;
  }

  /** Tells D1 of a run now; see {@link OpenRun.flush}. */
  flush(run: OpenRun, endsBurst: boolean): Promise<void> {
    return run.flush(endsBurst, (take) => this.#flushes.add(take));
  }

  /**
   * Runs were deleted in D1: their next points must ask D1 again. They need not be opened for it, and so need not be
   * readable. Without ids the own run is meant.
   */
  endBursts(runIds: readonly (string | undefined)[]): void {
    for (const runId of runIds) {
      const number = runId === undefined ? OWN : (this.#numberOf(runId) ?? OWN);
      const run = this.#runs.get(number);
      if (run !== undefined) run.endBurst();
      else new RunState(this.#storeOf(number), () => {}).change({ isMarked: false });
    }
  }

  /** What D1 has not seen of some runs: of the first ones asked for, as many as one answer holds, and at least one. */
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
   * Never throws: the platform drops an alarm after six failures, and D1 may be away for longer than that. So the next
   * alarm is set here for as long as there is something to tell. The first run that is due is told in any case.
   */
  async alarm(): Promise<void> {
    // What becomes due meanwhile is part of the one that is set at the end.
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
      // Told above. What cannot be read now may be later, by another version of this code.
      await this.#setAlarm(nowMs() + RETRY_MS);
    }
  }

  /**
   * Removes a run of the cell with all that is stored of it, in slices that others come between. D1 must have forgotten
   * the run, so that it takes no more points. What is under way for it comes to its end first.
   */
  async purge(runId: string): Promise<void> {
    const number = this.#numberOf(runId);
    if (number === undefined) return;
    // One that cannot be read can be removed.
    const run = this.#runs.get(number);
    if (run !== undefined) await this.#endWork(run);
    const history = run?.history ?? new MetricHistory(this.#openTables(), number);
    while (history.purgeSlice()) await this.#platform.yieldTurn();
    this.#openTables().sql.exec("DELETE FROM cell_run WHERE number = ?", number);
    this.#runs.delete(number);
    this.#numbers.delete(runId);
    if (run !== undefined) this.#removed.delete(run);
  }

  /** The own run is about to be removed, with all that is stored: lets what is under way come to its end. */
  async end(): Promise<void> {
    const run = this.#runs.get(OWN);
    if (run !== undefined) await this.#endWork(run);
  }

  async #endWork(run: OpenRun): Promise<void> {
    this.#removed.add(run);
    run.endBurst();
    while (!run.isAtRest) await this.#platform.yieldTurn();
  }

  /** Opens at the first call and not before, so that a new object's tables are part of its first commit. */
  #openTables(): ObjectTables {
    if (this.#tables === undefined) {
      this.#tables = new ObjectTables(this.#platform.storage, this.#platform.nowMs());
      void this.#keepAlarm();
    }
    return this.#tables;
  }

  /** The alarm of an instance that died was repeated by the platform, but only so often. */
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
    // Last: a run that cannot be opened is asked to open again at the next call.
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

  /** One durable write for all points that arrived since the last one began. */
  #write(appends: readonly Append[]): Promise<boolean>[] {
    const answers = new Map<OpenRun, Promise<boolean>>();
    for (const [run, ofRun] of Map.groupBy(appends, (append) => append.run)) {
      const bodies = ofRun.map(({ body }) => body);
      const { runId } = ofRun[0]!;
      // While D1 is asked about a run, its further points wait, and no other run's do.
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

  /** Merges a run's segments, with turns of others in between. */
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
      // An open run has set its next alarm by itself.
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

/** What D1 says of several runs in one answer, to each of them. */
function answersByRun<Answer>(
  runs: readonly { readonly runId: string }[],
  said: Promise<ReadonlyMap<string, Answer>>,
): Commit<Answer | undefined> {
  const answers = runs.map(async ({ runId }) => (await said).get(runId));
  return { answers, isOver: said.catch(() => undefined) };
}
