import type { Json } from "./json.ts";
import type { Mismatch } from "./sequence.ts";
import { isObject } from "./symbols.ts";

/** The number of places to show of one mismatch. */
const MOST_PLACES = 6;
const MOST_CHARACTERS = 250;

/** The request and the differences of the answers, as text for a person. */
export function describeMismatch({ seed, index, call, mlflow, trackflare }: Mismatch): string {
  const shapes = call.shapes.length === 0 ? "" : ` (${call.shapes.join(", ")})`;
  const sent = [
    `${call.method} ${call.target}`,
    ...(call.body === undefined ? [] : [shorten(call.body || "(an empty body)")]),
  ];
  const places = differingPlaces("answer", { ...mlflow }, { ...trackflare }).slice(0, MOST_PLACES);
  const lines = places.map(([place, theirs, ours]) => `  ${place}: MLflow ${theirs}, Trackflare ${ours}`);
  return [`seed ${seed}, call ${index}${shapes}: ${sent.join("\n    ")}`, ...lines].join("\n");
}

type Place = readonly [name: string, theirs: string, ours: string];

function differingPlaces(place: string, theirs: Json | undefined, ours: Json | undefined): Place[] {
  if (Array.isArray(theirs) && Array.isArray(ours) && theirs.length === ours.length) {
    return theirs.flatMap((item: Json, index) => differingPlaces(`${place}[${index}]`, item, ours[index]));
  }
  if (Array.isArray(theirs) && Array.isArray(ours)) {
    const [left, right] = [theirs.map(shown), ours.map(shown)];
    const only = (list: string[], other: string[]) => shorten(list.filter((item) => !other.includes(item)).join(", "));
    return [[`only in ${place}`, only(left, right), only(right, left)]];
  }
  if (isObject(theirs) && isObject(ours)) {
    const names = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])];
    return names.flatMap((name) => differingPlaces(`${place}.${name}`, theirs[name], ours[name]));
  }
  const [left, right] = [shown(theirs), shown(ours)];
  return left === right ? [] : [[place, shorten(left), shorten(right)]];
}

function shown(value: Json | undefined): string {
  if (value === undefined) return "nothing";
  return JSON.stringify(value, (_name, item: unknown) => (typeof item === "bigint" ? `${item}n` : item));
}

function shorten(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}… (${text.length} characters)` : text;
}
