import { invalidParameter } from "../domain/errors.ts";
import { type Int64, parseInt64, toInt64 } from "../domain/int64.ts";

/*
 * Request messages as MLflow's protobuf JSON has them, and the reading of one from a JSON body or a query string.
 *
 * What a client may send (wire rules of `mlflow/utils/proto_json_utils.py` and protobuf's JSON mapping): snake_case or
 * camelCase names, int64 as number, integral float or string, doubles as numbers or strings ("NaN"), enums by name or
 * number, null for "not set", and fields nobody knows, which are ignored at every depth.
 */

/** Reads one field's JSON value; throws INVALID_PARAMETER_VALUE naming `path` when it cannot be one. */
type Read<T> = (value: unknown, path: string) => T;

export interface Field<T, Required extends boolean = false> {
  readonly read: Read<T>;
  /** Missing, null or an empty string is a 400. */
  readonly isRequired: Required;
  readonly isRepeated: boolean;
  /** What a field that is missing or null is read as; such a field counts as required in {@link Infer}. */
  readonly orElse?: unknown;
  /** A second wire name from older clients, as `run_uuid` is of `run_id`. */
  readonly legacyName?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: a shape holds fields of any type, and Infer recovers each one's.
export type Shape = Readonly<Record<string, Field<any, boolean>>>;

/** What a message of this shape parses to: required fields are there, others may be undefined. */
export type Infer<S extends Shape> = {
  readonly [K in keyof S as S[K] extends Field<unknown, true> ? K : never]: S[K] extends Field<infer T, boolean>
    ? T
    : never;
} & {
  readonly [K in keyof S as S[K] extends Field<unknown, true> ? never : K]?: S[K] extends Field<infer T, boolean>
    ? T | undefined
    : never;
};

export interface Message<T> {
  readonly parse: Read<T>;
  /** Wire names of the repeated fields: a query string's single value is still a list for them. */
  readonly repeatedNames: ReadonlySet<string>;
}

function field<T>(read: Read<T>): Field<T> {
  return { read, isRequired: false, isRepeated: false };
}

export function required<T>(of: Field<T, boolean>): Field<T, true> {
  return { ...of, isRequired: true };
}

/** The field may also arrive under the wire name `name`. */
export function alsoNamed<T, R extends boolean>(name: string, of: Field<T, R>): Field<T, R> {
  return { ...of, legacyName: name };
}

export const string = field<string>((value, path) => {
  if (typeof value !== "string") throw wrongType(value, path, "a string");
  if (!value.isWellFormed()) throw invalidParameter(`Parameter '${path}' is not well-formed Unicode.`);
  if (value.includes("\0")) throw invalidParameter(`Parameter '${path}' contains a NUL character.`);
  return value;
});

/** An id: clients of the 1.x era send experiment ids as numbers. */
export const id = field<string>((value, path) =>
  typeof value === "number" || typeof value === "bigint" ? String(value) : string.read(value, path),
);

export const int64 = field<Int64>((value, path) => {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value + 0;
  const parsed =
    typeof value === "bigint"
      ? toInt64(value)
      : typeof value === "number" || typeof value === "string"
        ? parseInt64(String(value).trim())
        : undefined;
  if (parsed === undefined) throw wrongType(value, path, "a 64-bit integer");
  return parsed;
});

export const int32 = field<number>((value, path) => {
  const parsed = int64.read(value, path);
  if (typeof parsed === "bigint" || parsed < -(2 ** 31) || parsed >= 2 ** 31) {
    throw wrongType(value, path, "a 32-bit integer");
  }
  return parsed;
});

const NAMED_DOUBLES: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};

export const double = field<number>((value, path) => {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "string") {
    const named = NAMED_DOUBLES[value];
    if (named !== undefined) return named;
    const text = value.trim();
    if (/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text);
  }
  throw wrongType(value, path, "a number");
});

export const bool = field<boolean>((value, path) => {
  if (typeof value === "boolean") return value;
  if (typeof value === "string" && /^(true|false)$/i.test(value)) return value.toLowerCase() === "true";
  throw wrongType(value, path, "true or false");
});

/** An enum whose names are numbered on the wire from `first`, as protobuf's are here mostly from 1. */
export function oneOf<const T extends string>(names: readonly T[], first = 1): Field<T> {
  return field((value, path) => {
    const isNumber = typeof value === "number" || (typeof value === "string" && /^\d+$/.test(value));
    const name = isNumber ? names[Number(value) - first] : names.find((candidate) => candidate === value);
    if (name === undefined) throw wrongType(value, path, `one of ${names.join(", ")}`);
    return name;
  });
}

export function repeated<T>(of: Field<T, boolean>): Field<readonly T[]> {
  return {
    isRequired: false,
    isRepeated: true,
    read: (value, path) => {
      if (!Array.isArray(value)) throw wrongType(value, path, "a list");
      return value.map((item, i) => of.read(item, `${path}[${i}]`));
    },
  };
}

/** A long list of scalars: as {@link repeated}, without a path for each of its items. */
export function column<T>(of: Field<T, boolean>): Field<readonly T[]> {
  return {
    isRequired: false,
    isRepeated: true,
    read: (value, path) => {
      if (!Array.isArray(value)) throw wrongType(value, path, "a list");
      return value.map((item) => of.read(item, path));
    },
  };
}

/** The field is never undefined: where it is missing or null it is `value`. */
export function orElse<T, const Other>(value: Other, of: Field<T, boolean>): Field<T | Other, true> {
  return { ...of, isRequired: true, orElse: value };
}

export function nested<T>(of: Message<T>): Field<T> {
  return field(of.parse);
}

/** The message whose fields are `shape`, named there in camelCase as our code reads them. */
export function message<S extends Shape>(shape: S): Message<Infer<S>> {
  const fields = Object.entries(shape).map(([name, of]) => {
    const wireName = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const aliases = [name, of.legacyName].filter((alias) => alias !== undefined && alias !== wireName) as string[];
    return { name, wireName, aliases, ...of };
  });
  return {
    repeatedNames: new Set(
      fields.flatMap(({ isRepeated, wireName, aliases }) => (isRepeated ? [wireName, ...aliases] : [])),
    ),
    parse: (value, path) => {
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        throw wrongType(value, path || "body", "an object");
      }
      const wire = value as Record<string, unknown>;
      const parsed: Record<string, unknown> = {};
      for (const of of fields) {
        let found = own(wire, of.wireName);
        // Quickly, since most messages lack most fields and a batch is a thousand messages.
        if (found === undefined && !of.isRequired && of.aliases.every((alias) => wire[alias] === undefined)) continue;
        const fieldPath = path === "" ? of.wireName : `${path}.${of.wireName}`;
        for (const alias of of.aliases) {
          const other = own(wire, alias);
          if (other === undefined || other === null || other === "") continue;
          // Two spellings would let a check read one and a handler the other (GHSA-442c-p479-46xg); only the two names
          // that an id has had are sent together by some clients.
          const isSame = alias === of.legacyName && (found === other || found === null || found === "");
          if (found !== undefined && !isSame) {
            throw invalidParameter(`Parameter '${fieldPath}' is given twice, also as '${alias}'.`);
          }
          found = other;
        }
        if ("orElse" in of && (found === undefined || found === null)) {
          parsed[of.name] = of.orElse;
          continue;
        }
        if (of.isRequired && !("orElse" in of) && (found === undefined || found === null || found === "")) {
          throw invalidParameter(`Missing value for required parameter '${fieldPath}'.`);
        }
        if (found !== undefined && found !== null) parsed[of.name] = of.read(found, fieldPath);
      }
      return parsed as Infer<S>;
    },
  };
}

/** The raw message in a query string, before `parse`: lists from repeated names, also from `name[]` as old UIs write. */
export function queryToRaw(query: URLSearchParams, repeatedNames: ReadonlySet<string>): Record<string, unknown> {
  const raw: Record<string, unknown> = Object.create(null);
  for (const [key, value] of query) {
    const name = key.endsWith("[]") ? key.slice(0, -2) : key;
    const before = raw[name];
    if (repeatedNames.has(name)) raw[name] = Array.isArray(before) ? [...before, value] : [value];
    else raw[name] ??= value;
  }
  return raw;
}

/**
 * Parses JSON, keeping integers that a double would round as bigint. The slower exact parse runs only for bodies with an
 * integer of 16 digits or more in them (nearly every measured value has as many behind its point).
 * @throws SyntaxError when `text` is not JSON.
 */
export function parseJsonExactly(text: string): unknown {
  if (!/(?<![.\d])\d{16}/.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) =>
    typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "")
      ? BigInt(context?.source ?? "")
      : value,
  );
}

function own(object: Record<string, unknown>, name: string): unknown {
  const value = object[name];
  return value === undefined || Object.hasOwn(object, name) ? value : undefined;
}

function wrongType(value: unknown, path: string, expected: string): Error {
  return invalidParameter(`Invalid value ${show(value)} for parameter '${path}' supplied: expected ${expected}.`);
}

/** A scalar as JSON, cut to 100 characters; of lists and objects, which may be of any depth, only their kind. */
function show(value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "[…]" : "{…}";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
