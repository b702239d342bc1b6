import { SERVED_ROOT } from "../../../domain/artifact-location.ts";
import { isDefaultMisplacedSql, placeDefaultExperiment } from "../experiments/locations.ts";
import { ALL_APPLIED, MIGRATION_NAMES, migrate } from "./migrate.ts";
import type { BoundStatement } from "./write-queue.ts";

/*
 * Whether the database has this version's schema is asked together with what an isolate asks of it first, so that the
 * question costs no round trip of its own.
 */

/** Whether this isolate has seen the database at its version's schema. Schemas only grow, so that stays true. */
let isCurrent = false;

/** What a write to a database without the schema fails with: {@link CheckedDatabase.checkOfWrite}, or SQLite of what is not there. */
const MAY_BE_BEHIND = /malformed JSON|no such (table|column)|has no column named/;

/** D1 as a request reads it: the first ones of an isolate ask for the schema beside what they read. */
export class CheckedDatabase {
  readonly #db: D1Database;
  readonly #defaultRoot: string;
  #reader: D1Database | undefined;

  /** @param defaultRoot where experiments lie; the one that a migration makes is moved there */
  constructor(db: D1Database, defaultRoot: string) {
    this.#db = db;
    this.#defaultRoot = defaultRoot;
  }

  /** To read from, and to write what may be written twice. */
  get reader(): D1Database {
    if (isCurrent) return this.#db;
    this.#reader ??= checkedReader(this.#db, (read) => this.#read(read));
    return this.#reader;
  }

  /** Goes before a transaction, which it rolls back where the schema is not this version's; undefined once it is known to be. */
  get checkOfWrite(): BoundStatement | undefined {
    if (isCurrent) return undefined;
    const { sql, values } = this.#check;
    return {
      sql: `SELECT json(iif(is_current AND NOT is_misplaced, '1', 'behind')) AS is_current FROM (${sql})`,
      values,
    };
  }

  /** A transaction that began with {@link checkOfWrite} was committed. */
  noteWritten(): void {
    isCurrent = true;
  }

  /** Brings the schema up where it may be why a transaction failed. @returns whether to try again */
  async repair(error: unknown): Promise<boolean> {
    if (isCurrent || !(error instanceof Error) || !MAY_BE_BEHIND.test(error.message)) return false;
    await this.#bringUp();
    return true;
  }

  async #read<T>(read: () => Promise<T>): Promise<T> {
    if (isCurrent) return await read();
    const [check, answer] = await Promise.allSettled([this.#isCurrent(), read()]);
    if (check.status === "rejected") throw check.reason;
    if (!check.value) {
      await this.#bringUp();
      return await read();
    }
    isCurrent = true;
    if (answer.status === "rejected") throw answer.reason;
    return answer.value;
  }

  get #check(): BoundStatement {
    const isMisplaced = this.#defaultRoot === SERVED_ROOT ? "FALSE" : isDefaultMisplacedSql;
    return {
      sql: `SELECT ${ALL_APPLIED} AS is_current, ${isMisplaced} AS is_misplaced`,
      values: [MIGRATION_NAMES],
    };
  }

  async #isCurrent(): Promise<boolean> {
    const { sql, values } = this.#check;
    try {
      const row = await this.#db
        .prepare(sql)
        .bind(...values)
        .first<{ is_current: number; is_misplaced: number }>();
      return row?.is_current === 1 && row.is_misplaced === 0;
    } catch (error) {
      if (error instanceof Error && /no such table/.test(error.message)) return false;
      throw error;
    }
  }

  async #bringUp(): Promise<void> {
    await migrate(this.#db);
    if (this.#defaultRoot !== SERVED_ROOT) await placeDefaultExperiment(this.#db, this.#defaultRoot);
    isCurrent = true;
  }
}

/** What a statement of {@link checkedReader} stands for. */
const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>();

/** @param check does a read, and asks for the schema meanwhile */
function checkedReader(db: D1Database, check: <T>(read: () => Promise<T>) => Promise<T>): D1Database {
  const checked = (statement: D1PreparedStatement): D1PreparedStatement => {
    const own: Pick<D1PreparedStatement, "bind" | "all" | "run"> &
      Record<"first" | "raw", (option?: never) => unknown> = {
      bind: (...values) => checked(statement.bind(...values)),
      all: () => check(() => statement.all()),
      run: () => check(() => statement.run()),
      first: (column) => check(() => (column === undefined ? statement.first() : statement.first(column))),
      raw: (options) => check(() => statement.raw(options)),
    };
    originals.set(own as D1PreparedStatement, statement);
    return own as D1PreparedStatement;
  };
  const own: Pick<D1Database, "prepare" | "batch"> = {
    prepare: (sql) => checked(db.prepare(sql)),
    batch: (statements) => check(() => db.batch(statements.map((one) => originals.get(one) ?? one))),
  };
  return own as D1Database;
}
