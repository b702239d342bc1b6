/*
 * Settings are texts: Worker vars and secrets on the edge, flags and environment variables on one machine. A schema names
 * settings and the rules of each. zod/mini took 6.6 KB of the Worker, gzipped, for these few rules.
 */

/** What a text must be, such as "must have at least 12 characters"; undefined if the text is that. */
export type Rule = (text: string) => string | undefined;

/** A setting, with its value where it is not set. */
export interface Setting<Value extends string | undefined> {
  readonly rules: readonly Rule[];
  readonly unset: Value;
}

export type SettingsSchema = Readonly<Record<string, Setting<string | undefined>>>;

type ValueOf<One> = One extends Setting<infer Value> ? Value : never;
type Optional<Schema> = {
  [Name in keyof Schema]: undefined extends ValueOf<Schema[Name]> ? Name : never;
}[keyof Schema];

/** The values of a schema's settings. A setting that is not set and has no default is absent. */
export type SettingsOf<Schema> = {
  readonly [Name in Exclude<keyof Schema, Optional<Schema>>]: ValueOf<Schema[Name]>;
} & { readonly [Name in Optional<Schema>]?: ValueOf<Schema[Name]> };

export const rule =
  (holds: (text: string) => boolean, otherwise: string): Rule =>
  (text) =>
    holds(text) ? undefined : otherwise;

export const matches = (pattern: RegExp, otherwise: string): Rule => rule((text) => pattern.test(text), otherwise);

export const atLeast = (length: number): Rule =>
  rule((text) => text.length >= length, `must have at least ${length} characters`);

export const atMost = (length: number): Rule =>
  rule((text) => text.length <= length, `must have at most ${length} characters`);

export const filled: Rule = rule((text) => text !== "", "is empty");

/** A text that satisfies all rules. The first rule that it does not satisfy is told. */
export const text = (...rules: readonly Rule[]): Setting<string | undefined> => ({ rules, unset: undefined });

export const oneOf = <const Value extends string>(values: readonly Value[], otherwise: string) =>
  text(rule((given) => (values as readonly string[]).includes(given), otherwise)) as Setting<Value | undefined>;

export const orElse = <const Value extends string>(
  { rules }: Setting<Value | undefined>,
  unset: Value,
): Setting<Value> => ({
  rules,
  unset,
});

/** What is wrong with the value of a setting; undefined if nothing is. */
function problemWith({ rules }: Setting<string | undefined>, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string") return "must be a text";
  for (const broken of rules) {
    const problem = broken(value);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/**
 * Reads the schema's settings among all that is given. The values count only if there are no problems.
 * @returns the problems by the settings' names
 */
export function readSettings<Schema extends SettingsSchema>(
  schema: Schema,
  given: Readonly<Record<string, unknown>>,
): { readonly values: SettingsOf<Schema>; readonly problems: ReadonlyMap<string, string> } {
  const values: Record<string, unknown> = {};
  const problems = new Map<string, string>();
  for (const [name, setting] of Object.entries(schema)) {
    const problem = problemWith(setting, given[name]);
    if (problem !== undefined) problems.set(name, problem);
    const value = given[name] ?? setting.unset;
    if (value !== undefined) values[name] = value;
  }
  return { values: values as SettingsOf<Schema>, problems };
}
