import type { JournalRange } from "./history.ts";

/** What a run's object remembers of itself, beside the history: a few rows of its `state` table, cached. */
export class ObjectState {
  readonly #sql: SqlStorage;
  #runId: string;
  #epoch: number;
  #flushedThrough: number;
  #unmarked: JournalRange | undefined;
  #hasFirstPoints: boolean;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const rows = sql.exec<{ key: string; value: string | number }>("SELECT key, value FROM state").toArray();
    const stored = new Map(rows.map((row) => [row.key, row.value]));
    this.#runId = String(stored.get("runId") ?? "");
    this.#epoch = Number(stored.get("epoch") ?? 0);
    this.#flushedThrough = Number(stored.get("flushedThrough") ?? 0);
    this.#hasFirstPoints = stored.has("hasFirstPoints");
    const unmarked = stored.get("unmarked");
    if (unmarked !== undefined) {
      const [after, through]: [number, number] = JSON.parse(String(unmarked));
      this.#unmarked = { after, through };
    }
  }

  /** Empty until the first point: alarms do not carry the object's name. */
  get runId(): string {
    return this.#runId;
  }

  /** Of the last live mark; grows with each. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The journal row up to which D1 knows everything. */
  get flushedThrough(): number {
    return this.#flushedThrough;
  }

  set flushedThrough(journalId: number) {
    if (journalId === this.#flushedThrough) return;
    this.#flushedThrough = journalId;
    this.#put("flushedThrough", journalId);
  }

  /** The rows that begin a burst, until D1 has let them through: an instance that finds some was never told. */
  get unmarked(): JournalRange | undefined {
    return this.#unmarked;
  }

  set unmarked(range: JournalRange | undefined) {
    this.#unmarked = range;
    if (range === undefined) this.#sql.exec("DELETE FROM state WHERE key = 'unmarked'");
    else this.#put("unmarked", JSON.stringify([range.after, range.through]));
  }

  /** Whether the history has what D1 held before the object was made. */
  get hasFirstPoints(): boolean {
    return this.#hasFirstPoints;
  }

  noteFirstPoints(): void {
    this.#hasFirstPoints = true;
    this.#put("hasFirstPoints", 1);
  }

  /** @returns the epoch of a new burst of run `runId`. */
  beginEpoch(runId: string): number {
    if (this.#runId !== runId) {
      this.#runId = runId;
      this.#put("runId", runId);
    }
    this.#epoch += 1;
    this.#put("epoch", this.#epoch);
    return this.#epoch;
  }

  #put(key: string, value: string | number): void {
    this.#sql.exec(
      "INSERT INTO state (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
      key,
      value,
    );
  }
}
