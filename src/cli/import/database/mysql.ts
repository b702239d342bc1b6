import { UserError } from "../../user-error.ts";
import type { SqlDatabase, Values } from "./sql-database.ts";

/** MySQL and MariaDB by `mysql2`. Its prepared statements send doubles exactly. It reads one snapshot of the database. */
export async function openMysql(url: URL): Promise<SqlDatabase> {
  const { createConnection } = await import("mysql2/promise");
  const failed = (error: unknown) =>
    new UserError(`${url.host} does not let the database be read: ${error instanceof Error ? error.message : error}`);
  const connection = await createConnection({
    host: url.hostname,
    port: Number(url.port || 3306),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    charset: "utf8mb4",
    supportBigNumbers: true,
    bigNumberStrings: true,
  }).catch((error: unknown) => {
    throw failed(error);
  });
  await connection.query("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  await connection.query("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
  return {
    title: `${url.host}${url.pathname}`,
    async columns() {
      const [rows] = await connection.execute(
        "SELECT table_name AS of_table, column_name AS name FROM information_schema.columns WHERE table_schema = database()",
      );
      return new Map(
        [...Map.groupBy(rows as { of_table: string; name: string }[], (row) => row.of_table)].map(([table, of]) => [
          table,
          new Set(of.map(({ name }) => name)),
        ]),
      );
    },
    async rows(sql, values = []) {
      // Only this dialect reads a name in double quotes as a text.
      const query = { sql: sql.replaceAll('"', "`"), values: [...values], rowsAsArray: true };
      const [rows] = await connection.execute(query);
      return rows as unknown as Values[];
    },
    async close() {
      await connection.end();
    },
  };
}
