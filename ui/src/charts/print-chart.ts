import {
  clampedZoom,
  DURATION_STEPS,
  evenTicks,
  formatTick,
  formatTicks,
  formatTimeTicks,
  logarithmicTicks,
  type Range,
  xName,
} from "./axes.ts";
import { type Place as DrawPlace, toX, toY } from "./draw.ts";
import { canvasPen, type Pen, type Place, svgPen } from "./pens.ts";
import { durationTick } from "./plot-axes.ts";
import { heightRange, type PlotLine, type PlotSpec, wholeAxes, widthRange } from "./plot-spec.ts";
import { DASHES } from "./run-colour.ts";
import { textOfLast } from "./text-of-last.ts";

/** The size of a picture for print, in px. Its PNG has three pixels per px. */
const WIDTH = 1200;
const PLOT_HEIGHT = 620;
const SCALE = 3;
const EDGE = 28;
const TITLE_PX = 44;
const Y_AXIS_PX = 84;
const X_AXIS_PX = 60;
const ROW_PX = 22;
const COLUMN_PX = 290;
/** The picture names at most this many lines, because more names would fill it. */
const MAX_NAMED = 120;

/** The colours of paper, whatever the theme. */
const LOOK = { page: "#ffffff", ink: "#15191c", muted: "#4f585e", line: "#dde2e4" };

/** The content of a printed chart. */
export interface Printed {
  readonly title: string;
  readonly spec: PlotSpec;
}

function heightOf({ spec: { lines } }: Printed): number {
  return TITLE_PX + PLOT_HEIGHT + X_AXIS_PX + legendRows(lines) * ROW_PX + EDGE;
}

const columns = (): number => Math.floor((WIDTH - 2 * EDGE) / COLUMN_PX);
const namedOf = (lines: readonly PlotLine[]): readonly PlotLine[] => lines.slice(0, MAX_NAMED);
const legendRows = (lines: readonly PlotLine[]): number =>
  Math.ceil(namedOf(lines).length / columns()) + (lines.length > MAX_NAMED ? 1 : 0);

/** A chart as a PNG that is at least 3,600 pixels wide. It has a title, names of the axes, and a legend with the last values. */
export function printPng(printed: Printed): Promise<Blob | null> {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH * SCALE;
  canvas.height = heightOf(printed) * SCALE;
  const ctx = canvas.getContext("2d")!;
  ctx.scale(SCALE, SCALE);
  print(canvasPen(ctx), printed);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

/** The same picture as SVG. */
export function printSvg(printed: Printed): Blob {
  const pen = svgPen(WIDTH, heightOf(printed));
  print(pen, printed);
  return new Blob([pen.finish()], { type: "image/svg+xml" });
}

function print(pen: Pen, printed: Printed): void {
  const { title, spec } = printed;
  const { lines, x, isLogX, isLogY } = spec;
  const height = heightOf(printed);
  pen.area(
    [
      [0, 0],
      [WIDTH, 0],
      [WIDTH, height],
      [0, height],
    ],
    LOOK.page,
    1,
  );
  pen.text(title, [EDGE, TITLE_PX / 2 + 4], { colour: LOOK.ink, size: 20, isBold: true });
  const xs = clampedZoom(spec.zoom, widthRange(spec), isLogX);
  const whole = wholeAxes(spec);
  const ys = heightRange(spec, xs);
  const box = { left: EDGE + Y_AXIS_PX, top: TITLE_PX, width: WIDTH - 2 * EDGE - Y_AXIS_PX, height: PLOT_HEIGHT };
  const place: DrawPlace = { ...box, x: xs, y: ys, isLogX, isLogY };
  const [xOf, yOf] = [toX(place), toY(place)];
  const label = { colour: LOOK.muted, size: 14 };

  const yTicks = ticksOf(ys, isLogY, whole.y);
  const yTexts = isLogY && ys[1] / ys[0] >= 20 ? yTicks.map(formatTick) : formatTicks(yTicks);
  for (const [index, tick] of yTicks.entries()) {
    pen.line(
      [
        [box.left, yOf(tick)],
        [box.left + box.width, yOf(tick)],
      ],
      { colour: LOOK.line, width: 1 },
    );
    pen.text(yTexts[index]!, [box.left - 10, yOf(tick)], { ...label, anchor: "end" });
  }
  const xTicks = x === "relative" && !isLogX ? durationTicks(xs) : ticksOf(xs, isLogX, whole.x);
  const xTexts =
    x === "time" ? formatTimeTicks(xTicks) : x === "relative" ? xTicks.map(durationTick) : formatTicks(xTicks);
  for (const [index, tick] of xTicks.entries()) {
    pen.text(xTexts[index]!, [xOf(tick), box.top + box.height + 18], { ...label, anchor: "middle" });
  }
  pen.text(xName(x), [box.left + box.width / 2, box.top + box.height + 44], {
    ...label,
    colour: LOOK.ink,
    anchor: "middle",
  });
  const yTitle: Place = [EDGE + 8, box.top + box.height / 2];
  pen.text(title, yTitle, { ...label, colour: LOOK.ink, anchor: "middle", isTurned: true });

  pen.clipped(box, () => {
    for (const mark of spec.marks ?? []) {
      const [y, right] = [yOf(mark), box.left + box.width];
      pen.line(
        [
          [box.left, y],
          [right, y],
        ],
        { colour: LOOK.muted, width: 1, dash: [5, 3] },
      );
    }
    for (const { band, colour } of lines) {
      if (band === undefined) continue;
      const ends = [...band.x.keys()].filter(
        (at) => Number.isFinite(yOf(band.low[at]!)) && Number.isFinite(yOf(band.high[at]!)),
      );
      const upper = ends.map((at): Place => [xOf(band.x[at]!), yOf(band.high[at]!)]);
      const lower = ends.map((at): Place => [xOf(band.x[at]!), yOf(band.low[at]!)]).reverse();
      pen.area([...upper, ...lower], colour, 0.16);
    }
    for (const { points, colour, variant } of lines) {
      const stroke = { colour, width: lines.length > 24 ? 1.25 : 2, dash: DASHES[variant] };
      for (const stretch of stretches(points, xOf, yOf)) pen.line(stretch, stroke);
    }
  });
  printLegend(pen, lines, box.top + box.height + X_AXIS_PX);
}

function printLegend(pen: Pen, lines: readonly PlotLine[], top: number): void {
  for (const [index, line] of namedOf(lines).entries()) {
    const left = EDGE + (index % columns()) * COLUMN_PX;
    const y = top + (Math.floor(index / columns()) + 0.5) * ROW_PX;
    pen.line(
      [
        [left, y],
        [left + 26, y],
      ],
      { colour: line.colour, width: 3, dash: DASHES[line.variant] },
    );
    const name = line.name.length > 22 ? `${line.name.slice(0, 21)}…` : line.name;
    pen.text(name, [left + 34, y], { colour: LOOK.ink, size: 13 });
    pen.text(textOfLast(line), [left + COLUMN_PX - 24, y], { colour: LOOK.muted, size: 13, anchor: "end" });
  }
  const more = lines.length - MAX_NAMED;
  if (more <= 0) return;
  const y = top + (legendRows(lines) - 0.5) * ROW_PX;
  pen.text(`${more} more lines`, [EDGE, y], { colour: LOOK.muted, size: 13 });
}

/** The parts of a line between its gaps. A single point becomes a short stretch. */
function stretches(
  { x, values }: PlotLine["points"],
  xOf: (x: number) => number,
  yOf: (value: number) => number,
): Place[][] {
  const all: Place[][] = [];
  let stretch: Place[] = [];
  for (let index = 0; index <= x.length; index++) {
    const at: Place = index < x.length ? [xOf(x[index]!), yOf(values[index]!)] : [Number.NaN, 0];
    if (Number.isFinite(at[0]) && Number.isFinite(at[1])) {
      stretch.push(at);
      continue;
    }
    const [only, another] = stretch;
    if (only !== undefined)
      all.push(
        another === undefined
          ? [
              [only[0] - 2, only[1]],
              [only[0] + 2, only[1]],
            ]
          : stretch,
      );
    stretch = [];
  }
  return all;
}

const MOST_TICKS = 12;

function ticksOf([from, to]: Range, isLog: boolean, isWhole: boolean): number[] {
  if (isLog && to / from >= 20) return logarithmicTicks(from, to, MOST_TICKS);
  return evenTicks(from, to, MOST_TICKS, isWhole && !isLog);
}

function durationTicks([from, to]: Range): number[] {
  const step = DURATION_STEPS.find((ms) => (to - from) / ms <= 10) ?? (to - from) / 10;
  const ticks: number[] = [];
  for (let tick = Math.ceil(from / step) * step; tick <= to; tick += step) ticks.push(tick);
  return ticks;
}
