import type { JournalRange } from "./history.ts";

/** What an object stores of a run in addition to its history: enough for a new instance to continue a burst. */
export interface RunFields {
  /** Empty until the first point: alarms do not carry the object's name. */
  readonly runId: string;
  /** The epoch of the last live mark; it grows with each mark. */
  readonly epoch: number;
  /** Whether D1 has that mark, so that further points need no new one. */
  readonly isMarked: boolean;
  /** The journal row up to which D1 knows everything. */
  readonly flushedThrough: number;
  /**
   * The rows that begin a burst, until D1 has accepted them. If a new instance finds such rows, D1's answer never arrived.
   */
  readonly unmarked: JournalRange | undefined;
  /** Whether the history includes the points that D1 held before the object was created. */
  readonly hasFirstPoints: boolean;
  /** When D1 is to be told next, in milliseconds; undefined while there is no news to tell and no burst to end. */
  readonly dueMs: number | undefined;
  /** The time from that alarm to the next one, in milliseconds. */
  readonly flushDistanceMs: number;
  /** The last journal row at the last alarm. An alarm that finds no later row ends the burst. */
  readonly alarmThrough: number;
}

export type RunChanges = { readonly [Field in keyof RunFields]?: RunFields[Field] };

/** Keeps a run's fields. */
export interface RunStore {
  load(): RunChanges;
  /** Stores `changes`; `fields` is the result of applying them. */
  save(changes: RunChanges, fields: RunFields): void;
}

const NEW_RUN: RunFields = {
  runId: "",
  epoch: 0,
  isMarked: false,
  flushedThrough: 0,
  unmarked: undefined,
  hasFirstPoints: false,
  dueMs: undefined,
  flushDistanceMs: 0,
  alarmThrough: 0,
};

/** A run's fields, cached. */
export class RunState {
  readonly #store: RunStore;
  readonly #onDue: (dueMs: number) => void;
  #fields: RunFields;

  /**
   * @param onDue called whenever `dueMs` is set
   * @param stored what `store` has, if it is known already
   */
  constructor(store: RunStore, onDue: (dueMs: number) => void, stored = store.load()) {
    this.#store = store;
    this.#onDue = onDue;
    this.#fields = { ...NEW_RUN, ...stored };
  }

  get fields(): RunFields {
    return this.#fields;
  }

  /** Stores changes, all in the commit of the caller's turn. Unchanged fields are not written. */
  change(changes: RunChanges): void {
    const names = (Object.keys(changes) as (keyof RunFields)[]).filter((name) => changes[name] !== this.#fields[name]);
    if (names.length === 0) return;
    this.#fields = { ...this.#fields, ...changes };
    this.#store.save(Object.fromEntries(names.map((name) => [name, changes[name]])), this.#fields);
    if (names.includes("dueMs") && this.#fields.dueMs !== undefined) this.#onDue(this.#fields.dueMs);
  }
}

/** Fields that share the row `burst` in the state of an own object, because they change together. */
const BURST_FIELDS = ["isMarked", "dueMs", "flushDistanceMs", "alarmThrough"] as const;

/** The run of an own object: table `state` has one row for each field, as in the first version. */
export class OwnRunStore implements RunStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  load(): RunChanges {
    const rows = this.#sql.exec<{ key: string; value: string | number }>("SELECT key, value FROM state").toArray();
    const stored = new Map(rows.map((row) => [row.key, row.value]));
    const unmarked = stored.get("unmarked");
    const [after, through]: number[] = unmarked === undefined ? [] : JSON.parse(String(unmarked));
    return {
      runId: String(stored.get("runId") ?? ""),
      epoch: Number(stored.get("epoch") ?? 0),
      flushedThrough: Number(stored.get("flushedThrough") ?? 0),
      unmarked: unmarked === undefined ? undefined : { after: after!, through: through! },
      hasFirstPoints: stored.has("hasFirstPoints"),
      ...(JSON.parse(String(stored.get("burst") ?? "{}")) as RunChanges),
    };
  }

  save(changes: RunChanges, fields: RunFields): void {
    const { runId, epoch, flushedThrough, unmarked, hasFirstPoints } = changes;
    if (runId !== undefined) this.#put("runId", runId);
    if (epoch !== undefined) this.#put("epoch", epoch);
    if (flushedThrough !== undefined) this.#put("flushedThrough", flushedThrough);
    if (hasFirstPoints) this.#put("hasFirstPoints", 1);
    if (unmarked !== undefined) this.#put("unmarked", JSON.stringify([unmarked.after, unmarked.through]));
    else if ("unmarked" in changes) this.#sql.exec("DELETE FROM state WHERE key = 'unmarked'");
    if (BURST_FIELDS.some((name) => name in changes)) {
      this.#put("burst", JSON.stringify(Object.fromEntries(BURST_FIELDS.map((name) => [name, fields[name]]))));
    }
  }

  #put(key: string, value: string | number): void {
    this.#sql.exec(
      "INSERT INTO state (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
      key,
      value,
    );
  }
}

/** A run of a cell: one row in table `cell_run`. */
export class CellRunStore implements RunStore {
  readonly #sql: SqlStorage;
  readonly #number: number;

  constructor(sql: SqlStorage, number: number) {
    this.#sql = sql;
    this.#number = number;
  }

  load(): RunChanges {
    const { run_id, due_ms, state } = this.#sql
      .exec<{ run_id: string; due_ms: number | null; state: string }>(
        "SELECT run_id, due_ms, state FROM cell_run WHERE number = ?",
        this.#number,
      )
      .one();
    return { ...(JSON.parse(state) as RunChanges), runId: run_id, dueMs: due_ms ?? undefined };
  }

  save(changes: RunChanges, { runId: _, dueMs, ...fields }: RunFields): void {
    const state = JSON.stringify(fields);
    if ("dueMs" in changes) {
      const sql = "UPDATE cell_run SET due_ms = ?, state = ? WHERE number = ?";
      this.#sql.exec(sql, dueMs ?? null, state, this.#number);
    } else this.#sql.exec("UPDATE cell_run SET state = ? WHERE number = ?", state, this.#number);
  }
}
