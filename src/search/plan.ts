import { invalidParameter } from "../domain/errors.ts";
import type { Condition } from "./ast.ts";
import { residueOf } from "./conditions.ts";
import type { OrderColumn } from "./order.ts";
import { pageToken, parsePageToken, queryFingerprint } from "./page-token.ts";
import type { Visibility } from "./visibility.ts";

/** One SQL text with its bound values. User input is only in `values`. */
export interface SqlStatement {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** Where a page ended: the last row's value for each column of the order. An int64 is text; a missing value is null. */
export type Position = readonly (string | number | null)[];

/** A condition that SQL only narrows down. The next `width` columns of a row decide whether it holds. */
export interface Residue {
  readonly width: number;
  readonly matches: (values: readonly (string | number | null)[]) => boolean;
}

/** What the pages of a search have in common. Rows are `[id, ...position, ...residue columns]`. */
export interface PagePlan {
  readonly maxResults: number;
  /** The position after which the page begins; undefined for the first page. */
  readonly start: Position | undefined;
  readonly positionLength: number;
  readonly residues: readonly Residue[];
  /** Most rows of one statement, so that a large page takes bounded memory. */
  readonly sliceSize: number;
  readonly pageToken: (last: Position) => string;
}

/**
 * How to read one page of a search: ids only, in order.
 *
 * One statement reads a whole page, so that a page is one snapshot of the database. If there are residues, or if the page
 * is larger than `sliceSize`, several statements follow each other, and each begins after the last row of the previous one.
 */
export interface SearchPlan extends PagePlan {
  /**
   * The first `limit` rows after a position; undefined if there can be none. Without residues, only the last two of `limit`
   * rows must have a position.
   */
  readonly statement: (after: Position | undefined, limit: number) => SqlStatement | undefined;
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

export interface Search extends ParsedSearch {
  /** @param residual the conditions that have a residue: the statement selects the residue columns of each. */
  readonly statement: (page: {
    readonly residual: readonly Condition[];
    readonly after: Position | undefined;
    readonly limit: number;
  }) => SqlStatement | undefined;
}

/** Rows of ids: 200,000, the largest page that MLflow allows, and one more to tell whether there is a next page. */
const SLICE_SIZE = 200_001;

/** Most characters of texts in the rows of a slice: D1's answers are limited to 50 MB, an isolate to 128 MB. */
const SLICE_CHARACTERS = 8_000_000;
const MAX_SLICE_SIZE_WITH_TEXTS = 1000;

/**
 * The plan of a search that one statement after the other answers in the order of the rows.
 * @throws MlflowError as {@link planPages}.
 */
export function planSearch(search: Search, page: PageQuery): SearchPlan {
  const { residual, ...pages } = planPages(search, page);
  return { ...pages, statement: (after, limit) => search.statement({ residual, after, limit }) };
}

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
    sliceSize: texts === 0 ? SLICE_SIZE : sliceSizeWithTexts(texts * longestText),
    pageToken: (last) => pageToken(fingerprint, last),
  };
}

function sliceSizeWithTexts(charactersPerRow: number): number {
  return Math.min(MAX_SLICE_SIZE_WITH_TEXTS, Math.max(1, Math.floor(SLICE_CHARACTERS / charactersPerRow)));
}

/** @throws MlflowError INVALID_PARAMETER_VALUE when a page cannot have this many rows. */
export function checkMaxResults(maxResults: number, most = Number.POSITIVE_INFINITY): void {
  if (maxResults >= 1 && maxResults <= most) return;
  const bound = most === Number.POSITIVE_INFINITY ? "" : ` of at most ${most}`;
  throw invalidParameter(
    `Invalid value ${maxResults} for parameter 'max_results' supplied. It must be a positive integer${bound}.`,
  );
}
