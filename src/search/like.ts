/**
 * LIKE without SQL's LIKE. D1's LIKE refuses patterns over 50 bytes and ignores ASCII case; MLflow's LIKE on SQLite has no
 * such limit and is case-sensitive. So a pattern is translated to tests of lengths and positions. Patterns that these tests
 * cannot express exactly are matched in this module.
 */

/** A test on a text of n characters (code points); `at` counts from 0, negative from the end. */
export type LikeTest =
  | { readonly kind: "length"; readonly exactly: number }
  | { readonly kind: "length"; readonly atLeast: number }
  | { readonly kind: "substring"; readonly at: number; readonly length: number; readonly text: string }
  /** `text` anywhere, apart from the first `skipStart` and the last `skipEnd` characters. */
  | { readonly kind: "contains"; readonly text: string; readonly skipStart: number; readonly skipEnd: number };

export interface LikePlan {
  readonly tests: readonly LikeTest[];
  /** Whether the tests together are equivalent to the pattern; otherwise they are only necessary. */
  readonly exact: boolean;
}

/** Keeps the SQL of sixty hostile patterns (`a_b_c_…`), which a statement may repeat three times, below D1's 100 KB. */
const MAX_TESTS = 4;
const MAX_NECESSARY_TESTS = 2;

interface Literal {
  readonly at: number;
  readonly length: number;
  readonly text: string;
}

/** The part of a pattern between two `%`: its length in characters, and its literals between the `_`. */
interface Segment {
  readonly length: number;
  readonly literals: readonly Literal[];
}

/** In `pattern`, `%` stands for any text and `_` for any character; there is no escape. */
export function planLike(pattern: string): LikePlan {
  const segments = pattern.split("%").map(segment);
  const [first, last] = [segments[0]!, segments.at(-1)!];
  const length = segments.reduce((sum, { length }) => sum + length, 0);
  const tests: LikeTest[] = [];
  const middle = segments.slice(1, -1).filter((segment) => segment.length > 0);
  if (segments.length === 1) {
    tests.push({ kind: "length", exactly: length });
  } else if (length > 0) {
    tests.push({ kind: "length", atLeast: length });
    for (const literal of last.literals) tests.push({ kind: "substring", ...literal, at: literal.at - last.length });
  }
  for (const literal of first.literals) tests.push({ kind: "substring", ...literal });
  for (const { literals } of middle) {
    for (const { text } of literals) {
      tests.push({ kind: "contains", text, skipStart: first.length, skipEnd: last.length });
    }
  }
  const [only, other] = middle;
  const plain = only === undefined || (other === undefined && only.length === only.literals[0]?.length);
  const exact = tests.length <= MAX_TESTS && plain;
  return { tests: exact ? tests : tests.slice(0, MAX_NECESSARY_TESTS), exact };
}

function segment(text: string): Segment {
  const literals: Literal[] = [];
  let at = 0;
  for (const [run] of text.matchAll(/_+|[^_]+/gu)) {
    const length = characters(run);
    if (!run.startsWith("_")) literals.push({ at, length, text: run });
    at += length;
  }
  return { length: at, literals };
}

function characters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** A matcher that never backtracks beyond the last `%`: it takes at most pattern length × text length steps. */
export function likeMatcher(pattern: string): (text: string) => boolean {
  const wanted = [...pattern];
  return (text) => {
    const given = [...text];
    let [w, g, restartWanted, restartGiven] = [0, 0, -1, 0];
    while (g < given.length) {
      if (wanted[w] === "%") {
        w += 1;
        restartWanted = w;
        restartGiven = g;
      } else if (wanted[w] === "_" || wanted[w] === given[g]) {
        w += 1;
        g += 1;
      } else if (restartWanted === -1) {
        return false;
      } else {
        restartGiven += 1;
        w = restartWanted;
        g = restartGiven;
      }
    }
    while (wanted[w] === "%") w += 1;
    return w === wanted.length;
  };
}

/** The same as SQLite's `lower()`: ASCII only, like MLflow's ILIKE on SQLite. */
export function asciiLower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
