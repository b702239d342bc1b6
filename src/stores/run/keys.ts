import { slices } from "../../domain/slices.ts";

/** Most keys of one statement: at 250 characters each they stay below SQLite's 2 MB for a bound text. */
const KEYS_PER_STATEMENT = 1000;
/** Most keys in the cache, to bound its memory: about 2 MB. */
const MAX_CACHED_KEYS = 20_000;

/** The numbers that stand for metric keys in segments; the runs of a cell share them. */
export class MetricKeys {
  readonly #sql: SqlStorage;
  readonly #cache = new Map<string, number>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The ids of keys; new keys get new ids. Not for use in a transaction that may roll back: the ids are cached. */
  ensureIds(keys: ReadonlySet<string>): Map<string, number> {
    const ids = new Map<string, number>();
    const unknown: string[] = [];
    for (const key of keys) {
      const id = this.#cache.get(key);
      if (id === undefined) unknown.push(key);
      else ids.set(key, id);
    }
    if (this.#cache.size + unknown.length > MAX_CACHED_KEYS) this.#cache.clear();
    for (const some of slices(unknown, KEYS_PER_STATEMENT)) {
      const list = JSON.stringify(some);
      this.#sql.exec("INSERT OR IGNORE INTO metric_key (key) SELECT value FROM json_each(?)", list);
      const rows = this.#sql.exec<{ id: number; key: string }>(
        "SELECT id, key FROM metric_key WHERE key IN (SELECT value FROM json_each(?))",
        list,
      );
      for (const { id, key } of rows) {
        ids.set(key, id);
        if (this.#cache.size < MAX_CACHED_KEYS) this.#cache.set(key, id);
      }
    }
    return ids;
  }

  /** The id of a key that is in a segment; undefined for any other key. */
  findId(key: string): number | undefined {
    return this.#sql.exec<{ id: number }>("SELECT id FROM metric_key WHERE key = ?", key).toArray()[0]?.id;
  }

  /** Keys by id, from `firstId` to `lastId` inclusive. */
  between(firstId: number, lastId: number): Map<number, string> {
    const rows = this.#sql.exec<{ id: number; key: string }>(
      "SELECT id, key FROM metric_key WHERE id BETWEEN ? AND ?",
      firstId,
      lastId,
    );
    return new Map(rows.toArray().map(({ id, key }) => [id, key]));
  }
}
