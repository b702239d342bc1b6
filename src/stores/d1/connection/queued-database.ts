import { MlflowError } from "../../../domain/errors.ts";
import type { CheckedDatabase } from "./checked-database.ts";
import { BatchedStatement, type Database, type StatementResult } from "./database.ts";
import { nearD1 } from "./region.ts";
import {
  type BoundStatement,
  charactersOf,
  FULL,
  LARGE_CHARACTERS,
  LARGE_STATEMENTS,
  runBatch,
} from "./write-queue.ts";

/** Writes of this isolate that D1 has not answered. */
let writesUnderWay = 0;

/**
 * The D1 that services write through. A lone write goes straight to D1; writes that arrive while another is in flight go
 * through the {@link WriteQueue}, which batches them. The extra hop pays off only when writes are batched.
 */
export class QueuedDatabase implements Database {
  readonly #env: Env;
  readonly #schema: CheckedDatabase;
  readonly #waitUntil: (work: Promise<unknown>) => void;

  /** @param schema of the same database */
  constructor(env: Env, schema: CheckedDatabase, waitUntil: (work: Promise<unknown>) => void) {
    this.#env = env;
    this.#schema = schema;
    this.#waitUntil = waitUntil;
  }

  prepare(sql: string): QueuedStatement {
    return new QueuedStatement(this, sql, []);
  }

  async batch<Row>(statements: QueuedStatement[]): Promise<StatementResult<Row>[]> {
    const bound = statements.map(({ sql, values }) => ({ sql, values }));
    const check = this.#schema.checkOfWrite;
    if (check === undefined) return (await this.#write(bound)) as StatementResult<Row>[];
    try {
      const [, ...results] = await this.#write([check, ...bound]);
      this.#schema.noteWritten();
      return results as StatementResult<Row>[];
    } catch (error) {
      if (!(await this.#schema.repair(error))) throw error;
      return (await this.#write(bound)) as StatementResult<Row>[];
    }
  }

  async #write(bound: readonly BoundStatement[]): Promise<StatementResult<unknown>[]> {
    const goesStraight = writesUnderWay === 0 || isLarge(bound);
    const writing = goesStraight ? runBatch(this.#env.DB, bound) : runQueued(this.#env, bound);
    writesUnderWay++;
    const end = () => {
      writesUnderWay--;
    };
    // Even if the client has disconnected, the write must be subtracted from the count.
    this.#waitUntil(writing.then(end, end));
    return await writing.catch(throwRefusal);
  }
}

function isLarge(statements: readonly BoundStatement[]): boolean {
  return statements.length > LARGE_STATEMENTS || charactersOf(statements) > LARGE_CHARACTERS;
}

async function runQueued(env: Env, statements: readonly BoundStatement[]): Promise<StatementResult<unknown>[]> {
  const locationHint = nearD1();
  // The name includes D1's region. A queue created before the region was known is near its first caller, so it must not
  // stay in use.
  const queue =
    locationHint === undefined
      ? env.WRITES.getByName("d1")
      : env.WRITES.getByName(`d1-${locationHint}`, { locationHint });
  const outcome = await queue.batch(statements);
  if (outcome === FULL) {
    throw tooMuch();
  }
  if ("refusal" in outcome) throw new Error(outcome.refusal);
  return outcome;
}

/** D1's error for a transaction that it did not begin (developers.cloudflare.com/d1/observability/debug-d1). */
const NOT_BEGUN = /D1 DB is overloaded/i;

/**
 * A write that was certainly not applied is answered with 429. MLflow's client repeats any request after a 429, but after a
 * 5xx it does not repeat requests that would create a second run or experiment.
 */
function throwRefusal(error: unknown): never {
  throw error instanceof Error && NOT_BEGUN.test(error.message) ? tooMuch() : error;
}

function tooMuch(): MlflowError {
  return new MlflowError("REQUEST_LIMIT_EXCEEDED", "More is being written than the database takes; please repeat.");
}

class QueuedStatement extends BatchedStatement<QueuedDatabase> implements BoundStatement {
  readonly sql: string;
  readonly values: readonly unknown[];

  constructor(db: QueuedDatabase, sql: string, values: readonly unknown[]) {
    super(db);
    this.sql = sql;
    this.values = values;
  }

  bind(...values: unknown[]): QueuedStatement {
    return new QueuedStatement(this.db, this.sql, values);
  }
}
