import type { Points } from "./series-math.ts";

/** How a line is smoothed: by an exponential mean of earlier points, or over a window around each point. */
export type SmoothingKind = "exponential" | "mean" | "gaussian" | "median";

/** The kinds with their names. */
export const SMOOTHING_KINDS: readonly { readonly value: SmoothingKind; readonly label: string }[] = [
  { value: "exponential", label: "Exponential mean" },
  { value: "mean", label: "Running mean" },
  { value: "gaussian", label: "Gaussian" },
  { value: "median", label: "Running median" },
];

export interface Smoothing {
  readonly kind: SmoothingKind;
  /** The strength: from 0 (none) to below 1. */
  readonly weight: number;
}

/** The smoothed line. Gaps stay gaps, and do not count. */
export function smooth(points: Points, { kind, weight }: Smoothing): Points {
  if (kind === "exponential") return exponential(points, weight);
  const { x, values } = points;
  const half = halfWindow(values.length, weight);
  const kernel = kind === "gaussian" ? gaussian(half) : undefined;
  const smoothed = values.map((value, index) => {
    if (!Number.isFinite(value)) return value;
    // A window that an end of the line cuts is cut on both sides. Otherwise the line would bend there.
    const reach = Math.min(half, index, values.length - 1 - index);
    return kind === "median" ? medianAt(values, index, reach) : meanAt(values, index, reach, kernel);
  });
  return { x, values: smoothed };
}

/** The points of a window on each side: up to a quarter of the line. */
function halfWindow(length: number, weight: number): number {
  return Math.max(1, Math.round((weight ** 2 * length) / 4));
}

/** Exponential moving average, without the pull towards 0 at the start (debiased). */
function exponential({ x, values }: Points, weight: number): Points {
  const smoothed = new Float64Array(values.length);
  let sum = 0;
  let weights = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (!Number.isFinite(value)) {
      smoothed[index] = value;
      continue;
    }
    sum = sum * weight + value * (1 - weight);
    weights = weights * weight + (1 - weight);
    smoothed[index] = sum / weights;
  }
  return { x, values: smoothed };
}

/** Weights by distance. The window ends at two standard deviations. */
function gaussian(half: number): Float64Array {
  return Float64Array.from({ length: half + 1 }, (_, distance) => Math.exp(-2 * (distance / Math.max(1, half)) ** 2));
}

function meanAt(values: Float64Array, index: number, reach: number, kernel: Float64Array | undefined): number {
  let [sum, weights] = [0, 0];
  for (let at = index - reach; at <= index + reach; at++) {
    if (!Number.isFinite(values[at]!)) continue;
    const weight = kernel?.[Math.abs(at - index)] ?? 1;
    sum += weight * values[at]!;
    weights += weight;
  }
  return sum / weights;
}

function medianAt(values: Float64Array, index: number, reach: number): number {
  const window = values
    .slice(index - reach, index + reach + 1)
    .filter(Number.isFinite)
    .sort();
  const middle = window.length >> 1;
  return window.length % 2 === 1 ? window[middle]! : (window[middle - 1]! + window[middle]!) / 2;
}
