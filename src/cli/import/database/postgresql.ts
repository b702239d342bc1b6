import { UserError } from "../../user-error.ts";
import type { SqlDatabase, Values } from "./sql-database.ts";

/** PostgreSQL by `pg`, which returns BIGINT as text and doubles exactly. It reads one snapshot of the database. */
export async function openPostgresql(url: URL): Promise<SqlDatabase> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: url.href });
  try {
    await client.connect();
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  } catch (error) {
    throw new UserError(
      `${url.host} does not let the database be read: ${error instanceof Error ? error.message : error}`,
    );
  }
  return {
    title: `${url.host}${url.pathname}`,
    async columns() {
      const { rows } = await client.query<{ table_name: string; column_name: string }>(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()",
      );
      return new Map(
        [...Map.groupBy(rows, (row) => row.table_name)].map(([table, of]) => [
          table,
          new Set(of.map((row) => row.column_name)),
        ]),
      );
    },
    async rows(sql, values = []) {
      let index = 0;
      const numbered = sql.replaceAll("?", () => `$${++index}`);
      return (await client.query<Values[]>({ text: numbered, values: [...values], rowMode: "array" })).rows;
    },
    async close() {
      await client.end();
    },
  };
}
