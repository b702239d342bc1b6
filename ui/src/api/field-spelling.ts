/** A value of a metric: the latest, the least, the greatest, or the value of the first point. */
export const AGGREGATES = ["last", "min", "max", "first"] as const;

export type Aggregate = (typeof AGGREGATES)[number];

const PREFIXES = { metric: "metrics", param: "params", tag: "tags" } as const;

export type FieldKind = keyof typeof PREFIXES;

/** A field in the spelling of searches and the run table: `` metrics.`val/acc` ``, `min(metrics.acc)`, `params.lr`. */
export function spell(kind: FieldKind, key: string, aggregate: Aggregate = "last"): string {
  const quoted = /^[A-Za-z_]\w*$/.test(key) ? key : key.includes("`") ? `"${key}"` : `\`${key}\``;
  const field = `${PREFIXES[kind]}.${quoted}`;
  return kind === "metric" && aggregate !== "last" ? `${aggregate}(${field})` : field;
}

/** The inverse of {@link spell}; undefined if the text is not a field. Anyone may write a text into an address. */
export function parseSpelling(text: string): { kind: FieldKind; key: string; aggregate: Aggregate } | undefined {
  const [, aggregate, field = text] = /^(min|max|first|last)\((.*)\)$/s.exec(text) ?? [];
  const [, prefix, quoted = ""] = /^(metrics|params|tags)\.(.+)$/s.exec(field) ?? [];
  const kind = (["metric", "param", "tag"] as const).find((name) => PREFIXES[name] === prefix);
  if (kind === undefined || (aggregate !== undefined && kind !== "metric")) return undefined;
  const key = /^(["`]).*\1$/s.test(quoted) ? quoted.slice(1, -1) : quoted;
  return { kind, key, aggregate: AGGREGATES.find((name) => name === aggregate) ?? "last" };
}
