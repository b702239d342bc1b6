import type { ObjectStorage } from "./migrations.ts";

/** Number of ids that one note reserves. */
const IDS_PER_RESERVATION = 1000;

/** More than the rows that an object writes in a millisecond. */
const IDS_PER_MS = 1000;

/**
 * Gives the rows of an object's journal their ids, which only grow. The first id comes from the time at which the object
 * was created. So if an object is removed and created again, for a run imported under the same id, no id occurs twice. A
 * reader that remembers an id of the old object then misses nothing of the new one.
 */
export class JournalIds {
  readonly #storage: ObjectStorage;
  #last: number;
  #reservedThrough: number;

  constructor(storage: ObjectStorage, nowMs: number) {
    this.#storage = storage;
    const { sql } = storage;
    const [row] = sql.exec<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'journal'").toArray();
    const last = sql.exec<{ id: number | null }>("SELECT max(id) AS id FROM journal").one().id ?? 0;
    this.#last = row === undefined ? nowMs * IDS_PER_MS : last;
    this.#reservedThrough = row?.seq ?? 0;
  }

  /** @returns an id greater than the id of every row in the journal, and greater than `after`. */
  next(after: number): number {
    this.#last = Math.max(this.#last, after) + 1;
    if (this.#last > this.#reservedThrough) this.#reserve(this.#last + IDS_PER_RESERVATION);
    return this.#last;
  }

  /**
   * Has SQLite note that ids up to `throughId` were used. SQLite keeps the journal's last id in a separate page, which each
   * commit would write in addition to its row. If the id is already noted, that page stays unchanged.
   */
  #reserve(throughId: number): void {
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec("INSERT INTO journal (id, body) VALUES (?, x'')", throughId);
      this.#storage.sql.exec("DELETE FROM journal WHERE id = ?", throughId);
    });
    this.#reservedThrough = throughId;
  }
}
