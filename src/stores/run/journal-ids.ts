import type { ObjectStorage } from "./migrations.ts";

/** Ids that are noted at once. */
const IDS_PER_RESERVATION = 1000;

/** More rows than an object writes in a millisecond. */
const IDS_PER_MS = 1000;

/**
 * Gives the rows of an object's journal their ids, which only grow. They begin with the time at which the object was made:
 * one that was removed, and made again for a run that was imported under the same id, has no id twice. So whoever remembers
 * what the one before had told is not told too little.
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

  /** @returns an id greater than that of every row in the journal, and than `after`. */
  next(after: number): number {
    this.#last = Math.max(this.#last, after) + 1;
    if (this.#last > this.#reservedThrough) this.#reserve(this.#last + IDS_PER_RESERVATION);
    return this.#last;
  }

  /**
   * Has SQLite note that ids up to `throughId` were used. It keeps the last id of the journal in a page of its own, which
   * each commit would write beside its row; an id that is noted already leaves that page alone.
   */
  #reserve(throughId: number): void {
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec("INSERT INTO journal (id, body) VALUES (?, x'')", throughId);
      this.#storage.sql.exec("DELETE FROM journal WHERE id = ?", throughId);
    });
    this.#reservedThrough = throughId;
  }
}
