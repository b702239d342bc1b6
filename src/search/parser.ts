import { invalidParameter } from "../domain/errors.ts";
import { type Int64, parseInt64 } from "../domain/int64.ts";
import { shorten } from "../domain/names.ts";
import {
  type Comparison,
  type Condition,
  type Entity,
  type Field,
  type NumberComparator,
  negate,
  type OrderTerm,
  type TextComparator,
} from "./ast.ts";
import { toExperimentId } from "./experiment-ids.ts";
import type { Attribute, Grammar } from "./grammar.ts";
import type { Token } from "./lexer.ts";
import { checkOrderTerms } from "./order.ts";
import { isWord, TokenReader } from "./token-reader.ts";

/** In characters: a list of tens of thousands of run ids fits. */
const MAX_FILTER_LENGTH = 1_000_000;
/** Longer than any text that LIKE tests, except the registry's. A match takes at most pattern × text steps. */
const MAX_PATTERN_LENGTH = 20_000;
/** SQLite joins at most 64 tables, which limits MLflow's filters too. */
const MAX_COMPARISONS = 60;
/** Most nested brackets: the depth of the SQL stays below D1's 100 for any filter. */
const MAX_DEPTH = 20;

const NUMBER_ENTITIES: ReadonlySet<Entity> = new Set([
  "metric",
  "metricFirst",
  "metricMin",
  "metricMax",
  "paramNumber",
]);
const NUMBER_COMPARATORS: readonly string[] = [">", ">=", "=", "!=", "<", "<="] satisfies NumberComparator[];
const TEXT_COMPARATORS: readonly string[] = ["=", "!=", "LIKE", "ILIKE"] satisfies TextComparator[];

/**
 * Parses and checks a filter (MLflow's `SearchUtils.parse_search_filter`). Every filter that MLflow accepts means the same
 * here. This parser also accepts OR, NOT, brackets, functions of metrics, params compared with unquoted numbers, keywords
 * as bare names, blank filters, `1e+3` and lower-case operators everywhere.
 * @throws MlflowError INVALID_PARAMETER_VALUE, whose message tells what was expected, and where.
 */
export function parseFilter(text: string, grammar: Grammar): Condition {
  if (text.length > MAX_FILTER_LENGTH) {
    throw invalidParameter(`The filter has ${text.length} characters; at most ${MAX_FILTER_LENGTH} are allowed.`);
  }
  return new FilterParser(text, grammar).filter();
}

/**
 * Parses and checks `order_by`: each item is one `<field> [ASC|DESC]`.
 * @throws MlflowError INVALID_PARAMETER_VALUE for an invalid item, and for more than ten items.
 */
export function parseOrderBy(items: readonly string[], grammar: Grammar): OrderTerm[] {
  checkOrderTerms(items.length);
  return items.map((item) => parseOrderTerm(item, grammar));
}

/**
 * Parses the name of a field, spelled as in a filter: `params.lr`, `max(metrics.acc)`, `status`.
 * @throws MlflowError INVALID_PARAMETER_VALUE when the text is not a field.
 */
export function parseField(text: string, grammar: Grammar): Field {
  const reader = new TokenReader(text, `column ${JSON.stringify(shorten(text))}`);
  const field = reader.field(grammar);
  if (reader.token.kind !== "end") throw reader.unexpected(reader.token, "nothing more");
  return field;
}

function parseOrderTerm(item: string, grammar: Grammar): OrderTerm {
  const reader = new TokenReader(item, `order_by ${JSON.stringify(shorten(item))}`);
  const field = reader.field(grammar);
  const descends = reader.skipWord("DESC");
  if (!descends) reader.skipWord("ASC");
  if (reader.token.kind !== "end") throw reader.unexpected(reader.token, "ASC, DESC or nothing");
  if (!grammar.orderEntities.has(field.entity)) {
    throw invalidParameter(`Invalid order_by ${JSON.stringify(item)}: one cannot order by a ${field.entity}.`);
  }
  return { field, ascending: !descends };
}

class FilterParser {
  readonly #reader: TokenReader;
  readonly #grammar: Grammar;
  #comparisons = 0;

  constructor(text: string, grammar: Grammar) {
    this.#reader = new TokenReader(text, "filter");
    this.#grammar = grammar;
  }

  filter(): Condition {
    const condition = this.#alternatives(0);
    const { token } = this.#reader;
    if (token.kind !== "end") throw this.#reader.unexpected(token, "AND, OR or the end");
    return condition;
  }

  /** @param depth how many brackets enclose the text; at depth 0 the filter may be blank. */
  #alternatives(depth: number): Condition {
    const alternatives: Condition[] = [];
    do {
      const conditions = this.#conditions(depth);
      const isBlank = depth === 0 && alternatives.length === 0 && this.#reader.token.kind === "end";
      if (conditions.length === 0 && !isBlank) throw this.#reader.unexpected(this.#reader.token, "a comparison");
      alternatives.push(joined("and", conditions));
    } while (this.#reader.skipWord("OR"));
    return joined("or", alternatives);
  }

  /**
   * MLflow does not require exactly one AND between comparisons: `AND a = 'x' b = 'y' AND` is a conjunction of two. NOT and
   * brackets, which MLflow does not have, must be joined by AND or OR.
   */
  #conditions(depth: number): Condition[] {
    const conditions: Condition[] = [];
    for (;;) {
      let isJoined = conditions.length === 0;
      while (this.#reader.skipWord("AND")) isJoined = true;
      const { token } = this.#reader;
      if (token.kind === "end" || isWord(token, "OR") || this.#reader.isSymbol(")")) return conditions;
      if (!isJoined && (isWord(token, "NOT") || this.#reader.isSymbol("("))) {
        throw this.#reader.unexpected(token, "AND or OR");
      }
      conditions.push(this.#condition(depth));
    }
  }

  #condition(depth: number): Condition {
    let isNegated = false;
    while (this.#reader.skipWord("NOT")) isNegated = !isNegated;
    const condition = this.#reader.isSymbol("(") ? this.#group(depth + 1) : this.#comparison();
    return isNegated ? negate(condition) : condition;
  }

  #group(depth: number): Condition {
    if (depth > MAX_DEPTH) throw invalidParameter(`The filter has brackets more than ${MAX_DEPTH} deep.`);
    this.#reader.symbol("(");
    const condition = this.#alternatives(depth);
    this.#reader.symbol(")");
    return condition;
  }

  #comparison(): Comparison {
    if (this.#comparisons === MAX_COMPARISONS) {
      throw invalidParameter(`The filter has more than ${MAX_COMPARISONS} comparisons.`);
    }
    this.#comparisons += 1;
    const reader = this.#reader;
    const named = reader.field(this.#grammar);
    if (reader.skipWord("IS")) return this.#presence(named);
    if (reader.isWord("IN") || reader.isWord("NOT")) return this.#list(named);
    const operator = reader.take();
    const comparator = operator.text.toUpperCase();
    const field = this.#comparesNumber(named, comparator) ? { ...named, entity: "paramNumber" as const } : named;
    const type = this.#valueType(field);
    if (type === "number" || type === "integer") {
      if (!NUMBER_COMPARATORS.includes(comparator))
        throw this.#unexpectedComparator(operator, field, NUMBER_COMPARATORS);
      const value = type === "number" ? this.#number(field) : this.#integer(field);
      return { kind: "number", field, comparator: comparator as NumberComparator, value };
    }
    const comparators = type === "id" ? ["=", "!="] : TEXT_COMPARATORS;
    if (!comparators.includes(comparator)) throw this.#unexpectedComparator(operator, field, comparators);
    const value = this.#string(`a quoted string for ${field.entity} ${JSON.stringify(field.key)}`);
    if (type === "id") {
      return { kind: "number", field, comparator: comparator as "=" | "!=", value: toExperimentId(value) };
    }
    if (comparator.endsWith("LIKE") && value.length > MAX_PATTERN_LENGTH) {
      throw invalidParameter(
        `A ${comparator} pattern has ${value.length} characters; at most ${MAX_PATTERN_LENGTH} are allowed.`,
      );
    }
    return { kind: "text", field, comparator: comparator as TextComparator, value };
  }

  /** Whether a param is compared as a number. MLflow refuses both `params.lr < …` and `params.lr = 0.1`. */
  #comparesNumber({ entity }: Field, comparator: string): boolean {
    if (entity !== "param" || this.#grammar.functions === undefined) return false;
    const isOrder = NUMBER_COMPARATORS.includes(comparator) && !TEXT_COMPARATORS.includes(comparator);
    return isOrder || (NUMBER_COMPARATORS.includes(comparator) && this.#reader.token.kind === "number");
  }

  #presence(field: Field): Comparison {
    const reader = this.#reader;
    const present = reader.skipWord("NOT");
    if (!reader.skipWord("NULL")) throw reader.unexpected(reader.token, present ? "NULL" : "NULL or NOT NULL");
    if (!mayBeAbsent(field)) {
      throw invalidParameter(`IS [NOT] NULL is for params and tags, not for ${field.entity} ${field.key}.`);
    }
    return { kind: "presence", field, present };
  }

  #list(field: Field): Comparison {
    const reader = this.#reader;
    const negated = reader.skipWord("NOT");
    const operator = reader.take();
    if (!isWord(operator, "IN") || !this.#hasLists(field)) {
      throw reader.unexpected(operator, `a comparator that ${field.entity} ${JSON.stringify(field.key)} has`);
    }
    reader.symbol("(");
    const values: string[] = [];
    do {
      if (values.length > 0 && reader.isSymbol(")")) break;
      values.push(this.#listItem());
    } while (reader.skipSymbol(","));
    reader.symbol(")");
    const isId = this.#valueType(field) === "id";
    return { kind: "list", field, negated, values: isId ? values.map(toExperimentId) : values };
  }

  #hasLists({ entity, key }: Field): boolean {
    if (entity !== "attribute") return this.#grammar.listEntities?.has(entity) === true;
    return this.#grammar.attributes.get(key)?.list === true;
  }

  /**
   * The error names every comparator of the field. If a word follows the key, it also tells how to write a key of several
   * words.
   */
  #unexpectedComparator(found: Token, field: Field, comparators: readonly string[]): Error {
    const all = [
      ...comparators,
      ...(this.#hasLists(field) ? ["IN", "NOT IN"] : []),
      ...(mayBeAbsent(field) ? ["IS NULL", "IS NOT NULL"] : []),
    ];
    const isKeyOfWords = field.entity !== "attribute" && found.kind === "name";
    const hint = isKeyOfWords ? ` A key of several words goes in backticks: ${field.entity}s.\`a key\`.` : "";
    return this.#reader.unexpected(found, all.join(", "), hint);
  }

  #number(field: Field): Int64 {
    const token = this.#reader.take();
    if (token.kind !== "number") {
      throw this.#reader.unexpected(
        token,
        `a number, unquoted, for ${field.entity === "paramNumber" ? "param" : field.entity} ${field.key}`,
      );
    }
    if (NUMBER_ENTITIES.has(field.entity)) return Number(token.text);
    return parseInt64(token.text) ?? Number(token.text);
  }

  #listItem(): string {
    const token = this.#reader.take();
    if (token.kind === "number" && this.#grammar.bareStrings) return token.text;
    if (token.kind !== "text") throw this.#reader.unexpected(token, "a quoted string in the list");
    return unescapeListItem(token.text);
  }

  #integer(field: Field): Int64 {
    const token = this.#reader.take();
    const text = token.kind === "text" ? token.text.slice(1, -1).trim() : token.text;
    if (!/^[+-]?\d+$/.test(text)) throw this.#reader.unexpected(token, `an integer for ${field.entity} ${field.key}`);
    return parseInt64(text) ?? Number(text);
  }

  #string(what: string): string {
    const token = this.#reader.take();
    const isBare = this.#grammar.bareStrings && (token.kind === "name" || token.kind === "number");
    if (token.kind !== "text" && !isBare) throw this.#reader.unexpected(token, what);
    return this.#grammar.bareStrings ? token.text.replace(/^'+|'+$/g, "") : token.text.slice(1, -1);
  }

  #valueType(field: Field): Attribute["values"] {
    if (NUMBER_ENTITIES.has(field.entity)) return "number";
    if (field.entity !== "attribute") return "text";
    return this.#grammar.attributes.get(field.key)?.values ?? "text";
  }
}

/** Whether the field allows IS [NOT] NULL. */
function mayBeAbsent({ entity }: Field): boolean {
  return entity === "param" || entity === "tag";
}

/** Joins several conditions into one; a single condition is returned unchanged. */
function joined(kind: "and" | "or", conditions: readonly Condition[]): Condition {
  const [only, another] = conditions;
  return only !== undefined && another === undefined ? only : { kind, conditions };
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "\\": "\\", "'": "'", '"': '"' };

/** MLflow parses lists as Python literals, so their items, unlike other strings, have Python's escapes. */
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
