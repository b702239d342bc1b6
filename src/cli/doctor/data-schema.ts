import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { workerBundle } from "../worker-bundle.ts";

/** The migrations that a database has, and the migrations of this version's Worker. */
export interface SchemaState {
  readonly applied: readonly string[];
  /** The migrations that the Worker will apply before it answers. */
  readonly missing: readonly string[];
  /** The migrations that this version does not know: a newer version applied them. */
  readonly newer: readonly string[];
}

export async function compareSchema(applied: readonly string[]): Promise<SchemaState> {
  const { modules } = await workerBundle();
  // wrangler names a bundled text `<hash>-<name>`.
  const known = modules.flatMap(({ path }) => /(\d{4}_\w+\.sql)$/.exec(path)?.[1] ?? []).sort();
  return {
    applied,
    missing: known.filter((name) => !applied.includes(name)),
    newer: applied.filter((name) => !known.includes(name)),
  };
}

/** The migrations of a data folder's database; undefined if it has no database. It only reads, also while a server runs. */
export function migrationsOfFolder(dataDir: string): string[] | undefined {
  const folder = join(dataDir, "d1", "miniflare-D1DatabaseObject");
  if (!existsSync(folder)) return undefined;
  const files = globSync("*.sqlite", { cwd: folder }).filter((name) => name !== "metadata.sqlite");
  for (const file of files) {
    const db = new DatabaseSync(join(folder, file), { readOnly: true, timeout: 5000 });
    try {
      const rows = db.prepare("SELECT name FROM d1_migrations ORDER BY name").all() as { name: string }[];
      return rows.map(({ name }) => name);
    } catch {
      // Another database of the runtime.
    } finally {
      db.close();
    }
  }
  return undefined;
}
