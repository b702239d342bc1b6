/** One SQL text with its bound values; user input is only ever in `values`. */
export interface SqlStatement {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** Where a page ended: the last row's value for each column of the order, int64 as text; null where it has none. */
export type Position = readonly (string | number | null)[];

/** A condition that SQL narrows down only: whether it holds is told from the next `width` columns of a row. */
export interface Residue {
  readonly width: number;
  readonly matches: (values: readonly (string | number | null)[]) => boolean;
}

/**
 * How to answer one page of a search: ids only, in order. Rows are `[id, isLast, ...position, ...residue columns]`.
 * The rows of the next stage follow in the order, and are asked for only while the page is not full; there are none
 * after a stage with rows where `isLast` is 1.
 */
export interface SearchPlan {
  readonly maxResults: number;
  /** The position after which the page begins; undefined for the first page. */
  readonly start: Position | undefined;
  readonly positionLength: number;
  readonly residues: readonly Residue[];
  /** Rows to ask of one statement at most, so that a large page stays in flat memory. */
  readonly sliceSize: number;
  readonly stages: (after: Position | undefined, limit: number) => readonly SqlStatement[];
  readonly pageToken: (last: Position) => string;
}

/** In rows of ids and numbers. */
const SLICE_SIZE = 20_000;
/** Where a row may carry texts of 8,000 characters. */
const SLICE_SIZE_WITH_TEXTS = 1000;
/** Where a row may carry texts of 100,000 characters, as the registry's tags are. */
export const SLICE_SIZE_WITH_LONG_TEXTS = 100;

export function sliceSize(carriesTexts: boolean): number {
  return carriesTexts ? SLICE_SIZE_WITH_TEXTS : SLICE_SIZE;
}
