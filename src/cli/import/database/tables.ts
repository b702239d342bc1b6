import type { SqlDatabase, Values } from "./sql-database.ts";

export type Row = Readonly<Record<string, unknown>>;

/** MLflow's tables in the database's version. Columns that later versions added read as NULL. */
export class Tables {
  readonly #db: SqlDatabase;
  readonly #columns: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(db: SqlDatabase, columns: ReadonlyMap<string, ReadonlySet<string>>) {
    this.#db = db;
    this.#columns = columns;
  }

  has(table: string): boolean {
    return this.#columns.has(table);
  }

  hasColumn(table: string, column: string): boolean {
    return this.#columns.get(table)?.has(column) === true;
  }

  /**
   * The rows of a table; none if this version does not have the table.
   * @param rest the SQL after FROM, such as `WHERE run_uuid = ? ORDER BY "key"`.
   */
  async read(
    table: string,
    columns: readonly string[],
    rest = "",
    values: readonly (string | number)[] = [],
  ): Promise<readonly Row[]> {
    const rows = await this.readValues(table, columns, rest, values);
    return rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]])));
  }

  /** {@link read} for a table with very many rows, without an object for each. */
  async readValues(
    table: string,
    columns: readonly string[],
    rest = "",
    values: readonly (string | number)[] = [],
  ): Promise<readonly Values[]> {
    const there = this.#columns.get(table);
    if (there === undefined) return [];
    const select = columns.map((column) => (there.has(column) ? `"${column}"` : `NULL AS "${column}"`));
    return await this.#db.rows(`SELECT ${select.join(", ")} FROM ${table} ${rest}`, values);
  }

  async count(table: string, rest = ""): Promise<number> {
    if (!this.has(table)) return 0;
    const [row] = await this.#db.rows(`SELECT count(*) FROM ${table} ${rest}`);
    return Number(row?.[0] ?? 0);
  }

  /** A condition for rows of the workspace `default`. Before MLflow 3.10 all rows belong to it. */
  inDefaultWorkspace(table: string): string {
    return this.hasColumn(table, "workspace") ? "workspace = 'default'" : "1 = 1";
  }
}

/** `?, ?, ?`: one for each value. */
export function placeholders(values: readonly unknown[]): string {
  return values.map(() => "?").join(", ");
}
