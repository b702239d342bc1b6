import type { Range } from "./axes.ts";
import { lowerBound, type Points, upperBound } from "./series-math.ts";

/** The positions of a chart's values on its canvas, in the canvas's own pixels. */
export interface Place {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly x: Range;
  readonly y: Range;
  readonly isLogX: boolean;
  readonly isLogY: boolean;
}

type Scale = (value: number) => number;

function scale([from, to]: Range, start: number, length: number, isLog: boolean): Scale {
  if (isLog) {
    const origin = Math.log(from);
    const factor = length / (Math.log(to) - origin);
    return (value) => start + (Math.log(value) - origin) * factor;
  }
  const factor = length / (to - from);
  return (value) => start + (value - from) * factor;
}

export const toX = (place: Place): Scale => scale(place.x, place.left, place.width, place.isLogX);
export const toY = (place: Place): Scale => scale(place.y, place.top + place.height, -place.height, place.isLogY);

/** Draws a line. A value that is not finite, or has no place on a logarithmic axis, is a gap. A point between gaps is a dot. */
export function drawLine(ctx: CanvasRenderingContext2D, place: Place, points: Points, lineWidth: number): void {
  const xOf = toX(place);
  const yOf = toY(place);
  const from = Math.max(0, lowerBound(points.x, place.x[0]) - 1);
  const to = Math.min(points.x.length, upperBound(points.x, place.x[1]) + 1);
  const dots: [number, number][] = [];
  let run = 0;
  let lastX = 0;
  let lastY = 0;
  ctx.beginPath();
  for (let index = from; index < to; index++) {
    const x = xOf(points.x[index]!);
    const y = yOf(points.values[index]!);
    if (!(Number.isFinite(x) && Number.isFinite(y))) {
      if (run === 1) dots.push([lastX, lastY]);
      run = 0;
      continue;
    }
    if (run++ === 0) ctx.moveTo(x, y);
    else ctx.lineTo(x, y);
    lastX = x;
    lastY = y;
  }
  if (run === 1) dots.push([lastX, lastY]);
  ctx.lineWidth = lineWidth;
  ctx.stroke();
  for (const [x, y] of dots) drawDot(ctx, x, y, lineWidth * 1.6);
}

export function drawDot(ctx: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
}

/** Marks at the edges where a line has NaN (below), Infinity (above) and −Infinity (below). */
export function drawGaps(ctx: CanvasRenderingContext2D, place: Place, points: Points, length: number): void {
  const xOf = toX(place);
  const from = lowerBound(points.x, place.x[0]);
  const to = upperBound(points.x, place.x[1]);
  let isAny = false;
  for (let index = from; index < to; index++) {
    const value = points.values[index]!;
    if (Number.isFinite(value)) continue;
    if (!isAny) ctx.beginPath();
    isAny = true;
    const x = xOf(points.x[index]!);
    const y = value > 0 ? place.top : place.top + place.height - length;
    ctx.moveTo(x, y);
    ctx.lineTo(x, y + length);
  }
  if (isAny) ctx.stroke();
}

/** Fills the area between two lines with the same x. */
export function drawBand(
  ctx: CanvasRenderingContext2D,
  place: Place,
  x: Float64Array,
  low: Float64Array,
  high: Float64Array,
): void {
  const xOf = toX(place);
  const yOf = toY(place);
  const floor = place.top + place.height;
  const heightOf = (value: number): number => {
    const y = yOf(value);
    return Number.isNaN(y) || y > floor + place.height ? floor + place.height : y;
  };
  for (let start = 0; start < x.length; start++) {
    if (Number.isNaN(low[start]!)) continue;
    let end = start;
    while (end < x.length && !Number.isNaN(low[end]!)) end++;
    ctx.beginPath();
    for (let index = start; index < end; index++) ctx.lineTo(xOf(x[index]!), heightOf(high[index]!));
    for (let index = end - 1; index >= start; index--) ctx.lineTo(xOf(x[index]!), heightOf(low[index]!));
    ctx.fill();
    start = end;
  }
}
