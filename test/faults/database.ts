import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { SummaryRow } from "./checker.ts";

/** Where Miniflare keeps D1 in a data folder: one file with a hash as name, beside Miniflare's metadata. */
const D1_FOLDER = "d1/miniflare-D1DatabaseObject";

/** D1's file in a data folder that a server has used. */
export function databaseFile(dataDir: string): string {
  const folder = join(dataDir, D1_FOLDER);
  const file = readdirSync(folder).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  if (file === undefined) throw new Error(`There is no D1 database in ${folder}`);
  return join(folder, file);
}

/** D1 of a data folder, read beside the server. No API shows these rows. */
export class Database {
  readonly #sql: DatabaseSync;

  constructor(dataDir: string) {
    this.#sql = new DatabaseSync(databaseFile(dataDir), { readOnly: true });
  }

  /** Runs whose objects may have points that D1 lacks. */
  liveRuns(): string[] {
    const rows = this.#sql.prepare("SELECT run_id FROM runs WHERE live_epoch IS NOT NULL").all();
    return rows.map((row) => String(row.run_id));
  }

  latestMetrics(runId: string): SummaryRow[] {
    const rows = this.#sql.prepare("SELECT * FROM latest_metrics WHERE run_id = ?").all(runId);
    return rows.map((row) => ({
      key: String(row.key),
      timestamp: Number(row.timestamp),
      step: Number(row.step),
      value: row.is_nan === 1 ? Number.NaN : Number(row.value),
      minValue: row.min_value === null ? null : Number(row.min_value),
      maxValue: row.max_value === null ? null : Number(row.max_value),
      first: {
        key: String(row.key),
        timestamp: Number(row.first_timestamp),
        step: Number(row.first_step),
        value: row.first_is_nan === 1 ? Number.NaN : Number(row.first_value),
      },
    }));
  }

  close(): void {
    this.#sql.close();
  }
}
