import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { workerBundle } from "../worker-bundle.ts";

/** Which migrations a database has had, and which the Worker of this version has. */
export interface SchemaState {
  readonly applied: readonly string[];
  /** Those that the Worker will apply before it answers. */
  readonly missing: readonly string[];
  /** Those that this version does not know: a newer one made them. */
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

/** The migrations that a data folder's database has had; undefined where there is none yet. Only reads, beside a server too. */
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
      // Another database of the runtime's.
    } finally {
      db.close();
    }
  }
  return undefined;
}
