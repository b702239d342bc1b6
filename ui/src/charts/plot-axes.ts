import type uPlot from "uplot";
import { formatDuration } from "../parts/format.ts";
import { DURATION_STEPS, formatTick, formatTicks, formatTimeTicks, STEPS } from "./axes.ts";
import type { PlotSpec } from "./plot.ts";

const FONT = "11px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
const DIGIT_PX = 6.4;
const GAP_PX = 6;
const MIN_Y_AXIS_PX = 46;
const X_AXIS_PX = 24;

type Format = (ticks: readonly number[]) => string[];

/** The axes of a chart, in whose look those of all charts agree. */
export function plotAxes({ x, isLogX, isLogY }: PlotSpec, colours: { ink: string; line: string }): uPlot.Axis[] {
  const axis = { stroke: colours.ink, font: FONT, ticks: { show: false }, gap: GAP_PX };
  const formatX: Format =
    x === "time" ? formatTimeTicks : x === "relative" ? each(durationTick) : isLogX ? each(formatTick) : formatTicks;
  return [
    {
      ...axis,
      size: X_AXIS_PX,
      grid: { show: false },
      space: 60,
      values: written(formatX),
      ...(isLogX
        ? { filter: powers }
        : x === "relative"
          ? { incrs: DURATION_STEPS }
          : x === "step" && { incrs: STEPS }),
    },
    {
      ...axis,
      // uPlot asks before it has texts, too.
      size: (_, texts: string[] | null) =>
        Math.max(MIN_Y_AXIS_PX, ...(texts ?? []).map((text) => text.length * DIGIT_PX + 2 * GAP_PX)),
      grid: { stroke: colours.line, width: 1, ...(isLogY && { filter: powers }) },
      space: 32,
      values: written(isLogY ? each(formatTick) : formatTicks),
      ...(isLogY && { filter: powers }),
    },
  ];
}

const each =
  (format: (tick: number) => string): Format =>
  (ticks) =>
    ticks.map(format);

const durationTick = (ms: number): string => (ms === 0 ? "0" : ms < 0 ? `−${formatDuration(-ms)}` : formatDuration(ms));

/** uPlot gives null for a tick that has no text. */
function written(format: Format): uPlot.Axis.Values {
  return (_, ticks: readonly (number | null)[]) => {
    const texts = format(ticks.filter((tick) => tick !== null));
    let next = 0;
    return ticks.map((tick) => (tick === null ? "" : texts[next++]!));
  };
}

/** Of many ticks of a logarithmic axis only the powers of ten. */
function powers(_: uPlot, ticks: number[]): (number | null)[] {
  const isPower = (value: number): boolean => Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;
  return ticks.length < 10 ? ticks : ticks.map((tick) => (isPower(tick) ? tick : null));
}
