import type { Metric } from "../../../../src/domain/entities.ts";
import { BIRTH_EPOCH } from "../../../../src/stores/run/burst.ts";
import { Cell } from "../../../../src/stores/run/cell.ts";
import type {
  FlushedRun,
  LatestMetrics,
  MarkedRun,
  RunFlush,
  RunMark,
} from "../../../../src/stores/run/latest-port.ts";
import { type Listener, LiveSockets } from "../../../../src/stores/run/live-sockets.ts";
import type { Confirmed, OpenRun, RunNews } from "../../../../src/stores/run/open-run.ts";
import { encodePoints } from "../../../../src/stores/run/points.ts";
import { SqliteStorage } from "./sqlite-storage.ts";

interface RunOfD1 {
  isActive: boolean;
  epoch: number | undefined;
  readonly latest: Map<string, number>;
}

/** A gate that holds a caller until it is opened. */
export class Gate {
  #open: () => void = () => {};
  readonly #passed = new Promise<void>((resolve) => {
    this.#open = resolve;
  });

  open(): void {
    this.#open();
  }

  pass(): Promise<void> {
    return this.#passed;
  }
}

/** D1's part of the protocol. A test can hold back each message to D1 and each answer. */
export class FakeD1 implements LatestMetrics {
  readonly runs = new Map<string, RunOfD1>();
  /** Runs that were deleted for good. */
  readonly gone = new Set<string>();
  /** The points that D1 held of each run before it had an object. */
  first: readonly Metric[] = [];
  /** How often the object asked for those points. */
  firstAsked = 0;
  marks = 0;
  writes: (readonly RunFlush[])[] = [];
  /** Gates before D1 handles a message, and before its answer arrives. */
  before: Gate | undefined;
  after: Gate | undefined;
  fails = false;

  run(runId: string): RunOfD1 {
    const run = this.runs.get(runId) ?? { isActive: true, epoch: undefined, latest: new Map<string, number>() };
    this.runs.set(runId, run);
    return run;
  }

  async mark(marks: readonly RunMark[]): Promise<ReadonlyMap<string, MarkedRun>> {
    return await this.#message(() => {
      this.marks++;
      const active = marks.filter(({ runId }) => this.run(runId).isActive);
      for (const { runId, epoch } of active) this.run(runId).epoch = epoch;
      return new Map(
        active.map(({ runId, wantsFirstPoints }) => [
          runId,
          { firstPoints: wantsFirstPoints ? this.#askFirst() : undefined },
        ]),
      );
    });
  }

  async firstPoints(): Promise<readonly Metric[]> {
    return this.#askFirst();
  }

  #askFirst(): readonly Metric[] {
    this.firstAsked++;
    return this.first;
  }

  async write(flushes: readonly RunFlush[]): Promise<ReadonlyMap<string, FlushedRun>> {
    return await this.#message(() => {
      this.writes.push(flushes);
      const known = flushes.filter(({ runId }) => !this.gone.has(runId));
      const said = known.map(({ runId }) => {
        const run = this.run(runId);
        return [runId, { isActive: run.isActive, isMarked: run.epoch !== undefined }] as const;
      });
      for (const { runId, rows, clearsEpoch } of known) {
        this.take(runId, rows);
        this.clear(runId, clearsEpoch);
      }
      return new Map(said);
    });
  }

  /** Writes the news as a search does. */
  take(runId: string, rows: readonly string[]): void {
    for (const row of rows) {
      const [, key, , , step] = JSON.parse(row) as [string, string, unknown, number, number];
      const { latest } = this.run(runId);
      latest.set(key, Math.max(latest.get(key) ?? 0, step));
    }
  }

  clear(runId: string, epoch: number | undefined): void {
    const run = this.run(runId);
    if (epoch !== undefined && run.epoch !== undefined && run.epoch <= epoch) run.epoch = undefined;
  }

  async #message<T>(does: () => T): Promise<T> {
    const { before, after } = this;
    await before?.pass();
    if (this.fails) throw new Error("D1 fails");
    const result = does();
    await after?.pass();
    return result;
  }
}

/** An object with storage, clock and D1. */
export class World {
  readonly sqlite = new SqliteStorage();
  readonly d1 = new FakeD1();
  readonly listeners: Listener[] = [];
  nowMs = 1_000_000;
  alarmMs: number | null = null;
  alarmsSet = 0;
  syncs = 0;
  /** Called for each turn that the cell yields. */
  onYield: () => void = () => {};
  storedBytes = 0;
  /** A gate instead of the time between two writes of runs that end. */
  rest: Gate | undefined;
  /** Whether run `a` has the object for itself. Otherwise all runs are in a cell. */
  readonly #isOwn: boolean;
  cell: Cell;

  constructor({ isOwn = false } = {}) {
    this.#isOwn = isOwn;
    this.cell = this.#newCell();
  }

  /** Ends the instance. Everything that was not stored is lost. */
  restart(): void {
    this.cell = this.#newCell();
  }

  /** A run of the cell. */
  run(runId = "a", createdMs?: number): OpenRun {
    if (this.#isOwn && runId === "a") return this.cell.own();
    const run = this.cell.admit(runId, createdMs);
    if (run === undefined) throw new Error("full");
    return run;
  }

  /** D1 creates a run of the cell, with a mark. @returns when */
  create(runId = "a"): number {
    this.d1.run(runId).epoch = BIRTH_EPOCH;
    return this.nowMs;
  }

  /** Logs a point by a Worker that created the run. */
  async logNew(step: number, createdMs: number, runId = "a"): Promise<boolean> {
    const body = encodePoints([{ key: "loss", value: step, step, timestamp: step }]);
    return await this.cell.append(this.run(runId, createdMs), runId, body);
  }

  /** The cell's rows of runs. */
  rows(): string[] {
    return this.sqlite.rows<{ run_id: string }>("SELECT run_id FROM cell_run").map(({ run_id }) => run_id);
  }

  /** Logs the point of this step, whose value is the step. */
  async log(step: number, runId = "a", key = "loss"): Promise<boolean> {
    const body = encodePoints([{ key, value: step, step, timestamp: step }]);
    return await this.cell.append(this.run(runId), runId, body);
  }

  steps(runId = "a", key = "loss"): number[] {
    return [...this.run(runId).history.read(key, { limit: 1000 }).values];
  }

  /** Does what a search does for one run that D1 marks live. @returns the latest step that the search finds */
  async search(runId = "a"): Promise<number | undefined> {
    if (this.d1.run(runId).epoch !== undefined) {
      const news = this.news(undefined, runId);
      if (news !== undefined) {
        this.d1.take(runId, news.rows);
        if (news.isIdle) this.d1.clear(runId, news.epoch);
      }
    }
    return this.d1.run(runId).latest.get("loss");
  }

  /** What D1 has not seen of a run; undefined if the run cannot be read. */
  news(confirmed?: Confirmed, runId = "a"): RunNews | undefined {
    if (this.#isOwn && runId === "a") return this.cell.own().newsFor(confirmed);
    return this.cell.news([{ runId, confirmed }])[0]?.news;
  }

  /** D1 has deleted run `a`, and tells the object. */
  endBurst(): void {
    this.cell.endBursts([this.#isOwn ? undefined : "a"]);
  }

  async alarm(): Promise<void> {
    if (this.alarmMs !== null) this.nowMs = Math.max(this.nowMs, this.alarmMs);
    this.alarmMs = null;
    await this.cell.alarm();
  }

  #newCell(): Cell {
    return new Cell({
      storage: this.sqlite.storage,
      storedBytes: () => this.storedBytes,
      sync: async () => {
        this.syncs++;
        await turn();
      },
      setAlarm: async (atMs) => {
        this.alarmsSet++;
        this.alarmMs = atMs;
      },
      getAlarm: async () => this.alarmMs,
      yieldTurn: () => {
        this.onYield();
        return turn();
      },
      wait: (ms) => this.rest?.pass() ?? new Promise((resolve) => setTimeout(resolve, ms)),
      nowMs: () => this.nowMs,
      latest: this.d1,
      socketsOf: () => new LiveSockets(() => this.listeners),
    });
  }
}

/** One turn of the event loop. */
export const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** 1,000 points among those of 499 other bodies, so that a merge must write each point anew. */
export const shuffledBody = (number: number) =>
  encodePoints(
    Array.from({ length: 1000 }, (_, i) => {
      const at = i * 500 + number;
      return { key: "loss", value: at, step: at, timestamp: at };
    }),
  );
