import { JournalIds } from "./journal-ids.ts";
import { MetricKeys } from "./keys.ts";
import { migrateObject, type ObjectStorage } from "./migrations.ts";

/** An object's SQLite: what the histories in it share. */
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
 * The condition that a row of `journal` or `segment` is of one run, whose number it binds. An object's own run has number
 * 0, and no index: all rows are its. Those of a cell are found by a partial index, which SQLite uses for this very text.
 */
export function isOfRun(run: number): string {
  return run === 0 ? "run = ?" : "run = ? AND run > 0";
}
