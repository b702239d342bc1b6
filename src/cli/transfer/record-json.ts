/**
 * A record in the format of the import endpoints: names in snake_case, 64-bit integers as digits, NaN and infinities as text,
 * and zero with its sign.
 */
export function recordJson(value: unknown): string {
  if (typeof value === "number") return numberJson(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return listJson(value);
  const fields: string[] = [];
  for (const [name, field] of Object.entries(value)) {
    if (field !== undefined) fields.push(`"${wireName(name)}":${recordJson(field)}`);
  }
  return `{${fields.join(",")}}`;
}

/** Columns of points are most of what is written: one call a list, not one a number. */
function listJson(values: readonly unknown[]): string {
  const areNumbers = values.every((value) => typeof value === "number");
  return `[${areNumbers ? values.map(numberJson).join(",") : values.map(recordJson).join(",")}]`;
}

function numberJson(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? "-0" : String(value);
}

const wireNames = new Map<string, string>();

function wireName(name: string): string {
  let wire = wireNames.get(name);
  if (wire === undefined) {
    wire = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    wireNames.set(name, wire);
  }
  return wire;
}
