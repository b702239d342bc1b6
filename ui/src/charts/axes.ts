import type { SeriesX } from "../api/series.ts";
import { formatDuration, formatMetric, formatTime } from "../parts/format.ts";
import { type Extent, extentOf, lowerBound, type Points, upperBound } from "./series-math.ts";

/* Ranges of axes, and the words on them. Pure. */

export type Range = readonly [number, number];

export function xName(x: SeriesX): string {
  if (x === "time") return "Wall time";
  if (x === "relative") return "Relative time";
  return x === "step" ? "Step" : x.slice("metric:".length);
}

/** An x as text for readers. */
export function formatX(x: SeriesX, value: number): string {
  if (x === "time") return formatTime(value);
  if (x === "relative") return value < 0 ? `−${formatDuration(-value)}` : formatDuration(value);
  return x === "step" ? value.toLocaleString("en-US", { maximumFractionDigits: 2 }) : formatMetric(value);
}

/** The unit in which a reader writes an x: seconds for a relative time. */
export const X_UNITS: Partial<Record<SeriesX, string>> = { relative: "s", time: "YYYY-MM-DD hh:mm" };

/** The x of a reader's text; null if the text is empty or no x. */
export function readX(x: SeriesX, text: string): number | null {
  if (text.trim() === "") return null;
  const value = x === "time" ? Date.parse(text) : Number(text) * (x === "relative" ? 1000 : 1);
  return Number.isFinite(value) ? value : null;
}

/** An x as readers write it. */
export function writeX(x: SeriesX, value: number | null | undefined): string {
  if (value == null) return "";
  return x === "time" ? formatTime(value) : String(x === "relative" ? value / 1000 : value);
}

const UNITS = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
] as const;

/** A number that is short enough for an axis: `1.5k`, `2M`. Very large or small numbers have an exponent. */
export function formatTick(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-4)) return withExponent(value, 1);
  const [unit, name] = UNITS.find(([unit]) => size >= Math.max(unit, 1e4)) ?? [1, ""];
  return withMinus((value / unit).toLocaleString("en-US", { maximumSignificantDigits: 5 })) + name;
}

/** The labels of evenly spaced ticks, in one unit, with the digits that distinguish them. */
export function formatTicks(ticks: readonly number[]): string[] {
  const step = distanceOf(ticks);
  if (!Number.isFinite(step)) return ticks.map(formatTick);
  const size = Math.max(...ticks.map(Math.abs));
  if (size >= 1e15 || size < 1e-3) {
    const exponentOf = (value: number): number => Math.floor(Math.log10(Math.abs(value)) + 1e-9);
    const digits = decimalsOf(step / 10 ** exponentOf(step));
    return ticks.map((tick) => withExponent(tick, Math.max(0, exponentOf(tick) - exponentOf(step)) + digits));
  }
  // Thousands are written in full, unless all of them are round.
  const isFit = (unit: number): boolean => size >= unit && decimalsOf(step / unit) <= (unit === 1e3 ? 0 : 2);
  const [unit, name] = UNITS.find(([unit]) => isFit(unit)) ?? [1, ""];
  const digits = { minimumFractionDigits: decimalsOf(step / unit), maximumFractionDigits: decimalsOf(step / unit) };
  return ticks.map((tick) =>
    isZero(tick, step) ? "0" : withMinus((tick / unit).toLocaleString("en-US", digits)) + name,
  );
}

const DAY_MS = 86_400_000;

/** Times of an axis in the reader's zone: `2026-11`, `11-21`, `14:05`, `14:05:30` or `05:30.250`. The first tick of a day is its date. */
export function formatTimeTicks(ticks: readonly number[]): string[] {
  const step = distanceOf(ticks);
  return ticks.map((tick) => {
    const text = formatTime(tick);
    if (step >= 28 * DAY_MS) return text.slice(0, 7);
    if (step >= DAY_MS || text.endsWith(" 00:00:00")) return text.slice(5, 10);
    if (step < 1000) return `${text.slice(14)}.${String(Math.round(tick) % 1000).padStart(3, "0")}`;
    return text.slice(11, step < 60_000 ? 19 : 16);
  });
}

/** The least distance of two neighbouring ticks; ∞ for fewer than two ticks. */
function distanceOf(ticks: readonly number[]): number {
  return Math.min(...ticks.slice(1).map((tick, index) => Math.abs(tick - ticks[index]!)));
}

/** The number of decimals that a number needs, at most 12. */
function decimalsOf(value: number): number {
  let decimals = 0;
  for (let rest = value; decimals < 12 && Math.abs(rest - Math.round(rest)) > 1e-6 * rest; rest *= 10) decimals++;
  return decimals;
}

const isZero = (tick: number, step: number): boolean => Math.abs(tick) < step / 1e6;

function withExponent(value: number, digits: number): string {
  if (value === 0) return "0";
  return withMinus(value.toExponential(Math.min(20, digits)).replace(/\.0+e/, "e").replace("+", "")).replace(
    "e-",
    "e−",
  );
}

const withMinus = (text: string): string => text.replace(/^-/, "−");

/** Distances of the ticks of an axis of whole steps. */
export const STEPS: number[] = Array.from({ length: 16 }, (_, power) =>
  [1, 2, 5].map((digit) => digit * 10 ** power),
).flat();

/**
 * Round numbers of a range, evenly spaced, about `most` of them.
 * @param isWhole only integers
 */
export function evenTicks(from: number, to: number, most: number, isWhole = false): number[] {
  const power = 10 ** Math.floor(Math.log10((to - from) / most));
  const round = power * ([1, 2, 5].find((digit) => (to - from) / (digit * power) <= most) ?? 10);
  const step = isWhole ? Math.max(1, round) : round;
  const ticks: number[] = [];
  for (let tick = Math.ceil(from / step) * step; tick <= to + step / 1e6; tick += step) ticks.push(tick);
  return ticks;
}

/** The powers of ten of a range. If there are more than `most`, some of them. */
export function logarithmicTicks(from: number, to: number, most: number): number[] {
  const [first, last] = [Math.ceil(Math.log10(from) - 1e-9), Math.floor(Math.log10(to) + 1e-9)];
  const step = Math.max(1, Math.ceil((last - first + 1) / most));
  const ticks: number[] = [];
  for (let power = first; power <= last; power += step) ticks.push(Number(`1e${power}`));
  return ticks;
}

/** Distances of the ticks of a span of time, in ms. */
export const DURATION_STEPS: number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500].concat(
  [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200].map((s) => s * 1000),
  [1, 2, 5, 10, 20, 50, 100, 200, 500].map((days) => days * 86_400_000),
);

/** The room around the only value of an axis, in the axis's unit. */
const LONE_ROOM: Partial<Record<SeriesX, number>> = { step: 1, relative: 1000, time: 60_000 };

/** The ends of an axis that a reader chose. If an end is null, the lines decide. */
export type Ends = readonly [number | null, number | null];

/** A range with the ends that a reader chose, unless the axis cannot have them. */
export function withEnds([from, to]: Range, ends: Ends | undefined, isLog: boolean): Range {
  const asked: Range = [ends?.[0] ?? from, ends?.[1] ?? to];
  return asked[0] < asked[1] && (!isLog || asked[0] > 0) ? asked : [from, to];
}

/** Whether all finite numbers are integers, so that an axis has ticks at integers only. */
export const areWhole = (numbers: Float64Array): boolean =>
  numbers.every((number) => Number.isInteger(number) || !Number.isFinite(number));

/** The range from the first point of any line to the last. */
export function xRange(lines: readonly Points[], x: SeriesX, isLog: boolean): Range {
  const ends: number[] = [];
  for (const { x: xs } of lines) {
    const first = isLog ? upperBound(xs, 0) : 0;
    if (first < xs.length) ends.push(xs[first]!, xs.at(-1)!);
  }
  return widened(extentOf(ends), isLog, 0, LONE_ROOM[x]);
}

/** The zoomed range on an axis that may have no place for 0 and less. Without a remaining range, everything. */
export function clampedZoom(zoom: Range | undefined, everything: Range, isLog: boolean): Range {
  if (zoom === undefined || !isLog || zoom[0] > 0) return zoom ?? everything;
  return zoom[1] > everything[0] ? [everything[0], zoom[1]] : everything;
}

/** A range around `middle` that is `factor` times as long; undefined if it contains everything. */
export function zoomed([from, to]: Range, middle: number, factor: number, everything: Range): Range | undefined {
  const start = Math.max(everything[0], middle - (middle - from) * factor);
  const end = Math.min(everything[1], middle + (to - middle) * factor);
  return start <= everything[0] && end >= everything[1] ? undefined : [start, end];
}

/** The least distance of two fingers on a chart, as a share of its width. */
const LEAST_SHARE = 0.02;

/**
 * The range in which two positions of x are at two shares of the width, as two fingers hold them; undefined if the
 * range contains everything.
 * @param held the lesser place first
 */
export function pinched(held: Range, [left, right]: Range, everything: Range, isLog: boolean): Range | undefined {
  const [a, b] = isLog ? [Math.log10(held[0]), Math.log10(held[1])] : held;
  const scale = (b - a) / Math.max(LEAST_SHARE, right - left);
  const from = a - left * scale;
  const ends = [from, from + scale].map((end) => (isLog ? 10 ** end : end));
  const range: Range = [Math.max(everything[0], ends[0]!), Math.min(everything[1], ends[1]!)];
  if (range[0] <= everything[0] && range[1] >= everything[1]) return undefined;
  return range[0] < range[1] ? range : undefined;
}

/** A range of heights with every finite value within a range of x, and some room around. */
export function yRange(lines: readonly Points[], [from, to]: Range, isLog: boolean): Range {
  const values: number[] = [];
  for (const line of lines) {
    const start = lowerBound(line.x, from);
    const end = upperBound(line.x, to);
    const { least, greatest } = isLog ? positiveExtent(line.values, start, end) : extentOf(line.values, start, end);
    values.push(least, greatest);
  }
  return widened(extentOf(values), isLog, 0.04);
}

function positiveExtent(values: Float64Array, from: number, to: number): Extent {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (let index = from; index < to; index++) {
    const value = values[index]!;
    if (!(value > 0 && value < Number.POSITIVE_INFINITY)) continue;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return { least, greatest };
}

function widened({ least, greatest }: Extent, isLog: boolean, share: number, loneRoom?: number): Range {
  if (least > greatest) return isLog ? [1, 10] : [0, 1];
  if (isLog) {
    if (least === greatest) return [least / 2, greatest * 2];
    const factor = (greatest / least) ** share;
    return [least / factor, greatest * factor];
  }
  if (least === greatest) {
    const room = loneRoom ?? (Math.abs(least) * 0.05 || 0.5);
    return [least - room, greatest + room];
  }
  const room = (greatest - least) * share;
  return [least - room, greatest + room];
}
