import type { PlaceOnAxis } from "../../charts/echart.tsx";
import { type Field, placeOf, scaled } from "./fields.ts";

/*
 * Lines of thousands of runs over parallel axes, on a canvas of their own. ECharts makes several objects for each line, which
 * takes longer than drawing the lines.
 */

/** The lines of more runs than this are drawn here. */
export const MANY_LINES = 500;

/** The lines' places in px. */
export interface LinePlaces {
  /** The axes, from left to right. */
  readonly x: Float64Array;
  /** Run after run, a place on each axis. NaN if the run has no value there. */
  readonly y: Float32Array;
}

/** The runs at the ends of the axes. ECharts gets only these, so that the axes have the ends of all runs. */
export function runsAtEnds(fields: readonly Field[], runs: number): number[] {
  const ends = new Set<number>();
  for (const field of fields) {
    let [least, greatest]: (number | undefined)[] = [];
    for (let run = 0; run < runs; run++) {
      const place = placeOf(field, run);
      if (place === undefined) continue;
      if (least === undefined || place < placeOf(field, least)!) least = run;
      if (greatest === undefined || place > placeOf(field, greatest)!) greatest = run;
    }
    if (least !== undefined) ends.add(least).add(greatest!);
  }
  return [...ends];
}

export function linePlaces(fields: readonly Field[], runs: number, placeOn: PlaceOnAxis): LinePlaces {
  const x = new Float64Array(fields.length);
  const y = new Float32Array(fields.length * runs).fill(Number.NaN);
  for (const [axis, field] of fields.entries()) {
    const shares = scaled(field, runs);
    const ends = runsAtEnds([field], runs);
    const [low, high] = [ends[0], ends.at(-1)].map((run) =>
      placeOn(axis, run === undefined ? 0 : placeOf(field, run)!),
    );
    x[axis] = low![0];
    // Equal values are all in the middle of their shares.
    const isOne = ends.length === 1;
    for (let run = 0; run < runs; run++) {
      const share = shares[run];
      if (share !== undefined) y[run * fields.length + axis] = low![1] + (isOne ? 0 : share * (high![1] - low![1]));
    }
  }
  return { x, y };
}

/** Calls back with the points of a run's line, without those that it lacks. */
function trace({ x, y }: LinePlaces, run: number, point: (x: number, y: number, isFirst: boolean) => void): void {
  let isFirst = true;
  for (let axis = 0; axis < x.length; axis++) {
    const height = y[run * x.length + axis]!;
    if (Number.isNaN(height)) continue;
    point(x[axis]!, height, isFirst);
    isFirst = false;
  }
}

export interface LinePens {
  /** By run. */
  readonly colours: readonly string[];
  /** Browsers draw a line of one pixel in a fifth of the time of a broader line. */
  readonly widthPx: number;
  readonly opacity: number;
}

/** Draws lines, in the order of `runs`. */
export function strokeLines(
  context: CanvasRenderingContext2D,
  places: LinePlaces,
  runs: readonly number[],
  { colours, widthPx, opacity }: LinePens,
): void {
  context.save();
  context.lineWidth = widthPx;
  context.globalAlpha = opacity;
  context.lineJoin = "bevel";
  for (const run of runs) {
    context.strokeStyle = colours[run]!;
    context.beginPath();
    trace(places, run, (x, y, isFirst) => (isFirst ? context.moveTo(x, y) : context.lineTo(x, y)));
    context.stroke();
  }
  context.restore();
}

/** A pointer farther from every line than this points at none. */
const REACH_PX = 5;

/** The run whose line is nearest to a point, of `runs`. */
export function nearestLine(places: LinePlaces, runs: Iterable<number>, [x, y]: readonly [number, number]) {
  let nearest: number | undefined;
  let least = REACH_PX;
  for (const run of runs) {
    let [beforeX, beforeY] = [Number.NaN, Number.NaN];
    trace(places, run, (toX, toY) => {
      if (beforeX <= x && x <= toX) {
        const height = beforeY + ((toY - beforeY) * (x - beforeX)) / (toX - beforeX);
        // The distance from a steep line is less than the height above it.
        const away = Math.abs(height - y) / Math.hypot(1, (toY - beforeY) / (toX - beforeX));
        if (away < least) [nearest, least] = [run, away];
      }
      [beforeX, beforeY] = [toX, toY];
    });
  }
  return nearest;
}
