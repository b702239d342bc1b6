import { type CSSProperties, useCallback, useState } from "react";
import { readSetting, writeSetting } from "../../parts/settings.ts";
import { isAtEnd, type RunColumn } from "./run-columns.ts";

const METRIC_PX = 104;
/** The width of a metric's column if its groups show two numbers. */
const GROUPED_PX = 148;
const OTHER_PX = 132;
const SHORT_PX = 96;
const SHORT = new Set(["attributes.start_time", "attributes.end_time", "attributes.status", "duration"]);

const WIDTHS_SETTING = "runs.widths";

/** A column and its place, in px from the edge of the pinned columns or of the scrolling columns. */
export interface Placed {
  column: RunColumn;
  /** The column's place among all columns. The pinned columns come first. */
  index: number;
  start: number;
  size: number;
  /** The style of the column's cells: one object for all of them, because there are many. */
  style: CSSProperties;
}

export interface GridLayout {
  /** Columns that stay in place beside the name. */
  still: readonly Placed[];
  /** The scrolling columns that are in sight. */
  shown: readonly Placed[];
}

/** Widths of columns by spelling, in px. */
export type Widths = Readonly<Record<string, number>>;

/** The places of the pinned columns and of the scrolling columns. */
export function placeColumns(
  columns: readonly RunColumn[],
  fixed: readonly string[],
  widths: Widths,
  isGrouped: boolean,
): { still: Placed[]; moving: Placed[] } {
  const isFixed = new Set(fixed);
  const sizeOf = (column: RunColumn): number => {
    const { spelling } = column;
    if (isAtEnd(column)) return widths[spelling] ?? (isGrouped ? GROUPED_PX : METRIC_PX);
    return widths[spelling] ?? (SHORT.has(spelling) ? SHORT_PX : OTHER_PX);
  };
  const place = (of: readonly RunColumn[], first: number, stays: boolean): Placed[] => {
    let end = 0;
    return of.map((column, at) => {
      const [start, size] = [end, sizeOf(column)];
      end += size;
      const style = stays ? { width: size, "--left": `calc(var(--name) + ${start}px)` } : { left: start, width: size };
      return { column, index: first + at, start, size, style };
    });
  };
  const [staying = [], scrolling = []] = [true, false].map((stays) =>
    columns.filter(({ spelling }) => isFixed.has(spelling) === stays),
  );
  return { still: place(staying, 0, true), moving: place(scrolling, staying.length, false) };
}

/** The total width of the columns, in px. */
export function widthOf(placed: readonly Placed[]): number {
  return placed.reduce((sum, { size }) => sum + size, 0);
}

/** Widths that the reader chose, kept by the browser. */
export function useWidths() {
  const [widths, setWidths] = useState<Widths>(() => {
    try {
      return JSON.parse(readSetting(WIDTHS_SETTING) ?? "{}") as Widths;
    } catch {
      return {};
    }
  });
  const change = useCallback((spelling: string, px: number): void => {
    setWidths((before) => {
      const next = { ...before, [spelling]: px };
      writeSetting(WIDTHS_SETTING, JSON.stringify(next));
      return next;
    });
  }, []);
  return [widths, change] as const;
}
