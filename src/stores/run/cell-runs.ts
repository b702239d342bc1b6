import { BIRTH_EPOCH, firstAlarm } from "./burst.ts";
import type { LatestMetrics } from "./latest-port.ts";
import type { LiveSockets } from "./live-sockets.ts";
import type { ObjectStorage } from "./migrations.ts";
import { OpenRun, type RunParts } from "./open-run.ts";
import { CellRunStore, OwnRunStore, type RunChanges, type RunStore } from "./run-state.ts";
import { ObjectTables } from "./tables.ts";

/** The number of an object's own run: see `Cell`. */
export const OWN = 0;

/** Most runs that are open at once. Each takes a few kB, plus what D1 has not seen. */
export const MAX_OPEN_RUNS = 2000;

/** An object holds at most 10 GB. From this size on a cell takes no new runs; its existing runs go on. */
const FULL_BYTES = 4_000_000_000;

/** The greatest difference that is assumed between the clocks of the platform's machines. */
const MAX_CLOCK_DIFFERENCE_MS = 60_000;

/** What the runs of an object need from the platform. */
export interface RunsPlatform {
  readonly storage: ObjectStorage;
  /** Bytes of the database. */
  readonly storedBytes: () => number;
  readonly nowMs: () => number;
  readonly latest: LatestMetrics;
  /** The sockets of one run of the cell; without an id, all sockets of the object. */
  readonly socketsOf: (runId?: string) => LiveSockets;
}

/** The runs of an object by number and by id. Runs are opened when they are needed; the least recently used are closed. */
export class CellRuns {
  readonly #platform: RunsPlatform;
  readonly #mark: RunParts["mark"];
  readonly #onDue: RunParts["onDue"];
  readonly #onOpen: () => void;
  #tables: ObjectTables | undefined;
  /** Open runs by number, the least recently used first. */
  readonly #open = new Map<number, OpenRun>();
  readonly #numbers = new Map<string, number>();
  #forgottenMs: number | undefined;

  /**
   * @param mark see {@link RunParts.mark}
   * @param onDue called whenever the time of a run's next alarm is set
   * @param onOpen called when the tables are opened
   */
  constructor(platform: RunsPlatform, mark: RunParts["mark"], onDue: RunParts["onDue"], onOpen: () => void) {
    this.#platform = platform;
    this.#mark = mark;
    this.#onDue = onDue;
    this.#onOpen = onOpen;
  }

  /** The tables. The first call opens them, so that a new object creates them in its first commit. */
  get tables(): ObjectTables {
    if (this.#tables === undefined) {
      this.#tables = new ObjectTables(this.#platform.storage, this.#platform.nowMs());
      this.#onOpen();
    }
    return this.#tables;
  }

  /** Whether anything is stored. Asking creates no tables; otherwise a removed object would exist again, empty. */
  get isStored(): boolean {
    const table = "SELECT 1 FROM sqlite_master WHERE name = 'object_migration'";
    return this.#tables !== undefined || this.#platform.storage.sql.exec(table).toArray().length > 0;
  }

  /** The runs that are open now, the least recently used first. */
  get opened(): Iterable<OpenRun> {
    return this.#open.values();
  }

  /** The run, if it is open. */
  ifOpen(number: number): OpenRun | undefined {
    return this.#open.get(number);
  }

  /** The run, opened if it is not. @throws Error when the run cannot be read */
  open(number: number): OpenRun {
    const known = this.#open.get(number);
    if (known !== undefined) {
      this.#open.delete(number);
      this.#open.set(number, known);
      return known;
    }
    return this.#openAs(number, number === OWN ? undefined : this.#idOf(number));
  }

  /** @param newRun the fields of a run that was added now, and of which nothing else is stored */
  #openAs(number: number, runId: string | undefined, newRun?: RunChanges): OpenRun {
    const { tables } = this;
    const { latest, nowMs, socketsOf } = this.#platform;
    const run = new OpenRun({
      ...{ tables, number, store: this.storeOf(number), newRun, latest, nowMs },
      mark: this.#mark,
      onDue: this.#onDue,
      sockets: socketsOf(runId),
    });
    // After the opening, because after a failure the next call must try again.
    this.#open.set(number, run);
    this.#closeLeastUsed();
    return run;
  }

  /** Where the run's fields are stored. This does not open the run, so it also works for a run that cannot be read. */
  storeOf(number: number): RunStore {
    const { sql } = this.tables;
    return number === OWN ? new OwnRunStore(sql) : new CellRunStore(sql, number);
  }

  /** The run's number; undefined if the cell does not have the run. */
  numberOf(runId: string): number | undefined {
    const known = this.#numbers.get(runId);
    if (known !== undefined) return known;
    const [row] = this.tables.sql
      .exec<{ number: number }>("SELECT number FROM cell_run WHERE run_id = ?", runId)
      .toArray();
    if (row !== undefined) this.#numbers.set(runId, row.number);
    return row?.number;
  }

  /**
   * Adds a run that the cell does not have.
   * @param createdMs when the run was created with a mark in D1. The run is then live, unless the cell may have had it and
   *   forgotten it since: D1 may have cleared the mark, or the run may be gone.
   * @returns its number; undefined if the cell is full
   */
  add(runId: string, createdMs?: number): number | undefined {
    if (this.#platform.storedBytes() >= FULL_BYTES) {
      // The run will move, so this cell must never take it by its mark.
      this.noteForgotten();
      return undefined;
    }
    const isLive = createdMs !== undefined && createdMs > this.#forgotten + MAX_CLOCK_DIFFERENCE_MS;
    // The alarm is stored with the run, and not by a further write of its first point.
    const live = { isMarked: true, hasFirstPoints: true, ...firstAlarm(this.#platform.nowMs()) };
    return this.#insert(runId, isLive ? live : {});
  }

  /**
   * Adds a run that D1 marks live since its creation, and that has no points yet. Its mark may then be cleared: its
   * first point will mark it again.
   */
  addUnmarked(runId: string): number {
    // D1 had no points of it. The row is kept while D1 has the run, because it says that the mark does not count.
    return this.#insert(runId, { hasFirstPoints: true });
  }

  #insert(runId: string, { dueMs, ...fields }: RunChanges): number {
    const state = { epoch: BIRTH_EPOCH, ...fields };
    const { number } = this.tables.sql
      .exec<{ number: number }>(
        "INSERT INTO cell_run (run_id, due_ms, state) VALUES (?, ?, ?) RETURNING number",
        ...[runId, dueMs ?? null, JSON.stringify(state)],
      )
      .one();
    this.#numbers.set(runId, number);
    this.#openAs(number, runId, { ...state, runId, dueMs });
    if (dueMs !== undefined) this.#onDue(dueMs);
    return number;
  }

  /** Removes a run whose history is removed already. */
  remove(runId: string, number: number): void {
    this.tables.sql.exec("DELETE FROM cell_run WHERE number = ?", number);
    this.#open.delete(number);
    this.#numbers.delete(runId);
  }

  /** Closes runs while more are open than the bound. */
  #closeLeastUsed(): void {
    for (const [number, run] of this.#open) {
      if (this.#open.size <= MAX_OPEN_RUNS) return;
      if (!run.isAtRest) continue;
      this.#open.delete(number);
      this.#numbers.delete(run.fields.runId);
    }
  }

  /** When the cell last forgot a run, in milliseconds since 1970; 0 if it never did. */
  get #forgotten(): number {
    this.#forgottenMs ??= this.tables.sql
      .exec<{ value: number }>("SELECT value FROM state WHERE key = 'forgottenMs'")
      .toArray()
      .reduce((_, { value }) => value, 0);
    return this.#forgottenMs;
  }

  /** Notes that a run is forgotten: one of its first points may still be on its way. */
  noteForgotten(): void {
    this.#forgottenMs = this.#platform.nowMs();
    this.tables.sql.exec(
      "INSERT INTO state (key, value) VALUES ('forgottenMs', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
      this.#forgottenMs,
    );
  }

  #idOf(number: number): string {
    return this.tables.sql.exec<{ run_id: string }>("SELECT run_id FROM cell_run WHERE number = ?", number).one()
      .run_id;
  }
}
