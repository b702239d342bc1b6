import type uPlot from "uplot";
import { formatDuration } from "../parts/format.ts";
import {
  DURATION_STEPS,
  evenTicks,
  formatTick,
  formatTicks,
  formatTimeTicks,
  logarithmicTicks,
  STEPS,
  xName,
} from "./axes.ts";
import type { PlotSpec, WholeAxes } from "./plot-spec.ts";

const FONT = "11px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
const DIGIT_PX = 6.4;
const GAP_PX = 6;
const MIN_Y_AXIS_PX = 46;
const X_AXIS_PX = 24;
const X_TITLE_PX = 16;
/** Between ticks. */
const X_SPACE_PX = 60;
const Y_SPACE_PX = 32;

type Format = (ticks: readonly number[]) => string[];

/** The axes of a chart. The axes of all charts look alike. */
export function plotAxes(
  { x, isLogX, isLogY }: PlotSpec,
  whole: WholeAxes,
  colours: { ink: string; line: string },
): uPlot.Axis[] {
  const axis = { stroke: colours.ink, font: FONT, ticks: { show: false }, gap: GAP_PX };
  const formatX: Format =
    x === "time" ? formatTimeTicks : x === "relative" ? each(durationTick) : isLogX ? logTicks : formatTicks;
  return [
    {
      ...axis,
      size: X_AXIS_PX,
      grid: { show: false },
      space: X_SPACE_PX,
      values: written(formatX),
      ...(isLogX
        ? { filter: all, splits: logSplits }
        : x === "relative"
          ? { incrs: DURATION_STEPS }
          : whole.x && { incrs: STEPS }),
      label: xName(x),
      labelFont: FONT,
      labelGap: 0,
      labelSize: X_TITLE_PX,
    },
    {
      ...axis,
      // uPlot asks before it has texts, too.
      size: (_, texts: string[] | null) =>
        Math.max(MIN_Y_AXIS_PX, ...(texts ?? []).map((text) => text.length * DIGIT_PX + 2 * GAP_PX)),
      grid: { stroke: colours.line, width: 1, ...(isLogY && { filter: all }) },
      space: Y_SPACE_PX,
      values: written(isLogY ? logTicks : formatTicks),
      ...(isLogY ? { filter: all, splits: logSplits } : whole.y && { incrs: STEPS }),
    },
  ];
}

const each =
  (format: (tick: number) => string): Format =>
  (ticks) =>
    ticks.map(format);

/** How long since the start, on an axis. */
export const durationTick = (ms: number): string =>
  ms === 0 ? "0" : ms < 0 ? `−${formatDuration(-ms)}` : formatDuration(ms);

/** A logarithmic axis that spans less than this factor has even ticks, because it would have too few powers of ten. */
const FEW_POWERS = 20;

const logTicks: Format = (ticks) => {
  const isShort = ticks.length > 1 && ticks.at(-1)! / ticks[0]! < FEW_POWERS;
  return isShort ? formatTicks(ticks) : ticks.map(formatTick);
};

/** uPlot's own ticks are closer than their texts are wide. */
function logSplits({ width, height }: uPlot, axis: number, from: number, to: number): number[] {
  const most = Math.max(2, Math.floor(axis === 0 ? (width - MIN_Y_AXIS_PX) / X_SPACE_PX : height / Y_SPACE_PX));
  return to / from < FEW_POWERS ? evenTicks(from, to, most) : logarithmicTicks(from, to, most);
}

const all = (_: uPlot, ticks: number[]): number[] => ticks;

/** uPlot gives null for a tick that has no text. */
function written(format: Format): uPlot.Axis.Values {
  return (_, ticks: readonly (number | null)[]) => {
    const texts = format(ticks.filter((tick) => tick !== null));
    let next = 0;
    return ticks.map((tick) => (tick === null ? "" : texts[next++]!));
  };
}
