import { invalidParameter } from "../domain/errors.ts";
import { shorten } from "../domain/names.ts";
import type { Field } from "./ast.ts";
import { type Grammar, resolveField } from "./grammar.ts";
import { nextToken, type Token } from "./lexer.ts";

/** Reads the tokens of one text, and reports where the text differs from what is expected. */
export class TokenReader {
  readonly #text: string;
  readonly #what: string;
  #token: Token;

  /** @param what names the text in messages, such as `filter`. */
  constructor(text: string, what: string) {
    this.#text = text;
    this.#what = what;
    this.#token = nextToken(text, 0);
  }

  /** The next token. */
  get token(): Token {
    return this.#token;
  }

  take(): Token {
    const token = this.#token;
    this.#token = nextToken(this.#text, token.end);
    return token;
  }

  isWord(word: string): boolean {
    return isWord(this.#token, word);
  }

  isSymbol(symbol: string): boolean {
    return this.#token.text === symbol;
  }

  skipWord(word: string): boolean {
    const found = this.isWord(word);
    if (found) this.take();
    return found;
  }

  skipSymbol(symbol: string): boolean {
    const found = this.isSymbol(symbol);
    if (found) this.take();
    return found;
  }

  symbol(symbol: string): void {
    if (!this.skipSymbol(symbol)) throw this.unexpected(this.#token, JSON.stringify(symbol));
  }

  /** A field's name, or a function of a metric or param: `min(metrics.loss)`. */
  field(grammar: Grammar): Field {
    const name = this.take();
    if (!isName(name)) throw this.unexpected(name, "a field such as metrics.acc, params.`a b` or status");
    const called = grammar.functions?.get(name.text.toLowerCase());
    if (called === undefined || !this.skipSymbol("(")) return resolveField(name.text, grammar);
    const argument = this.take();
    const field = isName(argument) ? resolveField(argument.text, grammar) : undefined;
    if (field?.entity !== called.of) throw this.unexpected(argument, `a ${called.of} in ${name.text}()`);
    this.symbol(")");
    return { entity: called.gives, key: field.key };
  }

  /** @param hint a further sentence for the message. */
  unexpected(token: Token, expected: string, hint = ""): Error {
    const found = token.kind === "end" ? "the end" : JSON.stringify(shorten(token.text));
    const place = `at position ${token.start + 1}, found ${found}`;
    return invalidParameter(`Invalid ${this.#what}: expected ${expected} ${place}.${hint}`);
  }
}

/** Keywords are words in any case, without quotes. */
export function isWord(token: Token, word: string): boolean {
  return token.kind === "name" && token.text.toUpperCase() === word;
}

/** Double quotes may enclose the name of an attribute: `"run_name" = 'x'`. */
function isName(token: Token): boolean {
  return token.kind === "name" || token.text.startsWith('"');
}
