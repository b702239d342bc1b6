import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { ObjectStorage } from "../../../../src/stores/run/migrations.ts";

/** An object's storage over a real SQLite, without workerd. The data stays for the next instance. */
export class SqliteStorage {
  readonly #db = new DatabaseSync(":memory:");
  /** The number of executed statements. */
  statements = 0;
  /** The statement with this number, counted from now on, fails; 0 for none. */
  failsAt = 0;
  rowsWritten = 0;
  /** Called for each statement. */
  onStatement: (sql: string) => void = () => {};
  #savepoints = 0;

  /** The storage's interface for a cell. */
  get storage(): ObjectStorage {
    const exec = (sql: string, ...values: unknown[]) => this.#exec(sql, values);
    return {
      sql: { exec } as unknown as SqlStorage,
      transactionSync: <T>(work: () => T): T => this.#transaction(work),
    };
  }

  rows<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#db.prepare(sql).all(...values) as Row[];
  }

  #transaction<T>(work: () => T): T {
    const name = `s${++this.#savepoints}`;
    this.#db.exec(`SAVEPOINT ${name}`);
    try {
      const result = work();
      this.#db.exec(`RELEASE ${name}`);
      return result;
    } catch (error) {
      this.#db.exec(`ROLLBACK TO ${name}; RELEASE ${name}`);
      throw error;
    }
  }

  #exec(sql: string, values: readonly unknown[]) {
    this.statements++;
    this.onStatement(sql);
    if (this.statements === this.failsAt) throw new Error("the storage fails");
    if (values.length === 0 && !/^\s*SELECT/i.test(sql) && !/RETURNING/i.test(sql)) {
      this.#db.exec(sql);
      return cursorOf([]);
    }
    const statement = this.#db.prepare(sql);
    if (statement.columns().length > 0) return cursorOf(statement.all(...(values as SQLInputValue[])).map(toWorkers));
    this.rowsWritten += Number(statement.run(...(values as SQLInputValue[])).changes);
    return cursorOf([]);
  }
}

/** Workers return each blob as its own buffer. */
function toWorkers(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value instanceof Uint8Array ? value.slice().buffer : value]),
  );
}

function cursorOf(rows: readonly Record<string, unknown>[]) {
  return {
    toArray: () => rows,
    one: () => {
      if (rows.length !== 1) throw new Error(`Expected one row, got ${rows.length}`);
      return rows[0];
    },
    [Symbol.iterator]: () => rows.values(),
  };
}
