import type { Binder } from "./binder.ts";
import type { Candidates } from "./candidates.ts";
import { all } from "./connect.ts";
import type { Position } from "./order.ts";
import { type OrderColumn, orderBy, rowsAfter } from "./order.ts";
import type { LastCandidate } from "./plan.ts";

/**
 * Where a search goes on: in the walk along its order, which a full page ends, or after a key. The search begins anew by keys
 * if the walk does not answer it.
 */
export type KeyCursor = "walk" | { readonly after?: readonly number[] };

/** Which things a search looks at. */
export interface KeyScope {
  /** What FROM takes, under an alias. */
  readonly from: string;
  readonly alias: string;
  /** The columns that the search needs, and the integers of the primary key. */
  readonly columns: readonly string[];
  readonly key: readonly string[];
  /** Conditions that an index decides and that leave few things, as SQL. */
  readonly narrowed: (binder: Binder) => readonly string[];
  /** The order of the search, if an index has it. */
  readonly order: readonly OrderColumn[] | undefined;
  /** Where the page begins. */
  readonly start: Position | undefined;
}

/**
 * Things without an experiment, in the order of their primary keys. If an index has the order of the search, the first
 * candidates are those of this index, because most pages are full, or the things at an end, before many are looked at.
 */
export class KeyCandidates implements Candidates<KeyCursor> {
  readonly #scope: KeyScope;

  constructor(scope: KeyScope) {
    this.#scope = scope;
  }

  get from(): KeyCursor {
    return this.#scope.order === undefined ? {} : "walk";
  }

  query(cursor: KeyCursor, limit: string, binder: Binder): string {
    const { from, alias, columns, key, order, start, narrowed } = this.#scope;
    const select = columns.map((column) => `${alias}.${column}`).join(", ");
    const keys = key.map((column) => `${alias}.${column}`).join(", ");
    const after =
      cursor === "walk"
        ? start && rowsAfter(order!, start, binder)
        : cursor.after && [`(${keys}) > (${cursor.after.map((value) => binder.number(value)).join(", ")})`];
    const where = all([...narrowed(binder), ...(after ?? [])]);
    const sorted = cursor === "walk" ? orderBy(order!) : `ORDER BY ${keys}`;
    return `SELECT ${select} FROM ${from} WHERE ${where} ${sorted} LIMIT ${limit}`;
  }

  last(cursor: KeyCursor, count: number, binder: Binder): string {
    return `SELECT ${this.#scope.key.join(", ")} FROM (${this.query(cursor, `1 OFFSET ${binder.bind(count - 1)}`, binder)})`;
  }

  next(
    cursor: KeyCursor,
    last: LastCandidate | undefined,
    isFullBefore: (position: Position) => boolean,
  ): KeyCursor | undefined {
    if (last === undefined) return undefined;
    if (cursor === "walk") return isFullBefore([]) ? undefined : {};
    return { after: this.#scope.key.map((column) => Number(last[column])) };
  }

  isSorted(cursor: KeyCursor): boolean {
    return cursor === "walk";
  }
}
