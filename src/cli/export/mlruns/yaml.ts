/** The value of a field of a meta.yaml. */
export type YamlValue = string | number | bigint | null | Readonly<Record<string, string>>;

/** Characters that PyYAML refuses, or reads as the end of a line. */
const UNPRINTABLE = /[\u007f-\u00a0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]/gu;

/**
 * Fields as YAML that every reader reads the same way, whatever it takes for a number, a boolean or a date. Each text is
 * quoted as in JSON, which is valid in YAML's double quotes.
 */
export function yaml(fields: Readonly<Record<string, YamlValue>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${scalar(value)}\n`)
    .join("");
}

function scalar(value: YamlValue): string {
  if (value === null) return "null";
  if (typeof value === "string") return quoted(value);
  if (typeof value !== "object") return String(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return "{}";
  return entries.map(([key, text]) => `\n  ${quoted(key)}: ${quoted(text)}`).join("");
}

function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(
    UNPRINTABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
