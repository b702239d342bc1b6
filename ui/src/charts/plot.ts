import uPlot from "uplot";
import { readColour } from "../parts/theme.ts";
import { clampedZoom, type Range } from "./axes.ts";
import { drawBand, drawDot, drawGaps, drawLine, type Place, toX, toY } from "./draw.ts";
import { plotAxes } from "./plot-axes.ts";
import { heightRange, type PlotSpec, type WholeAxes, wholeAxes, widthRange } from "./plot-spec.ts";
import { DASHES } from "./run-colour.ts";
import { nearestIndex, valueAt } from "./series-math.ts";

export interface PlotEvents {
  /** The pointer is at a position of the plot, in CSS pixels of the screen; undefined when it has left. */
  onPoint(at: { x: number; lineId: string | undefined; clientX: number; clientY: number } | undefined): void;
  /** Undefined zooms out completely. */
  onZoom(range: Range | undefined): void;
}

/** Above this number, lines are thinner. */
const MANY_LINES = 24;
const FAINT = 0.22;
const BAND = 0.16;
/** The veil over the other lines while the pointer is on one line. */
const VEIL = 0.55;
/** A drag shorter than this is a click. */
const MIN_DRAG_PX = 4;

/** A drawn chart. uPlot draws the axes and handles the pointer. The lines, each with its own x, are drawn on uPlot's canvas. */
export class Plot {
  readonly #root: HTMLElement;
  readonly #events: PlotEvents;
  readonly #overlay = document.createElement("canvas");
  #uplot: uPlot | undefined;
  #spec: PlotSpec;
  #everything: Range = [0, 1];
  #x: Range = [0, 1];
  #y: Range = [0, 1];
  #kind = "";
  #colours = { page: "", ink: "", line: "", cursor: "" };
  #width: number;
  #height: number;

  /** @param theme a change makes the axes again, because a canvas keeps its colours */
  constructor(root: HTMLElement, spec: PlotSpec, theme: string, events: PlotEvents) {
    this.#root = root;
    this.#events = events;
    this.#spec = spec;
    this.#width = root.clientWidth;
    this.#height = root.clientHeight;
    this.#overlay.className = "pointer-events-none !absolute inset-0";
    this.show(spec, theme);
  }

  show(spec: PlotSpec, theme: string): void {
    if (this.#uplot !== undefined && spec === this.#spec && this.#kind.endsWith(theme)) return;
    this.#spec = spec;
    this.#everything = widthRange(spec);
    this.#x = clampedZoom(spec.zoom, this.#everything, spec.isLogX);
    this.#y = heightRange(spec, this.#x);
    const whole = wholeAxes(spec);
    const kind = [spec.x, spec.isLogX, spec.isLogY, whole.x, whole.y, theme].join();
    if (this.#uplot === undefined || kind !== this.#kind) {
      this.#kind = kind;
      this.#make(whole);
    } else {
      this.#uplot.setData(this.#data());
    }
  }

  resize(width: number, height: number): void {
    if (width === this.#width && height === this.#height) return;
    this.#width = width;
    this.#height = height;
    this.#uplot?.setSize({ width, height });
  }

  /** The visible range of x. */
  get xRange(): Range {
    return this.#x;
  }

  /** From the first point to the last. */
  get everything(): Range {
    return this.#everything;
  }

  /** A point's position on the screen, in CSS pixels. */
  locate(x: number, value: number): { clientX: number; clientY: number } {
    const box = this.#overlay.getBoundingClientRect();
    const place = this.#overlayPlace();
    const y = toY(place)(value);
    return {
      clientX: box.left + toX(place)(x) / devicePixelRatio,
      clientY: box.top + (Number.isFinite(y) ? y / devicePixelRatio : box.height / 2),
    };
  }

  /** The share of the plot's width at a position of the screen, for fingers that zoom. */
  shareAt(clientX: number): number {
    const box = this.#overlay.getBoundingClientRect();
    return (clientX - box.left) / box.width;
  }

  /** The x at a share of the width. */
  xAt(share: number): number {
    const [from, to] = this.#x;
    return this.#spec.isLogX ? from * (to / from) ** share : from + (to - from) * share;
  }

  /** A finger reads the values at its position. */
  readAt(clientX: number, clientY: number): void {
    const box = this.#overlay.getBoundingClientRect();
    this.#uplot?.setCursor({ left: clientX - box.left, top: clientY - box.top });
  }

  /** The pointer has left this chart. */
  leave(): void {
    this.#uplot?.setCursor({ left: -10, top: -10 });
  }

  /** Shows the hovered position, of this chart or another one. */
  point(x: number | undefined, lineId: string | undefined): void {
    const ctx = this.#overlay.getContext("2d");
    if (ctx === null) return;
    ctx.clearRect(0, 0, this.#overlay.width, this.#overlay.height);
    if (x === undefined && lineId === undefined) return;
    const place = this.#overlayPlace();
    const dpr = devicePixelRatio;
    const line = this.#spec.lines.find(({ id }) => id === lineId);
    if (line !== undefined) {
      ctx.strokeStyle = this.#colours.page;
      ctx.fillStyle = this.#colours.page;
      if (this.#spec.lines.length > 1) {
        ctx.globalAlpha = VEIL;
        ctx.fillRect(0, 0, place.width, place.height);
        ctx.globalAlpha = 1;
      }
      drawLine(ctx, place, line.points, 4 * dpr);
      ctx.strokeStyle = line.colour;
      ctx.fillStyle = line.colour;
      ctx.setLineDash(DASHES[line.variant].map((px) => px * dpr));
      drawLine(ctx, place, line.points, 2.25 * dpr);
      ctx.setLineDash([]);
    }
    if (x === undefined) return;
    const px = toX(place)(x);
    if (Number.isFinite(px) && px >= 0 && px <= place.width) {
      ctx.fillStyle = this.#colours.cursor;
      ctx.fillRect(Math.round(px), 0, Math.max(1, Math.floor(dpr)), place.height);
    }
    if (line === undefined) return;
    const index = nearestIndex(line.points.x, x);
    const y = toY(place)(line.points.values[index]!);
    if (!Number.isFinite(y)) return;
    ctx.fillStyle = this.#colours.page;
    drawDot(ctx, toX(place)(line.points.x[index]!), y, 4.5 * dpr);
    ctx.fillStyle = line.colour;
    drawDot(ctx, toX(place)(line.points.x[index]!), y, 3 * dpr);
  }

  destroy(): void {
    this.#uplot?.destroy();
  }

  #data(): uPlot.AlignedData {
    return [[...this.#x], [null, null]];
  }

  #make(whole: WholeAxes): void {
    this.#uplot?.destroy();
    const { x, isLogX, isLogY } = this.#spec;
    this.#colours = {
      page: readColour("--color-page"),
      ink: readColour("--color-ink-faint"),
      line: readColour("--color-line"),
      cursor: readColour("--color-line-strong"),
    };
    this.#uplot = new uPlot(
      {
        width: this.#width,
        height: this.#height,
        ms: 1,
        padding: [8, x === "time" ? 26 : 18, 0, 0],
        legend: { show: false },
        cursor: {
          x: false,
          y: false,
          points: { show: false },
          drag: { x: true, y: false, setScale: false, dist: MIN_DRAG_PX },
          bind: {
            dblclick: () => () => {
              this.#events.onZoom(undefined);
              return null;
            },
          },
        },
        scales: {
          x: { time: x === "time" && !isLogX, distr: isLogX ? 3 : 1, range: () => [...this.#x] },
          y: { distr: isLogY ? 3 : 1, range: () => [...this.#y] },
        },
        axes: plotAxes(this.#spec, whole, this.#colours),
        series: [{}, { show: true, paths: () => null, points: { show: false } }],
        hooks: {
          draw: [(drawn) => this.#draw(drawn)],
          setCursor: [(drawn) => this.#onCursor(drawn)],
          setSelect: [(drawn) => this.#onSelect(drawn)],
        },
      },
      this.#data(),
      this.#root,
    );
    this.#uplot.over.append(this.#overlay);
  }

  #draw({ ctx, bbox }: uPlot): void {
    const { lines, isLogX, isLogY } = this.#spec;
    const place: Place = { ...bbox, x: this.#x, y: this.#y, isLogX, isLogY };
    const dpr = devicePixelRatio;
    const width = (lines.length > MANY_LINES ? 1 : 1.5) * dpr;
    const { width: overWidth, height: overHeight } = bbox;
    if (this.#overlay.width !== overWidth || this.#overlay.height !== overHeight) {
      this.#overlay.width = overWidth;
      this.#overlay.height = overHeight;
    }
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top - dpr, bbox.width, bbox.height + 2 * dpr);
    ctx.clip();
    ctx.lineJoin = "round";
    for (const { band, faint, colour } of lines) {
      ctx.strokeStyle = colour;
      ctx.fillStyle = colour;
      if (band !== undefined) {
        ctx.globalAlpha = BAND;
        drawBand(ctx, place, band.x, band.low, band.high);
      }
      if (faint !== undefined) {
        ctx.globalAlpha = FAINT;
        drawLine(ctx, place, faint, width);
      }
    }
    ctx.globalAlpha = 1;
    ctx.fillStyle = this.#colours.ink;
    for (const mark of this.#spec.marks ?? []) {
      const y = Math.round(toY(place)(mark));
      for (let left = bbox.left; left < bbox.left + bbox.width; left += 8 * dpr) ctx.fillRect(left, y, 5 * dpr, dpr);
    }
    for (const { points, faint, colour, variant } of lines) {
      ctx.strokeStyle = colour;
      ctx.fillStyle = colour;
      ctx.setLineDash(DASHES[variant].map((px) => px * dpr));
      drawLine(ctx, place, points, width);
      ctx.setLineDash([]);
      drawGaps(ctx, place, faint ?? points, 5 * dpr);
    }
    ctx.restore();
  }

  #overlayPlace(): Place {
    const { isLogX, isLogY } = this.#spec;
    const { width, height } = this.#overlay;
    return { left: 0, top: 0, width, height, x: this.#x, y: this.#y, isLogX, isLogY };
  }

  #onCursor({ cursor, over }: uPlot): void {
    const { left = -1, top = -1 } = cursor;
    if (left < 0 || this.#uplot === undefined) {
      this.#events.onPoint(undefined);
      return;
    }
    const x = this.#uplot.posToVal(left, "x");
    const box = over.getBoundingClientRect();
    const lineId = this.#nearest(x, top * devicePixelRatio);
    this.#events.onPoint({ x, lineId, clientX: box.left + left, clientY: box.top + top });
  }

  /** The line with the least vertical distance from a position. Lines that have begun and not ended come first. */
  #nearest(x: number, top: number): string | undefined {
    const yOf = toY(this.#overlayPlace());
    let nearest: string | undefined;
    let least = Number.POSITIVE_INFINITY;
    const { lines } = this.#spec;
    const present = lines.filter(({ points }) => x >= points.x[0]! && x <= points.x.at(-1)!);
    for (const { id, points } of present.length > 0 ? present : lines) {
      let value = valueAt(points, x);
      if (Number.isNaN(value)) value = points.values[nearestIndex(points.x, x)] ?? Number.NaN;
      const distance = Math.abs(yOf(value) - top);
      if (distance < least) {
        least = distance;
        nearest = id;
      }
    }
    return nearest;
  }

  #onSelect(drawn: uPlot): void {
    const { left, width } = drawn.select;
    if (width < MIN_DRAG_PX) return;
    const range: Range = [drawn.posToVal(left, "x"), drawn.posToVal(left + width, "x")];
    drawn.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (range[1] > range[0]) this.#events.onZoom(range);
  }
}
