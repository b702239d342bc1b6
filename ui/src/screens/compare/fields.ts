import { isCounter, isHeldOut } from "../../charts/chart-sections.ts";
import { takeTurns } from "../../parts/turns.ts";
import type { ComparedRun } from "./compared-run.ts";
import { explained, isSeed } from "./importance.ts";

/* Fields of runs that can be an axis, by their spelling: `metrics.acc`, `min(metrics.acc)`, `params.lr`. */

export type FieldValue = number | string | undefined;

const SPELLING = /^(?:(min|max)\(metrics\.(.+)\)|(metrics|params)\.(.+))$/s;

/**
 * Reads a field of runs. The spelling is parsed once, because there may be thousands of runs. A parameter whose text is
 * a number is a number.
 */
export function fieldReader(field: string): (run: ComparedRun) => FieldValue {
  const [, end, endKey = "", kind, key = ""] = SPELLING.exec(field) ?? [];
  if (end === "min" || end === "max") return ({ metrics }) => metrics.get(endKey)?.[end];
  if (kind === "metrics") return ({ metrics }) => metrics.get(key)?.last;
  if (kind !== "params") return () => undefined;
  return ({ params }) => {
    const text = params.get(key);
    if (text === undefined || text.trim() === "") return text;
    const number = Number(text);
    return Number.isNaN(number) ? text : number;
  };
}

/** One run's value of a field. */
export function fieldValue(run: ComparedRun, field: string): FieldValue {
  return fieldReader(field)(run);
}

const knownValues = new WeakMap<readonly ComparedRun[], Map<string, readonly FieldValue[]>>();

/** A field's values in the order of the runs. They are read once for the same runs, whichever drawings ask. */
export function fieldValues(runs: readonly ComparedRun[], field: string): readonly FieldValue[] {
  const known = knownValues.get(runs) ?? new Map<string, readonly FieldValue[]>();
  knownValues.set(runs, known);
  const values = known.get(field) ?? runs.map(fieldReader(field));
  known.set(field, values);
  return values;
}

/** Whether the field is the least or greatest of a metric, which is read only when asked for. */
export function needsEnds(field: string | undefined): boolean {
  return field !== undefined && /^(min|max)\(/.test(field);
}

/** A field's values over the runs. */
export interface Field {
  readonly name: string;
  /** In the order of the runs. */
  readonly values: readonly FieldValue[];
  /** The distinct words in order, {@link NONE} last, if some value is no number. Such a field has no logarithmic scale. */
  readonly words: readonly string[] | undefined;
  readonly isLog: boolean;
}

/** The place of runs without a value on an axis of words. */
export const NONE = "(none)";

/** Which fields the reader wants logarithmic, and which not. */
export interface Scales {
  readonly log?: readonly string[] | undefined;
  readonly linear?: readonly string[] | undefined;
}

/** An axis becomes logarithmic if its greatest value is this many times the least one. */
const LOG_SPAN = 100;

export function readField(runs: readonly ComparedRun[], name: string, { log, linear }: Scales = {}): Field {
  const values = fieldValues(runs, name);
  const hasWords = values.some((value) => typeof value === "string");
  if (hasWords) {
    const words = [...sortedWords(values), ...(values.includes(undefined) ? [NONE] : [])];
    return { name, values, words, isLog: false };
  }
  const isLog = log?.includes(name) || (!linear?.includes(name) && isWide(values));
  return { name, values, words: undefined, isLog };
}

function isWide(values: readonly FieldValue[]): boolean {
  const known = values.filter((value) => value !== undefined && Number.isFinite(value)) as number[];
  const least = Math.min(...known);
  return least > 0 && Math.max(...known) / least >= LOG_SPAN;
}

/** Numbers among words come first, by size. */
export function sortedWords(values: readonly FieldValue[]): string[] {
  const words = new Set(values.flatMap((value) => (value === undefined ? [] : [String(value)])));
  return [...words].sort((a, b) => {
    const [left, right] = [Number(a), Number(b)];
    if (!Number.isNaN(left) && !Number.isNaN(right)) return left - right;
    if (Number.isNaN(left) !== Number.isNaN(right)) return Number.isNaN(left) ? 1 : -1;
    return a < b ? -1 : 1;
  });
}

/** A run's position on the field's axis: its number, or the place of its word. Undefined if it cannot be drawn. */
export function placeOf({ values, words, isLog }: Field, run: number): number | undefined {
  const value = values[run];
  if (words !== undefined) return placesOfWords(words).get(String(value ?? NONE));
  if (value === undefined) return undefined;
  const number = Number(value);
  return Number.isFinite(number) && (!isLog || number > 0) ? number : undefined;
}

const knownPlaces = new WeakMap<readonly string[], ReadonlyMap<string, number>>();

/** Made once for the same words: thousands of runs may have a word each. */
function placesOfWords(words: readonly string[]): ReadonlyMap<string, number> {
  const places = knownPlaces.get(words) ?? new Map(words.map((word, place) => [word, place]));
  knownPlaces.set(words, places);
  return places;
}

/** A field's positions from 0 (its least value) to 1 (its greatest), by order of magnitude for a logarithmic field. */
export function scaled(field: Field, runs: number): (number | undefined)[] {
  const places = Array.from({ length: runs }, (_, run) => {
    const place = placeOf(field, run);
    return place !== undefined && field.isLog ? Math.log(place) : place;
  });
  const known = places.filter((place) => place !== undefined);
  const least = Math.min(...known);
  const span = Math.max(...known) - least;
  return places.map((place) => (place === undefined ? undefined : span > 0 ? (place - least) / span : 0.5));
}

/** The fields to choose from, and the default choice. */
export interface FieldChoice {
  readonly all: readonly string[];
  readonly metrics: readonly string[];
  readonly params: readonly string[];
  /** Metrics that most runs have and that distinguish runs. Metrics of held-out data come first, and counters last. */
  readonly differingMetrics: readonly string[];
  /** Params likewise. Params that explain most of the first metric come first. */
  readonly differingParams: readonly string[];
}

const choices = new WeakMap<readonly ComparedRun[], FieldChoice>();

/** The choice for these runs, if it has been made. */
export const knownChoice = (runs: readonly ComparedRun[]): FieldChoice | undefined => choices.get(runs);

/** Made once for the same runs, whichever drawings ask. */
export function fieldChoice(runs: readonly ComparedRun[]): FieldChoice {
  const steps = choosing(runs);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/** The same, but the page goes on meanwhile: of thousands of runs the choice takes longer than a frame. */
export async function fieldChoiceInTurns(runs: readonly ComparedRun[]): Promise<FieldChoice> {
  const turn = takeTurns();
  const steps = choosing(runs);
  let step = steps.next();
  while (!step.done) {
    await turn();
    step = steps.next();
  }
  return step.value;
}

/** This many runs, taken evenly from all, decide which params come first. */
const SAMPLE = 1000;

function sampled(runs: readonly ComparedRun[]): readonly ComparedRun[] {
  if (runs.length <= SAMPLE) return runs;
  return Array.from({ length: SAMPLE }, (_, index) => runs[Math.floor((index * runs.length) / SAMPLE)]!);
}

/** Yields between its steps. */
function* keysOf(maps: readonly ReadonlyMap<string, unknown>[]): Generator<void, string[]> {
  const found = new Set<string>();
  for (const [index, map] of maps.entries()) {
    for (const key of map.keys()) found.add(key);
    if (index % 1000 === 999) yield;
  }
  return [...found].sort();
}

/** Whether half of the runs have a value, and not all the same. */
function isTelling(values: readonly FieldValue[]): boolean {
  const known = values.reduce<number>((count, value) => count + (value === undefined ? 0 : 1), 0);
  const first = values.find((value) => value !== undefined);
  return 2 * known >= values.length && values.some((value) => value !== undefined && !Object.is(value, first));
}

/** Yields between its steps, each of which takes a few milliseconds at most. */
function* choosing(runs: readonly ComparedRun[]): Generator<void, FieldChoice> {
  const known = choices.get(runs);
  if (known !== undefined) return known;
  const metricKeys = yield* keysOf(runs.map((run) => run.metrics));
  const metrics = metricKeys.map((key) => `metrics.${key}`);
  const params = (yield* keysOf(runs.map((run) => run.params))).map((key) => `params.${key}`);
  const telling = new Set<string>();
  for (const name of [...metrics, ...params]) {
    if (isTelling(fieldValues(runs, name))) telling.add(name);
    yield;
  }
  const rank = (name: string): number => (isHeldOut(keyOf(name)) ? 0 : isCounter(keyOf(name)) ? 2 : 1);
  const differingMetrics = metrics.filter((name) => telling.has(name)).sort((a, b) => rank(a) - rank(b));
  const some = sampled(runs);
  const outcome = some.map(fieldReader(differingMetrics[0] ?? ""));
  const weights = new Map<string, number>();
  for (const name of params.filter((param) => telling.has(param))) {
    weights.set(name, explained(fieldValues(some, name), outcome));
    yield;
  }
  const ends = metricKeys.flatMap((key) => [`min(metrics.${key})`, `max(metrics.${key})`]);
  const choice: FieldChoice = {
    all: [...params, ...metrics, ...ends],
    metrics,
    params,
    differingMetrics,
    // A random param explains nothing, however well it fits these runs.
    differingParams: [...weights.keys()].sort(
      (a, b) => Number(isSeed(a)) - Number(isSeed(b)) || weights.get(b)! - weights.get(a)!,
    ),
  };
  choices.set(runs, choice);
  return choice;
}

function keyOf(field: string): string {
  return field.slice(field.indexOf(".") + 1);
}

const MAX_PARAM_AXES = 6;
const MAX_METRIC_AXES = 3;

/** The default axes of parallel coordinates: fields that differ, params first. */
export function defaultAxes({ differingParams, differingMetrics, metrics, params }: FieldChoice): string[] {
  const telling = differingParams.filter((name) => !isSeed(name));
  const results = differingMetrics.filter((name) => !isCounter(keyOf(name)));
  const axes = [...telling.slice(0, MAX_PARAM_AXES), ...results.slice(0, MAX_METRIC_AXES)];
  return axes.length >= 2 ? axes : [...new Set([...axes, ...params, ...metrics])].slice(0, 4);
}

export type Brush = Readonly<Record<string, readonly (readonly [number, number])[]>>;

/** The runs, by index, that are within a range on every axis that has one. */
export function brushed(fields: readonly Field[], brush: Brush, runs: number): number[] {
  const chosen = fields.flatMap((field) => {
    const intervals = brush[field.name] ?? [];
    return intervals.length > 0 ? [{ field, intervals }] : [];
  });
  return Array.from({ length: runs }, (_, run) => run).filter((run) =>
    chosen.every(({ field, intervals }) => {
      const place = placeOf(field, run);
      return place !== undefined && intervals.some(([from, to]) => place >= from && place <= to);
    }),
  );
}
