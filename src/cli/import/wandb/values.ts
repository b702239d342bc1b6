/** A value of W&B's config, history or summary. A number keeps its text, because a seed may be beyond 2^53. */
export type WandbValue =
  | { readonly number: number; readonly text: string }
  | string
  | boolean
  | null
  | readonly WandbValue[]
  | { readonly [name: string]: WandbValue };

type Reviver = (key: string, value: unknown, context?: { readonly source: string }) => unknown;

const parse = JSON.parse as (text: string, reviver: Reviver) => WandbValue;

/**
 * Reads JSON as Python writes it, which may have `NaN` and `Infinity`.
 * @throws {SyntaxError}
 */
export function parseValue(text: string): WandbValue {
  // Texts of JSON are matched too, so that nothing inside them is changed.
  const json = text.replaceAll(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  );
  return parse(json, (_key, value, context) =>
    typeof value === "number" ? { number: value, text: context?.source ?? String(value) } : value,
  );
}

const NAMED = ["NaN", "Infinity", "-Infinity"];

/** The number that a value is; undefined for a value that is none. W&B writes numbers that JSON lacks as texts. */
export function numberOf(value: WandbValue): number | undefined {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "string") return NAMED.includes(value) ? Number(value) : undefined;
  return isNumber(value) ? value.number : undefined;
}

/** A value as MLflow's client writes a param: Python's words for true, false and none, texts as they are, and JSON. */
export function paramText(value: WandbValue): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "True" : "False";
  return value === null ? "None" : toJson(value);
}

export function toJson(value: WandbValue): string {
  if (isNumber(value)) return value.text;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(toJson).join(", ")}]`;
  return `{${Object.entries(value)
    .map(([name, item]) => `${JSON.stringify(name)}: ${toJson(item)}`)
    .join(", ")}}`;
}

/**
 * The parts of a nested value by their dotted names, as W&B's own tables name them. A value of W&B's own types, such as an
 * image or a histogram, is one part.
 */
export function* leavesOf(name: string, value: WandbValue): Generator<readonly [name: string, value: WandbValue]> {
  const parts = partsOf(value);
  const entries = "_type" in parts ? [] : Object.entries(parts);
  if (entries.length === 0) yield [name, value];
  for (const [below, item] of entries) yield* leavesOf(name === "" ? below : `${name}.${below}`, item);
}

/** The entries of a dictionary; none for any other value. */
export function partsOf(value: WandbValue | undefined): { readonly [name: string]: WandbValue } {
  if (typeof value !== "object" || value === null || isList(value) || isNumber(value)) return {};
  return value;
}

function isNumber(value: WandbValue): value is { readonly number: number; readonly text: string } {
  return typeof value === "object" && value !== null && typeof (value as { number?: unknown }).number === "number";
}

function isList(value: WandbValue): value is readonly WandbValue[] {
  return Array.isArray(value);
}
