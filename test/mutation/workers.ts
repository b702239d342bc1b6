import { hash } from "node:crypto";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { SqliteStorage } from "../stores/run/core/sqlite-storage.ts";

// No test here has other work that waits for a turn of the event loop.
Object.assign(globalThis, { scheduler: { wait: () => Promise.resolve() } });

/** What a statement answers. */
interface Answer {
  readonly results: unknown[];
  readonly meta: { readonly changes: number };
}

/** D1's prepared statement. */
class Statement {
  readonly #db: Db;
  readonly #sql: string;
  readonly #values: readonly SQLInputValue[];

  constructor(db: Db, sql: string, values: readonly SQLInputValue[] = []) {
    this.#db = db;
    this.#sql = sql;
    this.#values = values;
  }

  bind(...values: SQLInputValue[]): Statement {
    return new Statement(this.#db, this.#sql, values);
  }

  async all(): Promise<Answer> {
    return this.execute();
  }

  async run(): Promise<Answer> {
    return this.execute();
  }

  async first(): Promise<unknown> {
    return this.execute().results[0] ?? null;
  }

  execute(): Answer {
    return this.#db.execute(this.#sql, this.#values);
  }
}

type Write = readonly [sql: string, values: readonly SQLInputValue[]];

/**
 * The answers by the writes before and the statement. A change repeats the tests, and most of their statements are the same as
 * without it.
 */
const answers = new Map<string, Answer | Error>();
const MOST_ANSWERS = 40_000;

/** More than twice as many as the tests of a file execute. A changed search may never find its end. */
const MOST_STATEMENTS = 10_000;

/** The part of D1 that the tests use. */
class Db {
  /** Undefined until a statement is executed whose answer is not known. */
  #db: DatabaseSync | undefined;
  readonly #writes: Write[] = [];
  #state = "";
  #statements = 0;

  prepare(sql: string): Statement {
    return new Statement(this, sql);
  }

  async batch(statements: readonly Statement[]): Promise<Answer[]> {
    const [state, before] = [this.#state, this.#writes.length];
    try {
      return statements.map((statement) => statement.execute());
    } catch (error) {
      this.#state = state;
      this.#writes.length = before;
      this.#db = undefined;
      throw error;
    }
  }

  execute(sql: string, values: readonly SQLInputValue[]): Answer {
    if (++this.#statements > MOST_STATEMENTS) throw new Error("The tests of this file go on without end.");
    const key = hash("sha1", JSON.stringify([this.#state, sql, values]));
    const known = answers.get(key);
    const answer = known ?? this.#answer(sql, values);
    if (known === undefined && answers.size < MOST_ANSWERS) answers.set(key, answer);
    if (answer instanceof Error) throw answer;
    if (!/^\s*(?:SELECT|WITH|EXPLAIN)\b/i.test(sql)) {
      if (known !== undefined && this.#db !== undefined) executeIn(this.#db, sql, values);
      this.#writes.push([sql, values]);
      this.#state = key;
    }
    return answer;
  }

  #answer(sql: string, values: readonly SQLInputValue[]): Answer | Error {
    try {
      return executeIn(this.#ready(), sql, values);
    } catch (error) {
      return error as Error;
    }
  }

  #ready(): DatabaseSync {
    if (this.#db === undefined) {
      this.#db = new DatabaseSync(":memory:");
      for (const [sql, values] of this.#writes) executeIn(this.#db, sql, values);
    }
    return this.#db;
  }
}

function executeIn(db: DatabaseSync, sql: string, values: readonly SQLInputValue[]): Answer {
  const statement = db.prepare(sql);
  if (statement.columns().length > 0) return { results: statement.all(...values), meta: { changes: 0 } };
  return { results: [], meta: { changes: Number(statement.run(...values).changes) } };
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
