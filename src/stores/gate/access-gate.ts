import { DurableObject } from "cloudflare:workers";

const KEY_BYTES = 32;

/** What the server's doors share, and the database does not have: see server-key.ts. */
export class AccessGate extends DurableObject<Env> {
  /** The server's own key, made by who asks first. */
  key(): Uint8Array {
    const { sql } = this.ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS server_key (id INTEGER PRIMARY KEY CHECK (id = 1), key BLOB NOT NULL)");
    sql.exec(
      "INSERT OR IGNORE INTO server_key (id, key) VALUES (1, ?)",
      crypto.getRandomValues(new Uint8Array(KEY_BYTES)),
    );
    return new Uint8Array(sql.exec<{ key: ArrayBuffer }>("SELECT key FROM server_key").one().key);
  }
}
