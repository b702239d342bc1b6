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
/** Of metrics and times only numbers; params are compared with both. */
const COMPARATORS = ["=", "!=", ">", ">=", "<", "<=", "LIKE '%…%'", "ILIKE '%…%'", "IS NULL", "IS NOT NULL"];
const MAX_COMPLETIONS = 12;

/** What may stand at the caret: a field, then a comparator, then AND or OR. */
export function completions(text: string, caret: number, keys: DistinctKeys | undefined): Completion[] {
  const before = text.slice(0, caret);
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

function isInString(before: string): boolean {
  return (before.match(/'/g)?.length ?? 0) % 2 === 1;
}

/** The place, from 0, that the server's message names as `position n`. */
export function errorPosition(message: string): number | undefined {
  const [, position] = /position (\d+)/.exec(message) ?? [];
  return position === undefined ? undefined : Number(position) - 1;
}
