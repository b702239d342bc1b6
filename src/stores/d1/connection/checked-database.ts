import { SERVED_ROOT } from "../../../domain/artifact-location.ts";
import { isDefaultMisplacedSql, placeDefaultExperiment } from "../experiments/locations.ts";
import { ALL_APPLIED, MIGRATION_NAMES, migrate } from "./migrate.ts";
import { NearDatabase } from "./near-database.ts";
import type { BoundStatement } from "./write-queue.ts";

/*
 * The check that the database has this version's schema is sent together with an isolate's first queries, so that it costs
 * no extra round trip.
 */

/** Whether this isolate has seen the database with its version's schema. Schemas only grow, so this stays true. */
let isCurrent = false;

/**
 * Errors of a write to a database without the schema: from {@link CheckedDatabase.checkOfWrite}, or SQLite's about missing
 * objects.
 */
const MAY_BE_BEHIND = /malformed JSON|no such (table|column)|has no column named/;

/** The D1 that requests read from. The first reads of an isolate also check the schema. */
export class CheckedDatabase {
  readonly #db: D1Database;
  readonly #defaultRoot: string;
  /** When the request arrived. All times that the request writes are later. */
  readonly #sinceMs = Date.now();
  #reader: D1Database | undefined;

  /** @param defaultRoot where experiments store artifacts; the experiment that a migration creates is moved there */
  constructor(db: D1Database, defaultRoot: string) {
    this.#db = db;
    this.#defaultRoot = defaultRoot;
  }

  /** For reads, and for writes that may be repeated. */
  get reader(): D1Database {
    if (isCurrent) return this.#db;
    this.#reader ??= checkedReader(this.#db, (read) => this.#read(read));
    return this.#reader;
  }

  /**
   * For reads that may be as old as a page's latest answer. Undefined while the schema is not known: a replica may be behind
   * a migration.
   * @param asked as in {@link NearDatabase}
   */
  near(asked: string | null): NearDatabase | undefined {
    return isCurrent ? new NearDatabase(this.#db, asked) : undefined;
  }

  /**
   * The first statement of a transaction: it rolls the transaction back unless the schema is this version's. Undefined once
   * the schema is known.
   */
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

  /** Migrates the schema if an old schema may be why a transaction failed. @returns whether to try again */
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
    await migrate(this.#db, this.#sinceMs);
    if (this.#defaultRoot !== SERVED_ROOT) await placeDefaultExperiment(this.#db, this.#defaultRoot);
    isCurrent = true;
  }
}

/** The D1 statement behind each statement of {@link checkedReader}. */
const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>();

/** @param check runs a read, and checks the schema at the same time */
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
