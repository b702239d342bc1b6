/** One SQL text with its bound values; user input is only ever in `values`. */
export interface SqlStatement {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** Where a page ended: the last row's value for each column of the order, int64 as text; null where it has none. */
export type Position = readonly (string | number | null)[];

/** A condition that SQL only narrows down: the value of one result column must match too. */
export interface Residue {
  readonly matches: (value: string) => boolean;
}

/** A batch of statements; `complete` where a row from any but the last statement means that no later stage has rows. */
export type Stage = readonly SqlStatement[];

/**
 * How to answer one page of a search: ids only, in order. Each row is `[id, ...order columns, ...residue columns]`.
 * The statements of a stage go in one batch and at most one of them answers; the next stage follows in the order, and is needed
 * only while the page is not full.
 */
export interface SearchPlan {
  readonly maxResults: number;
  /** The position after which the page begins; undefined for the first page. */
  readonly start: Position | undefined;
  readonly columnCount: number;
  readonly residues: readonly Residue[];
  /** Rows to ask of one statement at most, so that a large page stays in flat memory. */
  readonly sliceSize: number;
  readonly stages: (after: Position | undefined, limit: number) => readonly Stage[];
  readonly pageToken: (last: Position) => string;
}
