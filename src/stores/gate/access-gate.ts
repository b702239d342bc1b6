import { DurableObject } from "cloudflare:workers";

const KEY_BYTES = 32;

/** Wrong passwords that one name may have from one network within a window. Further attempts are refused, even right ones. */
export const MAX_FAILURES = 10;
const WINDOW_MS = 60_000;
/** How many failures within a window become entries of the audit log, for all names together. */
const NOTED_FAILURES = 3;

/** What the gate says about an attempt to sign in. */
export type Attempt =
  | { readonly waitSeconds: number }
  /** `isNoted`: whether the audit log should have an entry if the attempt fails. */
  | { readonly waitSeconds: 0; readonly failures: number; readonly isNoted: boolean };

/**
 * State that all instances of the server share and that is not in the database. The object's name decides its purpose: one
 * object holds the server's key (server-key.ts), some count attempts to sign in (attempts.ts), and each caller has one that
 * counts requests (requests.ts).
 */
export class AccessGate extends DurableObject<Env> {
  /** The server's own key. The first call creates it. */
  key(): Uint8Array {
    const { sql } = this.ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS server_key (id INTEGER PRIMARY KEY CHECK (id = 1), key BLOB NOT NULL)");
    sql.exec(
      "INSERT OR IGNORE INTO server_key (id, key) VALUES (1, ?)",
      crypto.getRandomValues(new Uint8Array(KEY_BYTES)),
    );
    return new Uint8Array(sql.exec<{ key: ArrayBuffer }>("SELECT key FROM server_key").one().key);
  }

  #noted = { count: 0, untilMs: 0 };

  /**
   * Counts an attempt as a failure before the password is checked, so that concurrent attempts cannot pass together.
   * @param counters one for each name that the attempt may be for; all are counted, and each may refuse
   */
  beginAttempt(counters: readonly string[]): Attempt {
    const nowMs = Date.now();
    const { sql } = this.ctx.storage;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS attempts (counter TEXT PRIMARY KEY, failures INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID",
    );
    sql.exec("CREATE INDEX IF NOT EXISTS attempts_by_end ON attempts (until)");
    sql.exec("DELETE FROM attempts WHERE until <= ?", nowMs);
    const found = counters.flatMap((counter) =>
      sql
        .exec<{ failures: number; until: number }>("SELECT failures, until FROM attempts WHERE counter = ?", counter)
        .toArray(),
    );
    const full = found.filter(({ failures }) => failures >= MAX_FAILURES).map(({ until }) => until);
    if (full.length > 0) return { waitSeconds: Math.ceil((Math.max(...full) - nowMs) / 1000) };
    for (const counter of counters) {
      sql.exec(
        `INSERT INTO attempts (counter, failures, until) VALUES (?, 1, ?)
         ON CONFLICT DO UPDATE SET failures = failures + 1`,
        counter,
        nowMs + WINDOW_MS,
      );
    }
    const failures = Math.max(0, ...found.map((one) => one.failures)) + 1;
    return { waitSeconds: 0, failures, isNoted: this.#isNoted(failures, nowMs) };
  }

  #isNoted(failures: number, nowMs: number): boolean {
    if (failures > 1 && failures < MAX_FAILURES) return false;
    if (nowMs >= this.#noted.untilMs) this.#noted = { count: 0, untilMs: nowMs + WINDOW_MS };
    return ++this.#noted.count <= NOTED_FAILURES;
  }

  /** Takes back the failure of an attempt that had the right password. */
  endAttempt(counters: readonly string[]): void {
    for (const counter of counters) {
      this.ctx.storage.sql.exec("UPDATE attempts SET failures = max(0, failures - 1) WHERE counter = ?", counter);
    }
  }

  #window: { count: number; untilMs: number } | undefined;

  /**
   * Counts a request of this object's caller.
   * @param limit requests within a minute
   * @returns the seconds that the caller must wait; 0 if the request is within the limit.
   */
  takeRequest(limit: number): number {
    const nowMs = Date.now();
    const { kv } = this.ctx.storage;
    // An object that leaves memory forgets its count, but not that the limit was reached.
    this.#window ??= { count: limit, untilMs: kv.get<number>("full until") ?? 0 };
    if (nowMs >= this.#window.untilMs) this.#window = { count: 0, untilMs: nowMs + WINDOW_MS };
    const { count, untilMs } = this.#window;
    if (count >= limit) return Math.max(1, Math.ceil((untilMs - nowMs) / 1000));
    this.#window.count = count + 1;
    if (count + 1 === limit) kv.put("full until", untilMs);
    return 0;
  }
}
