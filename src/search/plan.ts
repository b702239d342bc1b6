import { invalidParameter } from "../domain/errors.ts";
import type { Condition } from "./ast.ts";
import { type Residue, residueOf } from "./conditions.ts";
import type { OrderColumn, Position } from "./order.ts";
import { pageToken, parsePageToken, queryFingerprint } from "./page-token.ts";
import type { Visibility } from "./visibility.ts";

/** One SQL text with its bound values. User input is only in `values`. */
export interface SqlStatement {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** What the pages of a search have in common. */
export interface PagePlan {
  readonly maxResults: number;
  /** The position after which the page begins; undefined for the first page. */
  readonly start: Position | undefined;
  readonly positionLength: number;
  readonly residues: readonly Residue[];
  /** Most rows of one statement that selects residue columns, so that its answer takes bounded memory. */
  readonly sliceSize: number;
  readonly pageToken: (last: Position) => string;
}

/** Which candidates a statement looks at. */
export interface StepQuery<Cursor> {
  readonly cursor: Cursor;
  /** Whether the statement is the first of the search. */
  readonly isFirst: boolean;
  /** How many candidates it looks at. */
  readonly candidates: number;
}

/** The statements for the next candidates of a search, to be executed in one transaction. */
export interface Step {
  readonly rows: SqlStatement;
  /** Selects one row that tells the last candidate, if there may be further ones. Absent if there are none. */
  readonly last?: SqlStatement | undefined;
}

/** A row that tells the last candidate of a statement. */
export type LastCandidate = Readonly<Record<string, string | number | null>>;

/**
 * How to read a page of a search. A statement looks at a bounded number of candidates, so that it does not hold the database
 * for long, however many there are. Its rows are the first of these candidates in the order of the search, and the page is
 * the first rows of all statements. Candidates come in an order in which none moves, so the search meets each of them once.
 * Most searches need one statement only: it looks at everything, or finds an index that leads to few candidates, or has
 * the order of the search.
 *
 * Rows are `[id, ...position, ...residue columns, isDecided, bytes]`. If a row is decided, the statement has answered for
 * all candidates. `bytes` is the length of the texts in the positions up to and including that row. The rows of a
 * statement end with the first one for which they exceed {@link MAX_POSITION_BYTES}.
 */
export interface SearchPlan<Cursor = unknown> extends PagePlan {
  /** The columns of the order. */
  readonly columns: readonly OrderColumn[];
  /** The first cursor; undefined if nothing can match. */
  readonly from: Cursor | undefined;
  /** Most candidates of one statement. */
  readonly candidates: number;
  readonly step: (query: StepQuery<Cursor>) => Step;
  /**
   * The cursor after a statement, undefined if the search is over.
   * @param last undefined if the statement reached the end
   * @param isFullBefore whether the page is full, and no row of it comes after this position, which may be the beginning of
   *   a position
   */
  readonly next: (
    cursor: Cursor,
    last: LastCandidate | undefined,
    isFullBefore: (position: Position) => boolean,
  ) => Cursor | undefined;
}

/** The parameters that every search has. */
export interface PageQuery {
  readonly maxResults: number;
  readonly pageToken?: string | undefined;
  readonly visibility: Visibility;
}

/** A search whose filter and order are parsed. */
export interface ParsedSearch {
  /** Everything that decides the rows and their order. Page tokens are tied to it. */
  readonly identity: readonly unknown[];
  readonly conditions: readonly Condition[];
  readonly columns: readonly OrderColumn[];
  /** Longest value that a filter may test, in characters. */
  readonly longestText: number;
}

/** A statement's texts of positions end with the first row beyond this. */
export const MAX_POSITION_BYTES = 8_000_000;

/** Most characters of texts in the rows of a slice: D1's answers are limited to 50 MB, an isolate to 128 MB. */
const SLICE_CHARACTERS = 8_000_000;
const MAX_SLICE_SIZE = 1000;

/**
 * The plan of a search's pages, and its conditions that have a residue. Every search uses this function.
 * @throws MlflowError INVALID_PARAMETER_VALUE for a page token that is not valid, or belongs to another search or caller.
 */
export function planPages(
  { identity, conditions, columns, longestText }: ParsedSearch,
  page: PageQuery,
): PagePlan & { readonly residual: readonly Condition[] } {
  const residual = conditions.filter((condition) => residueOf(condition) !== undefined);
  const residues = residual.map((condition) => residueOf(condition)!);
  const texts = residues.reduce((sum, residue) => sum + residue.texts, 0);
  const fingerprint = queryFingerprint([page.visibility.name, ...identity]);
  return {
    maxResults: page.maxResults,
    start: page.pageToken ? parsePageToken(page.pageToken, fingerprint, columns) : undefined,
    positionLength: columns.length,
    residual,
    residues: residues.map(({ residue }) => residue),
    sliceSize: sliceSizeWithTexts(texts * longestText),
    pageToken: (last) => pageToken(fingerprint, last),
  };
}

function sliceSizeWithTexts(charactersPerRow: number): number {
  return Math.min(MAX_SLICE_SIZE, Math.max(1, Math.floor(SLICE_CHARACTERS / charactersPerRow)));
}

/** @throws MlflowError INVALID_PARAMETER_VALUE when a page cannot have this many rows. */
export function checkMaxResults(maxResults: number, most = Number.POSITIVE_INFINITY): void {
  if (maxResults >= 1 && maxResults <= most) return;
  const bound = most === Number.POSITIVE_INFINITY ? "" : ` of at most ${most}`;
  throw invalidParameter(
    `Invalid value ${maxResults} for parameter 'max_results' supplied. It must be a positive integer${bound}.`,
  );
}
