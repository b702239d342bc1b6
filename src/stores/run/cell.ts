import { BIRTH_EPOCH, QUIET_MS } from "./burst.ts";
import { type AlarmPlatform, CellAlarm } from "./cell-alarm.ts";
import { CellRuns, MAX_OPEN_RUNS, OWN, type RunsPlatform } from "./cell-runs.ts";
import { type Commit, CommitGroup } from "./commit-group.ts";
import { MetricHistory } from "./history.ts";
import type { FlushedRun, MarkedRun, RunFlush, RunMark } from "./latest-port.ts";
import type { Confirmed, OpenRun, RunNews } from "./open-run.ts";
import { RunState } from "./run-state.ts";

/**
 * Most metrics, over all runs, that D1 has not seen. Beyond that they are written at once, to bound the object's memory.
 */
const MAX_UNFLUSHED_KEYS = 20_000;
/** Most points of one run that D1 has not seen: the next instance must read all of them. */
const MAX_UNFLUSHED_POINTS = 500_000;
/** Bytes of points between two checks of these bounds: at most 7,000 metrics. */
const BYTES_PER_CHECK = 250_000;

/**
 * Least time between two writes to D1 of runs that end one soon after another, in milliseconds. The clients have their
 * answers already, and searches ask the cell until D1 is told. So runs that end in the same moment share the write.
 */
const END_REST_MS = 50;

/** Size of one answer to a search, in UTF-16 units: far below the platform's limit of 32 MiB. */
const MAX_NEWS_CHARACTERS = 8_000_000;

/** What a cell needs from the platform. */
export interface CellPlatform extends RunsPlatform, AlarmPlatform {
  /** Resolves once everything that was written is durable. */
  readonly sync: () => Promise<void>;
  /** One turn of the event loop. */
  readonly yieldTurn: () => Promise<unknown>;
  /** Resolves after some milliseconds. */
  readonly wait: (ms: number) => Promise<unknown>;
}

/** What became of points that were sent to a cell. A cell that is `full` takes no new runs. */
export type Acceptance = "stored" | "refused" | "full";

/** Points of one run, made by `encodePoints`. */
export interface RunBody {
  readonly runId: string;
  readonly body: Uint8Array;
}

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

interface Append extends RunBody {
  readonly run: OpenRun;
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
  /** Flushes of runs that end. They wait for each other; the flushes that bound memory and those of alarms do not. */
  readonly #ends: CommitGroup<() => RunFlush, FlushedRun | undefined>;
  readonly #runs: CellRuns;
  readonly #alarm: CellAlarm;
  /** Runs that D1 marks live and the cell does not have → when a search first asked for them. */
  readonly #newRuns = new Map<string, number>();
  /** Runs that are being removed, or were. Such a run takes no points. */
  readonly #removed = new WeakSet<OpenRun>();
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
    const writeFlushes = (takes: readonly (() => RunFlush)[]) => {
      const flushes = takes.map((take) => take());
      return answersByRun(flushes, latest.write(flushes));
    };
    this.#flushes = new CommitGroup(writeFlushes, yieldTurn);
    this.#ends = new CommitGroup(writeFlushes, yieldTurn, () => platform.wait(END_REST_MS));
    this.#runs = new CellRuns(
      platform,
      (mark) => this.#marks.add(mark),
      (dueMs) => this.#alarm.note(dueMs),
      () => void this.#alarm.keep(),
    );
    this.#alarm = new CellAlarm(platform, this.#runs, (run) => run.alarm((take) => this.#flushes.add(take)));
  }

  /**
   * The run that the object is named after.
   * @throws Error when the run cannot be read, as every method below that opens a run
   */
  own(): OpenRun {
    return this.#runs.open(OWN);
  }

  /** A run of the cell; the own run if the cell has no run with that id, or if no id is given. */
  find(runId?: string): OpenRun {
    return this.#runs.open(runId === undefined ? OWN : (this.#runs.numberOf(runId) ?? OWN));
  }

  /**
   * A run of the cell, added if the cell does not have it; undefined if the cell is full.
   * @param createdMs see {@link CellRuns.add}
   */
  admit(runId: string, createdMs?: number): OpenRun | undefined {
    const number = this.#runs.numberOf(runId) ?? this.#runs.add(runId, createdMs);
    return number === undefined ? undefined : this.#runs.open(number);
  }

  /** A run of the cell that D1 marks live, added if it has no points yet. */
  admitMarked(runId: string): OpenRun {
    return this.#runs.open(this.#runs.numberOf(runId) ?? this.#runs.addUnmarked(runId));
  }

  /**
   * Appends points made by `encodePoints` to one of the runs.
   * @returns whether they are stored; false, with nothing changed, when the run is not active.
   */
  async append(run: OpenRun, runId: string, body: Uint8Array): Promise<boolean> {
    if (this.#removed.has(run)) return false;
    return await run.during(() => this.#commits.add({ run, runId, body }));
  }

  /** Whether anything is stored: see {@link CellRuns.isStored}. */
  get isStored(): boolean {
    return this.#runs.isStored;
  }

  /** Whether a run holds no points and D1 was never told of it, so that nothing is lost when the run is removed. */
  isWorthless(run: OpenRun): boolean {
    return run.isAtRest && !run.isLive && !run.fields.hasFirstPoints && run.history.isEmpty && !run.sockets.hasWatchers;
  }

  /** Tells D1 of a run now; see {@link OpenRun.flush}. */
  flush(run: OpenRun, endsBurst: boolean): Promise<boolean> {
    const group = endsBurst ? this.#ends : this.#flushes;
    return run.flush(endsBurst, (take) => group.add(take));
  }

  /**
   * Runs were deleted in D1: their next points must ask D1 again. This does not open the runs, so it also works for runs
   * that cannot be read. An undefined id means the own run.
   */
  endBursts(runIds: readonly (string | undefined)[]): void {
    for (const runId of runIds) {
      const number = runId === undefined ? OWN : (this.#runs.numberOf(runId) ?? this.#runs.addUnmarked(runId));
      const run = this.#runs.ifOpen(number);
      if (run !== undefined) run.endBurst();
      else new RunState(this.#runs.storeOf(number), () => {}).change({ isMarked: false });
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
      const number = this.#runs.numberOf(runId);
      if (number === undefined) return this.#newsOfNewRun(runId);
      this.#newRuns.delete(runId);
      return this.#runs.open(number).newsFor(confirmed, keys);
    } catch (error) {
      console.error("news of run", runId, error);
      return undefined;
    }
  }

  /** D1 marks the run live since its creation, and it has no points yet. After a while the mark may be cleared. */
  #newsOfNewRun(runId: string): RunNews {
    const nowMs = this.#platform.nowMs();
    const sinceMs = this.#newRuns.get(runId) ?? nowMs;
    if (this.#newRuns.size < MAX_OPEN_RUNS) this.#newRuns.set(runId, sinceMs);
    const isIdle = nowMs - sinceMs >= QUIET_MS;
    if (isIdle) this.#runs.addUnmarked(runId);
    return { rows: [], epoch: BIRTH_EPOCH, through: 0, flushedThrough: 0, isIdle };
  }

  /** Does what is due: see {@link CellAlarm.ring}. */
  alarm(): Promise<void> {
    return this.#alarm.ring();
  }

  /**
   * Removes a run of the cell and everything stored for it. It works in slices, so that other runs get turns in between. D1
   * must no longer have the run, so that it takes no more points. Work that is in flight for the run finishes first.
   */
  async purge(runId: string): Promise<void> {
    this.#runs.noteForgotten();
    await this.#remove(runId);
  }

  /** Removes a run that D1 refused and that holds nothing. */
  async forget(run: OpenRun): Promise<void> {
    await this.#remove(run.fields.runId);
  }

  async #remove(runId: string): Promise<void> {
    const number = this.#runs.numberOf(runId);
    if (number === undefined) return;
    // The run is not opened, so a run that cannot be read can be removed.
    const run = this.#runs.ifOpen(number);
    if (run !== undefined) await this.#endWork(run);
    const history = run?.history ?? new MetricHistory(this.#runs.tables, number);
    while (history.purgeSlice()) await this.#platform.yieldTurn();
    this.#runs.remove(runId, number);
  }

  /** The own run is about to be removed with everything stored: waits until work in flight has finished. */
  async end(): Promise<void> {
    const run = this.#runs.ifOpen(OWN);
    if (run !== undefined) await this.#endWork(run);
  }

  async #endWork(run: OpenRun): Promise<void> {
    this.#removed.add(run);
    run.endBurst();
    while (!run.isAtRest) await this.#platform.yieldTurn();
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
    for (const { body } of appends) this.#uncheckedBytes += body.length;
    if (this.#uncheckedBytes >= BYTES_PER_CHECK) this.#boundMemory();
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
    this.#uncheckedBytes = 0;
    const runs = [...this.#runs.opened];
    const keys = runs.reduce((sum, { news }) => sum + news.size, 0);
    const isOver = (run: OpenRun) =>
      keys > MAX_UNFLUSHED_KEYS ? run.news.size > 0 : run.news.freshPoints > MAX_UNFLUSHED_POINTS;
    for (const run of runs.filter(isOver)) {
      this.flush(run, false).catch((error: unknown) => console.error("flush of run", run.fields.runId, error));
    }
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
