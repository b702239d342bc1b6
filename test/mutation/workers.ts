import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { SqliteStorage } from "../stores/run/core/sqlite-storage.ts";

// No test here has other work that waits for a turn of the event loop.
Object.assign(globalThis, { scheduler: { wait: () => Promise.resolve() } });

/** D1's prepared statement. */
class Statement {
  readonly #db: DatabaseSync;
  readonly #sql: string;
  readonly #values: readonly SQLInputValue[];

  constructor(db: DatabaseSync, sql: string, values: readonly SQLInputValue[] = []) {
    this.#db = db;
    this.#sql = sql;
    this.#values = values;
  }

  bind(...values: SQLInputValue[]): Statement {
    return new Statement(this.#db, this.#sql, values);
  }

  async all(): Promise<{ results: unknown[]; meta: { changes: number } }> {
    return this.execute();
  }

  async run(): Promise<{ results: unknown[]; meta: { changes: number } }> {
    return this.execute();
  }

  async first(): Promise<unknown> {
    return this.execute().results[0] ?? null;
  }

  async raw(): Promise<unknown[]> {
    const statement = this.#db.prepare(this.#sql);
    statement.setReturnArrays(true);
    return statement.all(...this.#values);
  }

  execute(): { results: unknown[]; meta: { changes: number } } {
    const statement = this.#db.prepare(this.#sql);
    if (statement.columns().length > 0) return { results: statement.all(...this.#values), meta: { changes: 0 } };
    return { results: [], meta: { changes: Number(statement.run(...this.#values).changes) } };
  }
}

/** The part of D1 that the tests use. */
class Db {
  readonly #db = new DatabaseSync(":memory:");

  prepare(sql: string): Statement {
    return new Statement(this.#db, sql);
  }

  async exec(sql: string): Promise<void> {
    this.#db.exec(sql);
  }

  async batch(statements: readonly Statement[]): Promise<unknown[]> {
    this.#db.exec("BEGIN");
    try {
      const results = statements.map((statement) => statement.execute());
      this.#db.exec("COMMIT");
      return results;
    } catch (error) {
      this.#db.exec("ROLLBACK");
      throw error;
    }
  }
}

/**
 * Replaces `cloudflare:test` and `cloudflare:workers` for the tests of the pure parts, with Node's SQLite. A mutation run starts
 * these tests thousands of times, and workerd would take most of the time. `npm test` runs the same tests in workerd.
 */
export const env = {
  DB: new Db(),
  RUNS: { newUniqueId: () => undefined, get: () => undefined },
};

/** Replaces the database by an empty one. */
export function freshDatabase(): void {
  env.DB = new Db();
}

/** Runs `use` with the storage of a new object. */
export async function runInDurableObject(
  _object: unknown,
  use: (object: undefined, state: { storage: SqliteStorage["storage"] }) => unknown,
): Promise<void> {
  await use(undefined, { storage: new SqliteStorage().storage });
}
