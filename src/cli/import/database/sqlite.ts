import { DatabaseSync, type StatementSync } from "node:sqlite";
import { UserError } from "../../user-error.ts";
import type { SqlDatabase, Values } from "./sql-database.ts";

/** SQLite through Node's own driver, read-only. */
export function openSqlite(path: string): SqlDatabase {
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
    db.prepare("SELECT count(*) FROM sqlite_master").get();
  } catch (error) {
    throw new UserError(
      `${path} cannot be read as a SQLite database: ${error instanceof Error ? error.message : error}`,
    );
  }
  /** Few texts: those of pages of the same length are equal. */
  const statements = new Map<string, StatementSync>();
  return {
    title: path,
    async columns() {
      const rows = db
        .prepare(
          "SELECT t.name AS of_table, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'",
        )
        .all() as { of_table: string; name: string }[];
      return new Map(
        [...Map.groupBy(rows, (row) => row.of_table)].map(([table, of]) => [
          table,
          new Set(of.map(({ name }) => name)),
        ]),
      );
    },
    async rows(sql, values = []) {
      const statement = statements.get(sql) ?? db.prepare(sql);
      statements.set(sql, statement);
      statement.setReturnArrays(true);
      try {
        return statement.all(...values) as unknown as Values[];
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        // An integer beyond 2^53. Reading all integers as bigint takes longer, and few rows need it.
        statement.setReadBigInts(true);
        const rows = statement.all(...values) as unknown as Values[];
        statement.setReadBigInts(false);
        return rows;
      }
    },
    async close() {
      db.close();
    },
  };
}
