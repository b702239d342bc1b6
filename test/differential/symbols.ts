import { type Json, type JsonObject, parseJson } from "./json.ts";

/** An answer with symbols in place of values that differ between servers: ids, tokens and times of the server's clock. */
export interface Answer {
  readonly status: number;
  /** The error's code; absent if the body has none. */
  readonly errorCode?: string;
  /** Absent for errors, because each server has its own texts. */
  readonly body?: Json;
}

/** Does not match ids of one repeated digit, which clients make up. */
const ID = /\b(?:m-)?(?!f{32})[0-9a-f]{32}\b/g;
const SYMBOL = /@(?:id|token)[\d_]+@/g;

/** Fields with times of the server's clock. */
const CLOCK = /^(creation|last_?updated?)_?(time|timestamp)(_ms)?$/i;
const DAY_MS = 86_400_000;

/** A generated name, such as `swift-owl-12`. */
const RANDOM_NAME = /^[a-z]+-[a-z]+-\d{1,4}$/;

/** One server's ids and page tokens by symbol. Both servers share the symbols. */
export class Symbols {
  readonly #values = new Map<string, string>();
  readonly #symbols = new Map<string, string>();
  /** The symbols of the current answer. */
  #made = { id: 0, token: 0 };

  /** Replaces the symbols in `text` by the server's own values. */
  resolve(text: string): string {
    return text.replaceAll(SYMBOL, (symbol) => this.#values.get(symbol) ?? symbol);
  }

  /** @param call seed and number, so that symbols mean the same for both servers even after a mismatch */
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
    // GraphQL sends integers as text.
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
