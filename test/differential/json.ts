/** Writes JSON; a bigint is written in digits. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | { readonly [name: string]: Json };

export type JsonObject = { readonly [name: string]: Json };

export function jsonText(value: Json): string {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value as JsonObject);
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${jsonText(item)}`).join(",")}}`;
}

/** Some of MLflow's answers contain a bare NaN, which is not JSON. */
export function parseJson(text: string): Json {
  const quoted = text.replaceAll(/(?<=[:[,]\s*)NaN(?=\s*[,\]}])/g, '"NaN"');
  return JSON.parse(quoted, (name, value: unknown, context?: { source?: string }) => {
    const source = context?.source ?? "";
    const isBigInteger = typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(source);
    return isBigInteger && name !== "value" ? BigInt(source) : value;
  }) as Json;
}
