import { type Json, type JsonObject, parseJson } from "./json.ts";

/** An answer in which what two servers cannot agree on (ids, tokens, times of their own) has a name instead. */
export interface Answer {
  readonly status: number;
  /** Of an error; absent where the body has none. */
  readonly errorCode?: string;
  /** Absent for errors: messages are each server's own. */
  readonly body?: Json;
}

/** Not the id of one repeated digit, which clients make up. */
const ID = /\b(?:m-)?(?!f{32})[0-9a-f]{32}\b/g;
const SYMBOL = /@(?:id|token)[\d_]+@/g;

/** Times that the server's own clock gives. */
const CLOCK = /^(creation|last_?updated?)_?(time|timestamp)(_ms)?$/i;
const DAY_MS = 86_400_000;

/** `swift-owl-12`, where the client gave no name. */
const RANDOM_NAME = /^[a-z]+-[a-z]+-\d{1,4}$/;

/** What one server calls the things that both have: its ids and page tokens by symbols that both share. */
export class Symbols {
  readonly #values = new Map<string, string>();
  readonly #symbols = new Map<string, string>();
  /** By the answer at hand. */
  #made = { id: 0, token: 0 };

  /** The server's own words for the symbols in `text`. */
  resolve(text: string): string {
    return text.replaceAll(SYMBOL, (symbol) => this.#values.get(symbol) ?? symbol);
  }

  /** @param call seed and number, so that symbols mean the same for both servers even after a mismatch. */
  normalise(call: string, status: number, contentType: string, text: string): Answer {
    this.#made = { id: 0, token: 0 };
    if (text === "" || !contentType.includes("application/json")) {
      return status >= 400 ? { status } : { status, body: this.#text(call, text) };
    }
    const body = parseJson(text);
    if (status < 400) return { status, body: this.#json(call, "", body) };
    const code = isObject(body) ? body.error_code : undefined;
    return typeof code === "string" ? { status, errorCode: code } : { status };
  }

  #json(call: string, name: string, value: Json): Json {
    // GraphQL has integers as text.
    if (CLOCK.test(name) && Math.abs(Number(value) - Date.now()) < DAY_MS) return "<now>";
    if (typeof value === "string")
      return /^next_?page_?token$/i.test(name) && value !== ""
        ? this.#symbol(call, "token", value)
        : this.#text(call, value);
    if (Array.isArray(value)) return value.map((item) => this.#json(call, name, item));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#json(call, key, item)]));
  }

  #text(call: string, text: string): string {
    if (RANDOM_NAME.test(text)) return "<random name>";
    return text.replaceAll(ID, (id) => this.#symbol(call, "id", id));
  }

  #symbol(call: string, kind: "id" | "token", value: string): string {
    // Tokens may repeat on one server and differ on the other.
    const known = kind === "id" ? this.#symbols.get(value) : undefined;
    if (known !== undefined) return known;
    const symbol = `@${kind}${call}_${this.#made[kind]++}@`;
    this.#symbols.set(value, symbol);
    this.#values.set(symbol, value);
    return symbol;
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
