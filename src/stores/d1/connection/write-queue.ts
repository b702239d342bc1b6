import { DurableObject } from "cloudflare:workers";
import type { StatementResult } from "./database.ts";
import { noteRegion } from "./region.ts";

/** Queries that D1 takes of one invocation, by the plan of the account; some are left for what a refusal costs. */
const MAX_STATEMENTS = { free: 50, paid: 500 } as const;

/** A transaction with so many statements, or characters, gains nothing by sharing: it goes to D1 straight. */
export const LARGE_STATEMENTS = 40;
export const LARGE_CHARACTERS = 400_000;

/** In UTF-16 units: what D1 should have to hold of one group, unless a single transaction is larger. */
const MAX_CHARACTERS = 1_000_000;

/** What may wait, so that a D1 that does not answer costs the object no more memory: transactions, and UTF-16 units. */
export const MAX_WAITING = 5000;
const MAX_WAITING_CHARACTERS = 16_000_000;

/** A statement with its values, as it travels. */
export interface BoundStatement {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** What D1 said of a transaction: nothing of it was done. Data, since an error would be logged as one of the object's. */
export interface Refusal {
  readonly refusal: string;
}

/** The queue is full: the transaction was not taken. */
export const FULL = "full";

interface Transaction {
  readonly statements: readonly BoundStatement[];
  readonly resolve: (outcome: StatementResult<unknown>[] | Refusal) => void;
  readonly reject: (error: unknown) => void;
  /** UTF-16 units of its values. */
  readonly characters: number;
}

/**
 * Group commit for D1. A transaction there costs its way and a durable write, whatever it holds. So while one is under
 * way, all that arrive wait here, and are the next one together. A group that D1 refuses is halved until
 * those are found that it refuses: nobody is told of another's error.
 *
 * There is one such object, as D1 has one writer. It stores nothing: who is answered has D1's word.
 */
export class WriteQueue extends DurableObject<Env> {
  #waiting: Transaction[] = [];
  #waitingCharacters = 0;
  #isWriting = false;

  /** Runs the statements as one transaction, or as part of a larger one. */
  batch(statements: readonly BoundStatement[]): Promise<StatementResult<unknown>[] | Refusal | typeof FULL> {
    const characters = charactersOf(statements);
    const isFull =
      this.#waiting.length > 0 &&
      (this.#waiting.length >= MAX_WAITING || this.#waitingCharacters + characters > MAX_WAITING_CHARACTERS);
    if (isFull) return Promise.resolve(FULL);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ statements, resolve, reject, characters });
      this.#waitingCharacters += characters;
      if (!this.#isWriting) void this.#writeWaiting();
    });
  }

  async #writeWaiting(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      // The runtime reads from no client while it has other work: without this turn of its clock few would be gathered,
      // and those whose requests it has read already would be served again and again before the others.
      await scheduler.wait(0);
      await this.#write(this.#takeGroup());
    }
    this.#isWriting = false;
  }

  #takeGroup(): Transaction[] {
    const most = MAX_STATEMENTS[this.env.TRACKFLARE_WORKERS_PLAN === "paid" ? "paid" : "free"];
    let statements = 0;
    let characters = 0;
    const end = this.#waiting.findIndex((transaction, i) => {
      statements += transaction.statements.length;
      characters += transaction.characters;
      return i > 0 && (statements > most || characters > MAX_CHARACTERS);
    });
    const group = this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
    for (const transaction of group) this.#waitingCharacters -= transaction.characters;
    return group;
  }

  async #write(group: readonly Transaction[]): Promise<void> {
    try {
      const all = group.flatMap((transaction) => transaction.statements);
      const results = await runBatch(this.env.DB, all);
      for (const { statements, resolve } of group) resolve(results.splice(0, statements.length));
    } catch (error) {
      if (!isRefusal(error)) for (const { reject } of group) reject(error);
      else if (group.length === 1) group[0]!.resolve({ refusal: error.message });
      else {
        const half = group.length >> 1;
        await this.#write(group.slice(0, half));
        await this.#write(group.slice(half));
      }
    }
  }
}

export function charactersOf(statements: readonly BoundStatement[]): number {
  const values = statements.flatMap((statement) => statement.values);
  return values.reduce((sum: number, value) => sum + (typeof value === "string" ? value.length : 0), 0);
}

/** What SQLite says of a statement, never of a commit: https://www.sqlite.org/rescode.html */
const REFUSALS = /SQLITE_(CONSTRAINT|ERROR|MISMATCH|TOOBIG)/;

/** Whether D1 did nothing. After any other error, a lost connection or a failing disk, nobody knows. */
function isRefusal(error: unknown): error is Error {
  return error instanceof Error && REFUSALS.test(error.message);
}

/** One transaction of D1. */
export async function runBatch(
  db: D1Database,
  statements: readonly BoundStatement[],
): Promise<StatementResult<unknown>[]> {
  const results = await db.batch(statements.map(({ sql, values }) => db.prepare(sql).bind(...values)));
  noteRegion(results[0]?.meta.served_by_region);
  return results.map(({ results, meta }) => ({ results, meta: { changes: meta.changes } }));
}
