import type { Token } from "../../parts/syntax.ts";
import { PIECE } from "./parsers.ts";

/** The number of lines to search before the page may do other work. */
const LINES_A_TURN = 50_000;

/** Text that grows at its end. */
interface Text {
  readonly count: number;
  line(index: number): string;
}

/** Finds the words as they are typed, whatever their case. */
export function patternOf(words: string): RegExp {
  return new RegExp(words.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`), "gi");
}

/** The lines of a text that have the words. The search goes on as the text grows. */
export class LineSearch {
  /** In order; grows in place. */
  readonly lines: number[] = [];
  readonly #pattern: RegExp;
  readonly #length: number;
  #next = 0;

  constructor(words: string) {
    this.#pattern = patternOf(words);
    this.#length = words.length;
  }

  /** Searches further lines for a short time. Returns true when nothing is left. */
  goOn(text: Text, linesATurn = LINES_A_TURN): boolean {
    // The last line may have grown.
    if (this.#next > 0) this.#next--;
    if (this.lines.at(-1) === this.#next) this.lines.pop();
    const end = Math.min(text.count, this.#next + 1 + linesATurn);
    for (; this.#next < end; this.#next++) {
      if (this.#isIn(text, this.#next)) this.lines.push(this.#next);
    }
    return end === text.count;
  }

  #isIn(text: Text, index: number): boolean {
    const line = text.line(index);
    // The words may continue in the next piece of a longer line.
    const next = line.length === PIECE && index + 1 < text.count ? text.line(index + 1) : "";
    return (line + next.slice(0, this.#length - 1)).search(this.#pattern) >= 0;
  }
}

export interface MarkedToken extends Token {
  isMatch: boolean;
}

/** Tokens of one line, cut where matches begin and end. */
export function markMatches(tokens: readonly Token[], pattern: RegExp): MarkedToken[] {
  const line = tokens.map(({ text }) => text).join("");
  const cuts = [...line.matchAll(pattern)].flatMap(({ index, 0: match }) => [index, index + match.length]);
  const marked: MarkedToken[] = [];
  let at = 0;
  let cut = 0;
  for (const { text, kind } of tokens) {
    const end = at + text.length;
    const add = (to: number): void => {
      // Between the first cut and the second is a match, between the second and the third is none.
      if (to > at) marked.push({ text: line.slice(at, to), kind, isMatch: cut % 2 === 1 });
      at = to;
    };
    for (; cut < cuts.length && cuts[cut]! < end; cut++) add(cuts[cut]!);
    add(end);
  }
  return marked;
}

/**
 * In a list of ordered lines, the index of the first that is not before `line`; the length of the list if all are
 * before it.
 */
export function placeOf(lines: readonly number[], line: number): number {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lines[middle]! < line) low = middle + 1;
    else high = middle;
  }
  return low;
}
