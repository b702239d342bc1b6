import { invalidParameter } from "../domain/errors.ts";

/**
 * `name` is an identifier with all its dotted parts as written (``tags.`a b`.c``). `text` is a string in quotes; double
 * quotes may also enclose an attribute's name. `symbol` is a comparator, a bracket or a comma.
 */
export interface Token {
  readonly kind: "name" | "text" | "number" | "symbol" | "end";
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const SPACE = /\s*/uy;
const WORD = /[\p{L}_][\p{L}\p{M}\p{N}_$#]*/uy;
const KEY_PART = /[\p{L}\p{M}\p{N}_$#]+/uy;
/** The pattern never backtracks, so that a long number takes linear time. */
const NUMBER = /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/uy;
const NUMBER_GOES_ON = /[\p{L}\p{N}_$.]/uy;
const SYMBOL = /[<>=!~]+|[(),]/uy;

/**
 * The token at or after `position`. Takes time linear in the token's length, and reads no further than needed. Names,
 * strings and comparators end where sqlparse, MLflow's lexer, ends them.
 */
export function nextToken(source: string, position: number): Token {
  const start = match(SPACE, source, position) ?? position;
  const token = (kind: Token["kind"], end: number): Token => ({ kind, text: source.slice(start, end), start, end });
  if (start === source.length) return token("end", start);
  const quote = source[start];
  if (quote === "'") return token("text", quotedEnd(source, start));
  if (quote === '"' || quote === "`") {
    const end = quotedEnd(source, start);
    if (quote === '"' && source[end] !== ".") return token("text", end);
    return token("name", dottedEnd(source, end));
  }
  const wordEnd = match(WORD, source, start);
  if (wordEnd !== undefined) return token("name", dottedEnd(source, wordEnd));
  const numberEnd = match(NUMBER, source, start);
  if (numberEnd !== undefined && match(NUMBER_GOES_ON, source, numberEnd) === undefined) {
    return token("number", numberEnd);
  }
  const symbolEnd = match(SYMBOL, source, start);
  if (symbolEnd !== undefined) return token("symbol", symbolEnd);
  const character = String.fromCodePoint(source.codePointAt(start)!);
  throw invalidParameter(
    `Unexpected ${JSON.stringify(character)} at position ${start + 1}. A key with other signs goes in backticks: metrics.\`val/loss\`.`,
  );
}

/** The end of the match of `pattern`, a sticky expression, at `position`; undefined if it does not match. */
function match(pattern: RegExp, source: string, position: number): number | undefined {
  pattern.lastIndex = position;
  return pattern.test(source) ? pattern.lastIndex : undefined;
}

/** The end of a dotted name: each further part is bare, or in any of the three kinds of quotes. */
function dottedEnd(source: string, position: number): number {
  let end = position;
  while (source[end] === ".") {
    end += 1;
    const quote = source[end];
    if (quote === "'" || quote === '"' || quote === "`") end = quotedEnd(source, end);
    else end = match(KEY_PART, source, end) ?? end;
  }
  return end;
}

/**
 * The end of a quoted string. A doubled quote does not end the string, nor, outside backticks, does a quote after a
 * backslash, unless the string would then never end. Neither is unescaped: MLflow takes the text between the outer quotes
 * as it is.
 */
function quotedEnd(source: string, start: number): number {
  const quote = source[start]!;
  let lastInner: number | undefined;
  for (let index = source.indexOf(quote, start + 1); index !== -1; index = source.indexOf(quote, index + 1)) {
    const escaped = quote !== "`" && source[index - 1] === "\\";
    if (escaped) {
      lastInner = index;
    } else if (source[index + 1] === quote) {
      lastInner = index;
      index += 1;
    } else {
      return index + 1;
    }
  }
  if (lastInner !== undefined) return lastInner + 1;
  throw invalidParameter(`The quote at position ${start + 1} (${quote}) is never closed.`);
}
