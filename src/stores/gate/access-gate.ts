import { DurableObject } from "cloudflare:workers";

const KEY_BYTES = 32;

/** Holds the secret that all instances of the server share and that is not in the database: see server-key.ts. */
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
}
