import { JournalIds } from "./journal-ids.ts";
import { MetricKeys } from "./keys.ts";
import { migrateObject, type ObjectStorage } from "./migrations.ts";

/** An object's SQLite: the tables that its histories share. */
export class ObjectTables {
  readonly storage: ObjectStorage;
  readonly ids: JournalIds;
  readonly keys: MetricKeys;

  /** Brings the tables up to date. @param nowMs see {@link JournalIds} */
  constructor(storage: ObjectStorage, nowMs = 0) {
    migrateObject(storage);
    this.storage = storage;
    this.ids = new JournalIds(storage, nowMs);
    this.keys = new MetricKeys(storage.sql);
  }

  get sql(): SqlStorage {
    return this.storage.sql;
  }
}

/**
 * The condition that a row of `journal` or `segment` belongs to one run; it binds the run's number. An object's own run has
 * number 0 and needs no index, because all rows are its rows. A partial index finds the rows of a cell's run; SQLite uses
 * that index only for exactly this text.
 */
export function isOfRun(run: number): string {
  return run === 0 ? "run = ?" : "run = ? AND run > 0";
}
