import { DurableObject } from "cloudflare:workers";
import type { StatementResult } from "./database.ts";
import { noteRegion } from "./region.ts";
import { yieldTurn } from "./turn.ts";

/**
 * Queries that D1 allows for one invocation, by the account's plan, less a reserve for the extra queries after a refusal.
 */
const MAX_STATEMENTS = { free: 50, paid: 500 } as const;

/** A transaction with this many statements or characters gains nothing from sharing: it goes straight to D1. */
export const LARGE_STATEMENTS = 40;
export const LARGE_CHARACTERS = 400_000;

/** Most UTF-16 units of one group, unless a single transaction is larger. */
const MAX_CHARACTERS = 1_000_000;

/** The most that may wait, in transactions and in UTF-16 units, so that memory stays bounded when D1 does not answer. */
export const MAX_WAITING = 5000;
const MAX_WAITING_CHARACTERS = 16_000_000;

/** A statement with its values, in the form sent over RPC. */
export interface BoundStatement {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/**
 * D1 refused a transaction and did nothing of it. A value, not a thrown error: the runtime logs errors that an object
 * throws.
 */
export interface Refusal {
  readonly refusal: string;
}

/** The queue is full: the transaction was not taken. */
export const FULL = "full";

interface Transaction {
  readonly statements: readonly BoundStatement[];
  readonly resolve: (outcome: StatementResult<unknown>[] | Refusal) => void;
  readonly reject: (error: unknown) => void;
  /** UTF-16 units of the transaction's values. */
  readonly characters: number;
}

/**
 * Group commit for D1. A D1 transaction costs a round trip and a durable write, whatever it contains. So while one is in
 * flight, arriving transactions wait here and become the next one together. A group that D1 refuses is halved until the
 * refused transactions are found, so that no caller gets another caller's error.
 *
 * There is one such object, as D1 has one writer. It stores nothing: a caller is answered only after D1 has answered.
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
      // Yield one turn of the event loop so that the runtime reads other clients' requests. Otherwise groups stay small,
      // and clients whose requests were already read would be served again and again before the others.
      await yieldTurn();
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

/** SQLite errors that come from a statement, never from a commit: https://www.sqlite.org/rescode.html */
const REFUSALS = /SQLITE_(CONSTRAINT|ERROR|MISMATCH|TOOBIG)/;

/** Whether D1 did nothing. After any other error, such as a lost connection or a failing disk, the outcome is unknown. */
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
