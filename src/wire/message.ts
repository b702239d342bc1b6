import { invalidParameter } from "../domain/errors.ts";
import { type Int64, parseInt64, toInt64 } from "../domain/int64.ts";
import { MAX_JSON_BODY_BYTES, MAX_LIST_LENGTH, MAX_STRING_LENGTH } from "../domain/limits.ts";
import { checkLength } from "../domain/names.ts";

/*
 * Request messages in MLflow's protobuf JSON, and their parsing from a JSON body or a query string.
 *
 * What a client may send (wire rules of `mlflow/utils/proto_json_utils.py` and protobuf's JSON mapping): snake_case or
 * camelCase names, int64 as number, integral float or string, doubles as numbers or strings ("NaN"), enums by name or
 * number, null for "not set", and unknown fields, which are ignored at every depth.
 *
 * Every string and list has a maximum. Where none is declared it is MAX_STRING_LENGTH and MAX_LIST_LENGTH.
 */

/** Reads one field's JSON value; throws INVALID_PARAMETER_VALUE naming `path` when the value is invalid. */
type Read<T> = (value: unknown, path: string) => T;

/** @typeParam IsSet whether every parsed message has the field. */
export interface Field<T, IsSet extends boolean = false> {
  readonly read: Read<T>;
  readonly isSet: IsSet;
  /** The value for a missing or null field. A field that is always set but has no fallback must be sent, and not empty. */
  readonly fallback?: T;
  readonly isRepeated: boolean;
  /** The message type of the field, or of each item of a list. */
  readonly message?: Message<unknown>;
  /** A second wire name that older clients use, such as `run_uuid` for `run_id`. */
  readonly legacyName?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: a shape holds fields of any type, and Infer recovers each one's.
export type Shape = Readonly<Record<string, Field<any, boolean>>>;

/** The parsed type of a message: required fields and fields with a default are always set; others may be undefined. */
export type Infer<S extends Shape> = {
  readonly [K in keyof S as S[K] extends Field<unknown, true> ? K : never]: S[K] extends Field<infer T, boolean>
    ? T
    : never;
} & {
  readonly [K in keyof S as S[K] extends Field<unknown, true> ? never : K]?: S[K] extends Field<infer T, boolean>
    ? T | undefined
    : never;
};

/** An input that is read from a query string or a JSON body. */
export interface Message<T> {
  readonly kind: "message";
  readonly shape: Shape;
  readonly parse: Read<T>;
  /** Maximum size of a JSON body. */
  readonly maxBytes: number;
  /** Wire names of the repeated fields. For these, a single value in a query string is still a list. */
  readonly repeatedNames: ReadonlySet<string>;
}

/** A field whose JSON value `read` parses. */
export function field<T>(read: Read<T>): Field<T> {
  return { read, isSet: false, isRepeated: false };
}

/** Makes a field required: a missing, null or empty value is a 400. */
export function required<T>(of: Field<T, boolean>): Field<T, true> {
  return { ...of, isSet: true };
}

/** Gives a field a default: a missing or null field becomes `value`, so the field is never undefined. */
export function orElse<T, const Other>(value: Other, of: Field<T, boolean>): Field<T | Other, true> {
  return { ...of, isSet: true, fallback: value };
}

/** The field may also arrive under the wire name `name`. */
export function alsoNamed<T, R extends boolean>(name: string, of: Field<T, R>): Field<T, R> {
  return { ...of, legacyName: name };
}

/** A text of at most `maxLength` characters. */
export function text(maxLength: number): Field<string> {
  return field((value, path) => {
    if (typeof value !== "string") throw wrongType(value, path, "a string");
    if (value.length > maxLength) checkLength(`parameter '${path}'`, value, maxLength);
    if (!value.isWellFormed()) throw invalidParameter(`Parameter '${path}' is not well-formed Unicode.`);
    if (value.includes("\0")) throw invalidParameter(`Parameter '${path}' contains a NUL character.`);
    return value;
  });
}

export const string = text(MAX_STRING_LENGTH);

/** A text that is limited only by the body's size. Its service cuts it, or refuses it with MLflow's message. */
export const longText = text(Number.POSITIVE_INFINITY);

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

/** An integer that a number holds exactly, such as a time in milliseconds. */
export const safeInteger = field<number>((value, path) => {
  const parsed = int64.read(value, path);
  if (typeof parsed === "bigint") throw wrongType(value, path, "an integer of at most 2^53 - 1");
  return parsed;
});

export const int32 = field<number>((value, path) => {
  const parsed = int64.read(value, path);
  if (typeof parsed === "bigint" || parsed < -(2 ** 31) || parsed >= 2 ** 31) {
    throw wrongType(value, path, "a 32-bit integer");
  }
  return parsed;
});

/** A double. Texts are accepted as by Python's `float()`: also `nan`, `inf` and `infinity` in any case, signed or not. */
export const double = field<number>((value, path) => {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "string") {
    const text = value.trim();
    if (/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text);
    if (/^[+-]?nan$/i.test(text)) return Number.NaN;
    if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  }
  throw wrongType(value, path, "a number");
});

export const bool = field<boolean>((value, path) => {
  if (typeof value === "boolean") return value;
  if (typeof value === "string" && /^(true|false)$/i.test(value)) return value.toLowerCase() === "true";
  throw wrongType(value, path, "true or false");
});

/** An enum whose names are numbered on the wire from `first`. Most of MLflow's protobuf enums start at 1. */
export function oneOf<const T extends string>(names: readonly T[], first = 1): Field<T> {
  return field((value, path) => {
    const isNumber = typeof value === "number" || (typeof value === "string" && /^\d+$/.test(value));
    const name = isNumber ? names[Number(value) - first] : names.find((candidate) => candidate === value);
    if (name === undefined) throw wrongType(value, path, `one of ${names.join(", ")}`);
    return name;
  });
}

/** A list of at most `maxLength` items. */
export function repeated<T>(of: Field<T, boolean>, maxLength = MAX_LIST_LENGTH): Field<readonly T[]> {
  return {
    isSet: false,
    isRepeated: true,
    ...(of.message && { message: of.message }),
    read: (value, path) => {
      checkList(value, path, maxLength);
      return value.map((item, i) => of.read(item, `${path}[${i}]`));
    },
  };
}

export function nested<T>(of: Message<T>): Field<T> {
  return { ...field(of.parse), message: of };
}

/** A message with the fields of `shape`, whose names are in camelCase, as our code reads them. */
export function message<S extends Shape>(shape: S): Message<Infer<S>> {
  const fields = Object.entries(shape).map(([name, of]) => {
    const wireName = wireNameOf(name);
    const aliases = [name, of.legacyName].filter((alias) => alias !== undefined && alias !== wireName) as string[];
    return { name, wireName, aliases, ...of };
  });
  return {
    kind: "message",
    shape,
    maxBytes: MAX_JSON_BODY_BYTES,
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
        // A fast path, since most messages lack most fields and a batch is a thousand messages.
        if (found === undefined && !of.isSet && of.aliases.every((alias) => wire[alias] === undefined)) continue;
        const fieldPath = path === "" ? of.wireName : `${path}.${of.wireName}`;
        for (const alias of of.aliases) {
          const other = own(wire, alias);
          if (other === undefined || other === null || other === "") continue;
          // With two spellings, a check could read one and the handler the other (GHSA-442c-p479-46xg). Only an old and
          // a new name of an id may come together, because some clients send both.
          const isSame = alias === of.legacyName && (found === other || found === null || found === "");
          if (found !== undefined && !isSame) {
            throw invalidParameter(`Parameter '${fieldPath}' is given twice, also as '${alias}'.`);
          }
          found = other;
        }
        if (of.isSet && of.fallback === undefined && (found === undefined || found === null || found === "")) {
          throw invalidParameter(`Missing value for required parameter '${fieldPath}'.`);
        }
        if (found !== undefined && found !== null) parsed[of.name] = of.read(found, fieldPath);
        else if (of.isSet) parsed[of.name] = of.fallback;
      }
      return parsed as Infer<S>;
    },
  };
}

/** The wire name of a field: `experiment_id` for `experimentId`. */
export function wireNameOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The raw message in a query string, before `parse`. Repeated names become lists, as does `name[]`, which old UIs write. */
export function queryToRaw(query: URLSearchParams, repeatedNames: ReadonlySet<string>): Record<string, unknown> {
  const raw: Record<string, unknown> = Object.create(null);
  for (const [key, value] of query) {
    const name = key.endsWith("[]") ? key.slice(0, -2) : key;
    const before = raw[name];
    if (!repeatedNames.has(name)) raw[name] ??= value;
    else if (Array.isArray(before)) before.push(value);
    else raw[name] = [value];
  }
  return raw;
}

export function checkList(value: unknown, path: string, maxLength: number): asserts value is unknown[] {
  if (!Array.isArray(value)) throw wrongType(value, path, "a list");
  checkCount(value.length, path, maxLength);
}

export function checkCount(count: number, path: string, maxLength: number): void {
  if (count <= maxLength) return;
  throw invalidParameter(`Parameter '${path}' has ${count} items; at most ${maxLength} are allowed.`);
}

function own(object: Record<string, unknown>, name: string): unknown {
  const value = object[name];
  return value === undefined || Object.hasOwn(object, name) ? value : undefined;
}

export function wrongType(value: unknown, path: string, expected: string): Error {
  return invalidParameter(`Invalid value ${show(value)} for parameter '${path}' supplied: expected ${expected}.`);
}

/** A scalar as JSON. Of a list or object, which may have any depth, it shows only the kind. */
function show(value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "[…]" : "{…}";
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
