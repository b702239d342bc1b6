import { BarChart, CustomChart, LineChart, ParallelChart, ScatterChart } from "echarts/charts";
import { GridComponent, ParallelComponent, TooltipComponent } from "echarts/components";
import type { ECharts, EChartsCoreOption } from "echarts/core";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { formatMetric } from "../parts/format.ts";
import { readColour } from "../parts/theme.ts";

/* The used parts of ECharts, and their look. Only drawings load this file. */

use([
  ...[BarChart, CustomChart, LineChart, ParallelChart, ScatterChart],
  ...[GridComponent, ParallelComponent, TooltipComponent, CanvasRenderer],
]);

/** ECharts' own stricter types exclude options that several kinds of charts share. */
export type ChartOption = EChartsCoreOption;

/** Draws into an element. The element must be empty, and stays ECharts' own until `dispose`. */
export function initChart(element: HTMLElement): ECharts {
  // ECharts empties it by assigning a string to innerHTML, which the page's policy refuses.
  Object.defineProperty(element, "innerHTML", { configurable: true, set: () => element.replaceChildren() });
  return init(element, undefined, { renderer: "canvas" });
}

/** The item below the pointer. */
export interface ChartItem {
  readonly dataIndex: number;
  readonly seriesId?: string;
}

/** The tokens of the current theme, in the form that a canvas needs. */
export function readLook() {
  const font = getComputedStyle(document.body).fontFamily;
  return {
    font,
    page: readColour("--color-page"),
    raised: readColour("--color-raised"),
    ink: readColour("--color-ink"),
    muted: readColour("--color-ink-muted"),
    faint: readColour("--color-ink-faint"),
    line: readColour("--color-line"),
    lineStrong: readColour("--color-line-strong"),
    accent: readColour("--color-accent"),
    surface: readColour("--color-surface"),
  };
}

export type Look = ReturnType<typeof readLook>;

/** What all charts have in common: no motion, text drawn on the canvas, the tokens' colours. */
export function baseOption(look: Look): ChartOption {
  return {
    animation: false,
    backgroundColor: "transparent",
    textStyle: { fontFamily: look.font, color: look.ink },
    tooltip: tooltip(look),
  };
}

/** @param textOf the text about an item: lines of plain text */
export function tooltip(look: Look, textOf?: (item: ChartItem) => string) {
  return {
    renderMode: "richText",
    confine: true,
    transitionDuration: 0,
    backgroundColor: look.raised,
    borderColor: look.lineStrong,
    borderWidth: 1,
    padding: [6, 8],
    textStyle: { color: look.ink, fontSize: 12, fontFamily: look.font },
    ...(textOf && { formatter: textOf }),
  };
}

const LONGEST_WORD = 60;

/** A text of one line, without ECharts' markup. */
export function plainText(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  const short = line.length > LONGEST_WORD ? `${line.slice(0, LONGEST_WORD)}…` : line;
  // A brace with a style's name after it would be markup.
  return short.replaceAll("{", "{\u200b");
}

/** The look of an axis. `words` are the categories of an axis without numbers. */
export function axisOption(look: Look, { words, isLog }: { words: readonly string[] | undefined; isLog: boolean }) {
  const common = {
    axisLine: { show: true, lineStyle: { color: look.lineStrong } },
    axisTick: { lineStyle: { color: look.lineStrong } },
    nameTextStyle: { color: look.muted, fontSize: 12 },
    splitLine: { lineStyle: { color: look.line } },
  };
  const outline = { textBorderColor: look.page, textBorderWidth: 3 };
  const label = { color: look.muted, fontSize: 11, hideOverlap: true, ...outline };
  if (words !== undefined) {
    const short = words.map(plainText);
    return {
      ...common,
      ...{ type: "category" as const, data: short, axisLabel: { ...label, width: 140, overflow: "truncate" as const } },
    };
  }
  const axisLabel = { ...label, formatter: (value: number) => formatMetric(value, 4) };
  if (isLog) return { ...common, type: "log" as const, axisLabel };
  return { ...common, type: "value" as const, scale: true, axisLabel };
}

/** The look of an axis of times, in ms since 1970. */
export function timeAxisOption(look: Look) {
  const { axisLine, axisTick, nameTextStyle, splitLine } = axisOption(look, { words: undefined, isLog: false });
  const axisLabel = { color: look.muted, fontSize: 11, hideOverlap: true };
  return { type: "time", axisLine, axisTick, axisLabel, nameTextStyle, splitLine };
}
