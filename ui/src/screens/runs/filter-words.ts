import { spell } from "../../api/field-spelling.ts";
import type { DistinctKeys } from "../../api/keys.ts";

/** A completion: what replaces the filter's text from `from` to the caret. */
export interface Completion {
  from: number;
  text: string;
  label: string;
}

const ATTRIBUTE_FIELDS = ["status", "run_name", "start_time", "end_time", "user_id", "run_id"].map(
  (name) => `attributes.${name}`,
);
/** Metrics and times are compared only with numbers; params with numbers and texts. */
const COMPARATORS = ["=", "!=", ">", ">=", "<", "<=", "LIKE '%…%'", "ILIKE '%…%'", "IS NULL", "IS NOT NULL"];
const MAX_COMPLETIONS = 12;

const VALUE = /([a-z]+\.(?:\w[^\s=<>!()]*|`[^`]*`|"[^"]*"))\s*(?:=|!=)\s*('?[^'\s]*)$/i;

/** The field whose value is typed at the caret, if known. */
export function fieldOfValue(text: string, caret: number): string | undefined {
  return VALUE.exec(text.slice(0, caret))?.[1];
}

/**
 * The completions at the caret: a field, then a comparator, a value, then AND or OR.
 * @param values the values of the field at the caret, see {@link fieldOfValue}
 */
export function completions(
  text: string,
  caret: number,
  keys: DistinctKeys | undefined,
  values: readonly string[] = [],
): Completion[] {
  const before = text.slice(0, caret);
  const [, field, begun] = VALUE.exec(before) ?? [];
  if (field !== undefined && begun !== undefined && values.length > 0) {
    const from = caret - begun.length;
    const word = begun.replace(/^'/, "").toLowerCase();
    return values
      .filter((value) => value.toLowerCase().includes(word) && `'${value}'` !== begun)
      .slice(0, MAX_COMPLETIONS)
      .map((value) => ({ from, text: `${quoted(value)} `, label: quoted(value) }));
  }
  if (isInString(before)) return [];
  const from = /[^\s()=<>!,]*$/.exec(before)?.index ?? caret;
  const word = before.slice(from).toLowerCase();
  const previous = before.slice(0, from).trimEnd();
  if (previous === "" || /(^|[\s(])(and|or|not|\()$/i.test(previous) || previous.endsWith("(")) {
    const fields = [
      ...(keys?.metrics ?? []).map(({ key }) => spell("metric", key)),
      ...(keys?.params ?? []).map(({ key }) => spell("param", key)),
      ...ATTRIBUTE_FIELDS,
      ...(keys?.tags ?? []).map(({ key }) => spell("tag", key)),
    ];
    return pick(fields, word).map((field) => ({ from, text: `${field} `, label: field }));
  }
  if (/(^|[\s(])[a-z]+\.(\w[^\s]*|`[^`]*`|"[^"]*")\)?$/i.test(previous)) {
    return pick(COMPARATORS, word).map((label) => ({ from, text: label.includes("…") ? label : `${label} `, label }));
  }
  if (/(['"\d]|null)$/i.test(previous)) {
    return pick(["AND", "OR"], word).map((label) => ({ from, text: `${label} `, label }));
  }
  return [];
}

function pick(candidates: readonly string[], word: string): string[] {
  const found = candidates.filter((candidate) => candidate.toLowerCase().includes(word) && candidate !== word);
  const starts = (candidate: string) => candidate.toLowerCase().startsWith(word);
  return [...found.filter(starts), ...found.filter((candidate) => !starts(candidate))].slice(0, MAX_COMPLETIONS);
}

const quoted = (value: string): string => (value.includes("'") ? `"${value}"` : `'${value}'`);

function isInString(before: string): boolean {
  return (before.match(/'/g)?.length ?? 0) % 2 === 1;
}

/** The zero-based position that the server's message names as `position n`. */
export function errorPosition(message: string): number | undefined {
  const [, position] = /position (\d+)/.exec(message) ?? [];
  return position === undefined ? undefined : Number(position) - 1;
}

const HAS_OPERATOR = /[<>=]|\b(like|ilike|in|is)\b/i;

/** The meaning of the box's text: a filter; without an operator a part of a name; between slashes a pattern of names. */
export type Query =
  | { readonly kind: "filter"; readonly filter: string }
  | { readonly kind: "name"; readonly pattern: RegExp }
  | { readonly kind: "mistake"; readonly message: string };

export function readQuery(text: string): Query {
  const [, pattern, flags] = /^\/(.+)\/(i?)$/s.exec(text) ?? [];
  if (pattern !== undefined) {
    try {
      return { kind: "name", pattern: new RegExp(pattern, flags === "i" ? "iu" : "u") };
    } catch (error) {
      return { kind: "mistake", message: `The pattern cannot be read: ${error instanceof Error ? error.message : ""}` };
    }
  }
  if (text === "" || HAS_OPERATOR.test(text)) return { kind: "filter", filter: text };
  // `%` and `_` are wildcards in LIKE. They also match themselves, so a name that contains them is found anyway.
  return { kind: "filter", filter: `attributes.run_name ILIKE ${quoted(`%${text}%`)}` };
}

/** The filter with backticks around keys that need them, such as `metrics.val/loss`. Undefined if no key lacks them. */
export function quoteKeys(text: string, keys: DistinctKeys | undefined): string | undefined {
  const known = [...(keys?.metrics ?? []), ...(keys?.params ?? []), ...(keys?.tags ?? [])]
    .map(({ key }) => key)
    .filter((key) => !/^[A-Za-z_]\w*$/.test(key) && !key.includes("`"))
    // The longest key first, because one key may be a prefix of another.
    .sort((a, b) => b.length - a.length);
  let mended = text;
  for (const prefix of ["metrics", "metric", "params", "param", "tags", "tag"]) {
    for (const key of known) mended = mended.replaceAll(`${prefix}.${key}`, `${prefix}.\`${key}\``);
  }
  return mended === text ? undefined : mended;
}
