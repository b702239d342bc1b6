import type { HttpCall } from "./http.ts";
import { type Json, type JsonObject, jsonText } from "./json.ts";
import type { Operation } from "./operation.ts";
import type { World } from "./world.ts";

/** A call to both servers, with symbols for ids. */
export interface Call extends HttpCall {
  readonly operation: Operation;
  readonly message: JsonObject;
  /** How the call differs from a modern client's. */
  readonly shapes: readonly string[];
}

type Shape = (message: JsonObject, world: World, operation: Operation) => JsonObject;

const WRONG: readonly Json[] = ["abc", "", 1.5, -3, true, [], ["x"], {}, { key: "x" }, "1.0", 0, "9223372036854775808"];

const VIEW_TYPES = ["ACTIVE_ONLY", "DELETED_ONLY", "ALL"];

/** The names of an enum's values. The values are numbered from 1. */
const ENUMS: Readonly<Record<string, readonly string[]>> = {
  status: ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"],
  view_type: VIEW_TYPES,
  run_view_type: VIEW_TYPES,
};

/** Shapes that both servers must read as the plain message. */
const HARMLESS: Readonly<Record<string, Shape>> = {
  "numbers as strings": (message, world) => mapNumbers(message, world) as JsonObject,
  "unknown field": (message, world) => ({ ...message, [world.random.pick(["unknown", "x_y", "z"])]: [{ a: null }] }),
  "null for an optional field": (message, world, { required }) => {
    const absent = ["page_token", "filter", "run_name", "end_time", "step", "path"].filter(
      (name) => !(name in message) && !required.includes(name),
    );
    return absent.length === 0 ? message : { ...message, [world.random.pick(absent)]: null };
  },
  "enums as numbers": (message) =>
    Object.fromEntries(
      Object.entries(message).map(([name, value]) => {
        const names = ENUMS[name];
        return [name, names === undefined ? value : names.indexOf(String(value)) + 1 || value];
      }),
    ),
  "camelCase of optional fields": (message, _world, { required }) =>
    // The id of a logged model is also in the path, in the plain spelling.
    renamed(message, (name) => (required.includes(name) || name === "model_id" ? name : camelCase(name))),
};

/** Shapes that both servers must refuse. */
const INVALID: Readonly<Record<string, Shape>> = {
  "required field missing": (message, world, { required }) => {
    const dropped = world.random.pick(required);
    return Object.fromEntries(Object.entries(message).filter(([name]) => name !== dropped));
  },
  "required field null": (message, world, { required }) => ({ ...message, [world.random.pick(required)]: null }),
  "required field empty": (message, world, { required }) => ({
    // An id may be empty if the field's older name has the id.
    ...Object.fromEntries(Object.entries(message).filter(([name]) => name !== "run_uuid")),
    [world.random.pick(required)]: "",
  }),
};

/** Shapes that MLflow may read as another message. */
const RECKLESS: Readonly<Record<string, Shape>> = {
  "wrong type": (message, world) => {
    const names = Object.keys(message);
    return names.length === 0 ? message : { ...message, [world.random.pick(names)]: world.random.pick(WRONG) };
  },
  "wrong type of an enum": (message, world) =>
    Object.fromEntries(
      Object.entries(message).map(([name, value]) => [
        name,
        name in ENUMS ? world.random.pick(["nonsense", "active_only", "finished", 77, ""]) : value,
      ]),
    ),
  "wrong type inside": (message, world) => wrongInside(message, world) as JsonObject,
  "camelCase of all fields": (message) => renamed(message, camelCase),
};

/** The next call of `operation`, in the shape of some old, new or careless client. */
export function shapedCall(operation: Operation, world: World): Call {
  const { random } = world;
  const isReckless = operation.effect !== "exact" && random.chance(0.08);
  world.isReckless = isReckless && operation.effect === "scrap";
  const shapes: string[] = [];
  let message = operation.message(world);
  const path = operation.path?.(world, message) ?? `${random.pick(PREFIXES)}/mlflow/${operation.name}`;
  const rawBody = operation.rawBody?.(world);
  world.isReckless = false;
  const apply = (from: Readonly<Record<string, Shape>>) => {
    const [name, shape] = random.pick(Object.entries(from));
    shapes.push(name);
    message = shape(message, world, operation);
  };
  if (operation.isPlain) {
    const call = { operation, message, shapes, method: operation.method, target: path };
    if (operation.method === "GET") return { ...call, headers: {} };
    return { ...call, headers: { "Content-Type": "application/json" }, body: jsonText(message) };
  }
  if (isReckless) apply(RECKLESS);
  else if (operation.required.length > 0 && random.chance(0.06)) apply(INVALID);
  while (random.chance(0.2)) apply(HARMLESS);
  const base = { operation, message, shapes, method: operation.method };
  if (rawBody !== undefined) return { ...base, target: path, headers: {}, body: rawBody };
  if (operation.method === "GET" && random.chance(0.85)) {
    const query = queryOf(message);
    return { ...base, target: query === "" ? path : `${path}?${query}`, headers: {} };
  }
  // A malformed body does not help if the path names the thing: the server would change it in any case.
  const mayBeMalformed = operation.path === undefined || operation.effect === "reads";
  return { ...base, target: path, ...bodyOf(message, random.next(), shapes, mayBeMalformed) };
}

/** The call for the page after the page of `call`, in the plain shape. */
export function nextPage({ operation, message, target }: Call, pageToken: string): Call {
  const next = { ...message, page_token: pageToken };
  const path = target.replace(/\?.*$/, "");
  const base = { operation, message: next, method: operation.method, shapes: ["next page"] };
  if (operation.method === "GET") return { ...base, target: `${path}?${queryOf(next)}`, headers: {} };
  return { ...base, target: path, headers: { "Content-Type": "application/json" }, body: jsonText(next) };
}

const PREFIXES = ["/api/2.0", "/api/2.0", "/ajax-api/2.0"];

/** @param chance in [0, 1); chooses the form of the body */
function bodyOf(
  message: JsonObject,
  chance: number,
  shapes: string[],
  mayBeMalformed: boolean,
): { headers: Record<string, string>; body: string } {
  const text = jsonText(message);
  const json = { "Content-Type": "application/json" };
  if (chance < 0.03) {
    shapes.push("double encoding");
    return { headers: json, body: JSON.stringify(text) };
  }
  if (chance < 0.06) return { headers: { "Content-Type": "application/json; charset=utf-8" }, body: text };
  if (chance < 0.08) {
    shapes.push("content type");
    return { headers: chance < 0.07 ? { "Content-Type": "text/plain" } : {}, body: text };
  }
  if (chance < 0.1 && mayBeMalformed) {
    shapes.push("malformed body");
    return {
      headers: json,
      body: chance < 0.085 ? text.slice(0, -1) : chance < 0.09 ? "[]" : chance < 0.095 ? "" : '"x"',
    };
  }
  return { headers: json, body: text };
}

/** Lists as repeated names, as `requests` sends them, without null values. */
function queryOf(message: JsonObject): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(message)) {
    for (const item of Array.isArray(value) ? (value as readonly Json[]) : [value]) {
      if (item !== null) query.append(name, typeof item === "object" ? jsonText(item) : String(item));
    }
  }
  // `@` is not encoded, so that symbols can be found.
  return query.toString().replaceAll("%40", "@");
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}

function renamed(message: JsonObject, rename: (name: string) => string): JsonObject {
  return Object.fromEntries(Object.entries(message).map(([name, value]) => [rename(name), value]));
}

function mapNumbers(value: Json, world: World): Json {
  if (typeof value === "number" || typeof value === "bigint") return world.random.chance(0.7) ? String(value) : value;
  if (Array.isArray(value)) return value.map((item: Json) => mapNumbers(item, world));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value as JsonObject).map(([name, item]) => [name, mapNumbers(item, world)]));
}

/** Chooses a field of an item of a list, at any depth. */
function wrongInside(value: Json, world: World): Json {
  if (Array.isArray(value)) {
    const at = world.random.integer(Math.max(1, value.length));
    return value.map((item: Json, index) => (index === at ? wrongInside(item, world) : item));
  }
  if (typeof value !== "object" || value === null) return world.random.pick(WRONG);
  const lists = Object.entries(value as JsonObject).filter(([, item]) => typeof item === "object" && item !== null);
  const from = lists.length > 0 ? lists : Object.entries(value as JsonObject);
  if (from.length === 0) return value;
  const [name, item] = world.random.pick(from);
  return { ...(value as JsonObject), [name]: wrongInside(item, world) };
}
