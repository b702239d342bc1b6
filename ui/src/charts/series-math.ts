/* Series as pairs of columns, ordered by x. Pure. A value that is NaN or infinite is a gap in a line. */

export interface Points {
  readonly x: Float64Array;
  readonly values: Float64Array;
}

export const NO_POINTS: Points = { x: new Float64Array(), values: new Float64Array() };

/** The first index whose x is at least `x`; the length if there is none. */
export function lowerBound(xs: Float64Array, x: number): number {
  let low = 0;
  let high = xs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (xs[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first index whose x is greater than `x`. */
export function upperBound(xs: Float64Array, x: number): number {
  let low = 0;
  let high = xs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (xs[middle]! <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the point with the closest x; −1 for an empty series. */
export function nearestIndex(xs: Float64Array, x: number): number {
  const after = lowerBound(xs, x);
  if (after === 0) return xs.length === 0 ? -1 : 0;
  if (after === xs.length) return after - 1;
  return xs[after]! - x < x - xs[after - 1]! ? after : after - 1;
}

/** The line's height at `x`; NaN beyond its ends and in its gaps. */
export function valueAt({ x: xs, values }: Points, x: number): number {
  const after = lowerBound(xs, x);
  if (after === xs.length) return Number.NaN;
  if (xs[after] === x) return finite(values[after]!);
  if (after === 0) return Number.NaN;
  const share = (x - xs[after - 1]!) / (xs[after]! - xs[after - 1]!);
  return finite(values[after - 1]! + share * (values[after]! - values[after - 1]!));
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN;
}

/** The points of `overview` outside a range, and the points of `detail` within it. */
export function withDetail(overview: Points, detail: Points, from: number, to: number): Points {
  const before = lowerBound(overview.x, from);
  const after = upperBound(overview.x, to);
  const join = (outer: Float64Array, inner: Float64Array): Float64Array => {
    const joined = new Float64Array(before + inner.length + outer.length - after);
    joined.set(outer.subarray(0, before));
    joined.set(inner, before);
    joined.set(outer.subarray(after), before + inner.length);
    return joined;
  };
  return { x: join(overview.x, detail.x), values: join(overview.values, detail.values) };
}

/** `base` and points that were logged later, in any order. A point that `base` has comes once. */
export function withTail(base: Points, tailX: readonly number[], tailValues: readonly number[]): Points {
  const added: number[] = [];
  for (let index = 0; index < tailX.length; index++) {
    if (!Number.isNaN(tailX[index]) && !has(base, tailX[index]!, tailValues[index]!)) added.push(index);
  }
  if (added.length === 0) return base;
  added.sort((a, b) => tailX[a]! - tailX[b]! || a - b);
  const length = base.x.length + added.length;
  const merged = { x: new Float64Array(length), values: new Float64Array(length) };
  let from = 0;
  for (let at = 0; at < length; at++) {
    const next = added[at - from];
    const isNew = next !== undefined && (from === base.x.length || tailX[next]! < base.x[from]!);
    merged.x[at] = isNew ? tailX[next]! : base.x[from]!;
    merged.values[at] = isNew ? tailValues[next]! : base.values[from]!;
    if (!isNew) from++;
  }
  return merged;
}

function has({ x: xs, values }: Points, x: number, value: number): boolean {
  for (let index = lowerBound(xs, x); index < xs.length && xs[index] === x; index++) {
    if (Object.is(values[index], value)) return true;
  }
  return false;
}

/** The mean of several lines, and the standard deviations of the sample. */
export interface Band extends Points {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** A line with its standard deviation below and above. */
export function bandOf({ x, values }: Points, spreads: Float64Array): Band {
  return {
    ...{ x, values },
    low: values.map((value, index) => value - (spreads[index] ?? 0)),
    high: values.map((value, index) => value + (spreads[index] ?? 0)),
  };
}

export interface Extent {
  least: number;
  greatest: number;
}

/** The extremes of finite values. Without any, the least is +∞ and the greatest −∞. */
export function extentOf(values: ArrayLike<number>, from = 0, to = values.length): Extent {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (let index = from; index < to; index++) {
    const value = values[index]!;
    if (value < least && value !== Number.NEGATIVE_INFINITY) least = value;
    if (value > greatest && value !== Number.POSITIVE_INFINITY) greatest = value;
  }
  return { least, greatest };
}

/** Orders values, the least first. NaN comes before all numbers. */
export function byValue(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(b)) - Number(Number.isNaN(a));
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The bounds of outliers among all visible values: the lowest and the highest hundredth. */
const OUTLIERS = 0.01;

/** The series with gaps in place of outliers among all values in a range of x. */
export function withoutOutliers(series: readonly Points[], [from, to]: readonly [number, number]): Points[] {
  const inSight = series.flatMap(({ x, values }) => [...values.subarray(lowerBound(x, from), upperBound(x, to))]);
  const sorted = Float64Array.from(inSight.filter(Number.isFinite)).sort();
  const low = sorted[Math.floor(sorted.length * OUTLIERS)] ?? Number.NEGATIVE_INFINITY;
  const high = sorted[Math.ceil(sorted.length * (1 - OUTLIERS)) - 1] ?? Number.POSITIVE_INFINITY;
  return series.map(({ x, values }) => ({
    x,
    values: values.map((value) => (value < low || value > high ? Number.NaN : value)),
  }));
}
