import { type CellRuns, OWN } from "./cell-runs.ts";
import type { OpenRun } from "./open-run.ts";

/** Most runs that one alarm handles. */
const RUNS_PER_ALARM = 256;
/** Delay after an alarm that could not read the object or a run. */
const RETRY_MS = 60_000;

/** What an object's alarm needs from the platform. */
export interface AlarmPlatform {
  readonly setAlarm: (atMs: number) => Promise<void>;
  readonly getAlarm: () => Promise<number | null>;
  readonly nowMs: () => number;
}

/** The one alarm of an object: it is set for the first of the runs that is due. */
export class CellAlarm {
  readonly #platform: AlarmPlatform;
  readonly #runs: CellRuns;
  readonly #alarmOf: (run: OpenRun) => Promise<void>;
  #atMs: number | undefined;

  /** @param alarmOf does what is due for one run */
  constructor(platform: AlarmPlatform, runs: CellRuns, alarmOf: (run: OpenRun) => Promise<void>) {
    this.#platform = platform;
    this.#runs = runs;
    this.#alarmOf = alarmOf;
  }

  /** A run is due at this time. */
  note(dueMs: number): void {
    if (this.#atMs === undefined || dueMs < this.#atMs) void this.#set(dueMs);
  }

  /** Sets the alarm again if it is lost: the platform repeats an alarm that failed, but only a few times. */
  async keep(): Promise<void> {
    try {
      const atMs = await this.#platform.getAlarm();
      if (this.#atMs !== undefined) return;
      const dueMs = this.#firstDueMs();
      if (atMs !== null) this.#atMs = atMs;
      else if (dueMs !== undefined) await this.#set(dueMs);
    } catch (error) {
      console.error("alarm", error);
    }
  }

  /**
   * Never throws: the platform drops an alarm after six failures, and D1 may be unavailable for longer than that. So this
   * method sets the next alarm for as long as D1 lacks something. The first run that is due is always handled.
   */
  async ring(): Promise<void> {
    // Runs that become due meanwhile are covered by the alarm that is set at the end.
    this.#atMs = 0;
    const { nowMs } = this.#platform;
    try {
      const until = Math.max(nowMs(), this.#firstDueMs() ?? 0);
      await Promise.all(this.#dueRuns(until).map((number) => this.#ringFor(number)));
    } catch (error) {
      console.error("alarm", error);
    }
    this.#atMs = undefined;
    try {
      const next = this.#firstDueMs();
      if (next !== undefined) await this.#set(next);
    } catch {
      // The error is logged above. Another version of this code may be able to read the object later.
      await this.#set(nowMs() + RETRY_MS);
    }
  }

  async #ringFor(number: number): Promise<void> {
    try {
      await this.#alarmOf(this.#runs.open(number));
    } catch (error) {
      const run = this.#runs.ifOpen(number);
      console.error("flush of run", run?.fields.runId ?? `number ${number} of this object`, error);
      // An open run has already set its next alarm.
      if (run !== undefined) return;
      const dueMs = this.#platform.nowMs() + RETRY_MS;
      this.#runs.tables.sql.exec("UPDATE cell_run SET due_ms = ? WHERE number = ?", dueMs, number);
    }
  }

  #firstDueMs(): number | undefined {
    const { due } = this.#runs.tables.sql
      .exec<{ due: number | null }>("SELECT min(due_ms) AS due FROM cell_run WHERE due_ms IS NOT NULL")
      .one();
    // An object has its own run, or runs of a cell.
    return due ?? this.#runs.open(OWN).fields.dueMs;
  }

  #dueRuns(untilMs: number): number[] {
    const due = this.#runs.tables.sql
      .exec<{ number: number }>(
        `SELECT number FROM cell_run WHERE due_ms <= ? ORDER BY due_ms LIMIT ${RUNS_PER_ALARM}`,
        untilMs,
      )
      .toArray()
      .map((row) => row.number);
    // An object that has its own run has no other. So its time is the first one, and is never later than `untilMs`.
    return this.#runs.open(OWN).fields.dueMs === undefined ? due : [OWN, ...due];
  }

  async #set(atMs: number): Promise<void> {
    this.#atMs = atMs;
    await this.#platform.setAlarm(atMs);
  }
}
