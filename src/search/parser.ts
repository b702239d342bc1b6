import { invalidParameter } from "../domain/errors.ts";
import { type Int64, parseInt64 } from "../domain/int64.ts";
import type { Comparison, Condition, Field, NumberComparator, OrderTerm, TextComparator } from "./ast.ts";
import { toExperimentId } from "./experiment-id.ts";
import { type Grammar, resolveField } from "./grammar.ts";
import { nextToken, type Token } from "./lexer.ts";

/** So that a list of some ten thousand run ids fits, in characters. */
const MAX_FILTER_LENGTH = 1_000_000;
/** SQLite joins 64 tables at most, which bounds MLflow's filters too. */
const MAX_COMPARISONS = 60;
const MAX_ORDER_TERMS = 10;

const NUMBER_COMPARATORS: readonly string[] = [">", ">=", "=", "!=", "<", "<="] satisfies NumberComparator[];
const TEXT_COMPARATORS: readonly string[] = ["=", "!=", "LIKE", "ILIKE"] satisfies TextComparator[];

/**
 * Reads and checks a filter (MLflow's `SearchUtils.parse_search_filter`). Where MLflow accepts a filter it means the
 * same here; this one also takes keywords as bare names, blank filters, `1e+3` and lower-case operators everywhere.
 * @throws MlflowError INVALID_PARAMETER_VALUE that says what was expected, and where.
 */
export function parseFilter(text: string, grammar: Grammar): Condition {
  if (text.length > MAX_FILTER_LENGTH) {
    throw invalidParameter(`The filter has ${text.length} characters; at most ${MAX_FILTER_LENGTH} are allowed.`);
  }
  return new FilterParser(text, grammar).filter();
}

/**
 * Reads and checks `order_by`: one `<field> [ASC|DESC]` an item.
 * @throws MlflowError INVALID_PARAMETER_VALUE for an item that is not one, and for more than ten.
 */
export function parseOrderBy(items: readonly string[], grammar: Grammar): OrderTerm[] {
  if (items.length > MAX_ORDER_TERMS) {
    throw invalidParameter(`order_by has ${items.length} items; at most ${MAX_ORDER_TERMS} are allowed.`);
  }
  return items.map((item) => parseOrderTerm(item, grammar));
}

function parseOrderTerm(item: string, grammar: Grammar): OrderTerm {
  const name = nextToken(item, 0);
  const direction = nextToken(item, name.end);
  const word = direction.text.toUpperCase();
  const isDirection = direction.kind === "end" || word === "ASC" || word === "DESC";
  if (!isName(name) || !isDirection || nextToken(item, direction.end).kind !== "end") {
    throw invalidParameter(`Invalid order_by ${JSON.stringify(item)}; expected a field, then ASC, DESC or nothing.`);
  }
  const field = resolveField(name.text, grammar);
  if (!grammar.orderEntities.has(field.entity)) {
    throw invalidParameter(`Invalid order_by ${JSON.stringify(item)}: one cannot order by a ${field.entity}.`);
  }
  return { field, ascending: word !== "DESC" };
}

/** Double quotes may enclose the name of an attribute: `"run_name" = 'x'`. */
function isName(token: Token): boolean {
  return token.kind === "name" || (token.kind === "text" && token.text.startsWith('"'));
}

function isWord(token: Token, word: string): boolean {
  return token.kind === "name" && token.text.toUpperCase() === word;
}

class FilterParser {
  readonly #text: string;
  readonly #grammar: Grammar;
  #token: Token;

  constructor(text: string, grammar: Grammar) {
    this.#text = text;
    this.#grammar = grammar;
    this.#token = nextToken(text, 0);
  }

  /** MLflow does not ask for exactly one AND between comparisons: `AND a = 'x' b = 'y' AND` is a conjunction of two. */
  filter(): Condition {
    const conditions: Comparison[] = [];
    while (this.#token.kind !== "end") {
      if (this.#skipWord("AND")) continue;
      if (conditions.length === MAX_COMPARISONS) {
        throw invalidParameter(`The filter has more than ${MAX_COMPARISONS} comparisons.`);
      }
      conditions.push(this.#comparison());
    }
    return { kind: "and", conditions };
  }

  #comparison(): Comparison {
    const name = this.#take();
    if (!isName(name)) throw this.#unexpected(name, "a field such as metrics.acc, params.`a b` or status");
    const field = this.#resolve(name);
    if (this.#skipWord("IS")) return this.#presence(field);
    if (isWord(this.#token, "IN") || isWord(this.#token, "NOT")) return this.#list(field);
    const operator = this.#take();
    const comparator = operator.text.toUpperCase();
    if (this.#valueType(field) === "number") {
      if (!NUMBER_COMPARATORS.includes(comparator)) throw this.#unexpected(operator, NUMBER_COMPARATORS.join(" "));
      return { kind: "number", field, comparator: comparator as NumberComparator, value: this.#number(field) };
    }
    const comparators = this.#valueType(field) === "id" ? ["=", "!="] : TEXT_COMPARATORS;
    if (!comparators.includes(comparator)) throw this.#unexpected(operator, comparators.join(" "));
    const value = this.#string(`a quoted string for ${field.entity} ${JSON.stringify(field.key)}`).slice(1, -1);
    if (this.#valueType(field) === "id") {
      return { kind: "number", field, comparator: comparator as "=" | "!=", value: toExperimentId(value) };
    }
    return { kind: "text", field, comparator: comparator as TextComparator, value };
  }

  #presence(field: Field): Comparison {
    const present = this.#skipWord("NOT");
    if (!this.#skipWord("NULL")) throw this.#unexpected(this.#token, present ? "NULL" : "NULL or NOT NULL");
    if (field.entity !== "param" && field.entity !== "tag") {
      throw invalidParameter(`IS [NOT] NULL is for params and tags, not for ${field.entity} ${field.key}.`);
    }
    return { kind: "presence", field, present };
  }

  #list(field: Field): Comparison {
    const negated = this.#skipWord("NOT");
    const operator = this.#take();
    const hasLists =
      field.entity === "dataset" || (field.entity === "attribute" && this.#grammar.attributes.get(field.key)?.list);
    if (!isWord(operator, "IN") || !hasLists) {
      throw this.#unexpected(operator, `a comparator that ${field.entity} ${JSON.stringify(field.key)} has`);
    }
    this.#symbol("(");
    const values: string[] = [];
    do {
      if (values.length > 0 && this.#token.text === ")") break;
      values.push(unescapeListItem(this.#string("a quoted string in the list")));
    } while (this.#skipSymbol(","));
    this.#symbol(")");
    const isId = this.#valueType(field) === "id";
    return { kind: "list", field, negated, values: isId ? values.map(toExperimentId) : values };
  }

  #number(field: Field): Int64 {
    const token = this.#take();
    if (token.kind !== "number") throw this.#unexpected(token, `a number, unquoted, for ${field.entity} ${field.key}`);
    if (field.entity === "metric") return Number(token.text);
    return (/^[+-]?\d{1,20}$/.test(token.text) ? parseInt64(token.text) : undefined) ?? Number(token.text);
  }

  #string(what: string): string {
    const token = this.#take();
    if (token.kind !== "text") throw this.#unexpected(token, what);
    return token.text;
  }

  #valueType(field: Field): "number" | "text" | "id" {
    if (field.entity === "metric") return "number";
    if (field.entity !== "attribute") return "text";
    return this.#grammar.attributes.get(field.key)?.values ?? "text";
  }

  #resolve(name: Token): Field {
    return resolveField(name.text, this.#grammar);
  }

  #take(): Token {
    const token = this.#token;
    this.#token = nextToken(this.#text, token.end);
    return token;
  }

  #skipWord(word: string): boolean {
    if (!isWord(this.#token, word)) return false;
    this.#take();
    return true;
  }

  #skipSymbol(symbol: string): boolean {
    if (this.#token.kind !== "symbol" || this.#token.text !== symbol) return false;
    this.#take();
    return true;
  }

  #symbol(symbol: string): void {
    if (!this.#skipSymbol(symbol)) throw this.#unexpected(this.#token, JSON.stringify(symbol));
  }

  #unexpected(token: Token, expected: string): Error {
    const found = token.kind === "end" ? "the end" : JSON.stringify(shorten(token.text));
    return invalidParameter(`Invalid filter: expected ${expected} at position ${token.start + 1}, found ${found}.`);
  }
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "\\": "\\", "'": "'", '"': '"' };

/** MLflow reads lists as Python literals, so unlike other strings their items have Python's escapes. */
function unescapeListItem(quoted: string): string {
  const inner = quoted.slice(1, -1);
  const quote = quoted[0]!;
  if (inner.includes(quote + quote) || (inner.endsWith("\\") && !/(?<!\\)(?:\\\\)+$/.test(inner))) {
    throw invalidParameter(`Invalid filter: ${shorten(quoted)} is no single string; expected commas between strings.`);
  }
  return inner.replace(
    /\\(?:([\\'"nrt])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))/g,
    (_all, letter: string | undefined, byte: string | undefined, unit: string | undefined) =>
      letter === undefined ? String.fromCharCode(Number.parseInt(byte ?? unit ?? "", 16)) : ESCAPES[letter]!,
  );
}
