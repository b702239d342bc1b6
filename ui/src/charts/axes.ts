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

/** An x as a reader knows it. */
export function formatX(x: SeriesX, value: number): string {
  if (x === "time") return formatTime(value);
  if (x === "relative") return value < 0 ? `−${formatDuration(-value)}` : formatDuration(value);
  return x === "step" ? value.toLocaleString("en-US", { maximumFractionDigits: 2 }) : formatMetric(value);
}

/** Short enough for an axis: `1.5k`, `2M`; thousandths and less by exponent. */
export function formatTick(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-4)) return value.toExponential(1).replace(".0e", "e").replace("-", "−");
  for (const [unit, name] of [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (size >= unit) return `${trim(value / unit)}${name}`;
  }
  return trim(value);
}

function trim(value: number): string {
  return String(Number(value.toPrecision(5))).replace("-", "−");
}

/** Steps between the ticks of a span of time, in ms. */
export const DURATION_STEPS: number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500].concat(
  [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200].map((s) => s * 1000),
  [1, 2, 5, 10, 20, 50, 100, 200, 500].map((days) => days * 86_400_000),
);

/** From the first point of any line to the last. */
export function xRange(lines: readonly Points[], isLog: boolean): Range {
  const ends: number[] = [];
  for (const { x } of lines) {
    const first = isLog ? upperBound(x, 0) : 0;
    if (first < x.length) ends.push(x[first]!, x.at(-1)!);
  }
  return widened(extentOf(ends), isLog, 0);
}

/** Holds every finite value within a range of x, with some room around. */
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

function widened({ least, greatest }: Extent, isLog: boolean, share: number): Range {
  if (least > greatest) return isLog ? [1, 10] : [0, 1];
  if (isLog) {
    if (least === greatest) return [least / 2, greatest * 2];
    const factor = (greatest / least) ** share;
    return [least / factor, greatest * factor];
  }
  if (least === greatest) {
    const room = Math.abs(least) * 0.05 || 0.5;
    return [least - room, greatest + room];
  }
  const room = (greatest - least) * share;
  return [least - room, greatest + room];
}
