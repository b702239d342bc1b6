import { type MouseEvent, type PointerEvent, type RefObject, useEffect, useRef, useState } from "react";
import type { Placed } from "./grid-layout.ts";

/** The distance from which a press becomes a drag, in px. */
const THRESHOLD_PX = 6;
/** A dragged column scrolls the others from this distance to an edge, in px. It scrolls fastest at the edge and beyond. */
const EDGE_PX = 48;
const SCROLL_PX_PER_MS = 2;

interface Drag {
  moved: string;
  /** The column that would follow the dragged column; undefined for the end. */
  before: string | undefined;
}

interface Press {
  spelling: string;
  /** Where the press began, in px. */
  from: number;
  /** Where the pointer is, in px. */
  x: number;
  y: number;
}

interface ColumnDragOptions {
  order: readonly Placed[];
  /** Spellings of the columns that stay in place. */
  fixed: readonly string[];
  scroller: RefObject<HTMLElement | null>;
  onMove: (spelling: string, before: string | undefined) => void;
}

/** Lets the reader drag columns by their headers. Pinned columns stay among pinned, scrolling ones among scrolling columns. */
export function useColumnDrag({ order, fixed, scroller, onMove }: ColumnDragOptions) {
  const press = useRef<Press>(undefined);
  const wasDragged = useRef(false);
  const frame = useRef(0);
  const [drag, setDrag] = useState<Drag>();

  const targetAt = ({ x, y, spelling: moved }: Press): string | undefined => {
    const header = document.elementFromPoint(x, y)?.closest("[data-column]");
    const over = header?.getAttribute("data-column");
    if (header == null || over == null || fixed.includes(over) !== fixed.includes(moved)) return moved;
    const { left, width } = header.getBoundingClientRect();
    if (x < left + width / 2) return over;
    return order[order.findIndex(({ column }) => column.spelling === over) + 1]?.column.spelling;
  };
  const latest = useRef(targetAt);
  latest.current = targetAt;
  const follow = (): void => {
    const pressed = press.current;
    if (pressed !== undefined) setDrag({ moved: pressed.spelling, before: latest.current(pressed) });
  };
  const scrollOn = (row: HTMLElement, beforeMs: number): void => {
    frame.current = requestAnimationFrame((nowMs) => {
      const pull = press.current === undefined ? 0 : pullAt(press.current.x, row, scroller.current!);
      if (pull !== 0) {
        scroller.current!.scrollLeft += pull * SCROLL_PX_PER_MS * (nowMs - beforeMs);
        follow();
      }
      scrollOn(row, nowMs);
    });
  };
  const end = (): void => {
    press.current = undefined;
    cancelAnimationFrame(frame.current);
    setDrag(undefined);
  };
  useEffect(() => () => cancelAnimationFrame(frame.current), []);

  const onPointerDown = (event: PointerEvent, spelling: string): void => {
    wasDragged.current = false;
    // On touch screens the same gesture scrolls.
    if (event.button !== 0 || event.pointerType === "touch") return;
    press.current = { spelling, from: event.clientX, x: event.clientX, y: event.clientY };
  };
  const onPointerMove = (event: PointerEvent<HTMLElement>): void => {
    const pressed = press.current;
    if (pressed === undefined) return;
    Object.assign(pressed, { x: event.clientX, y: event.clientY });
    if (drag === undefined) {
      if (Math.abs(pressed.x - pressed.from) < THRESHOLD_PX) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      if (!fixed.includes(pressed.spelling)) scrollOn(event.currentTarget, performance.now());
    }
    wasDragged.current = true;
    follow();
  };
  const onPointerUp = (): void => {
    if (drag !== undefined && drag.before !== drag.moved) onMove(drag.moved, drag.before);
    end();
  };
  return {
    moved: drag?.moved,
    before: drag?.before,
    onPointerDown,
    /** Event handlers of the row of headers. */
    row: {
      onPointerMove,
      onPointerUp,
      onPointerCancel: end,
      onClickCapture: (event: MouseEvent) => {
        if (wasDragged.current) event.stopPropagation();
        wasDragged.current = false;
      },
    },
  };
}

/** The direction and speed of scrolling, from −1 to 1. The row's last element holds the scrolling columns. */
function pullAt(x: number, row: HTMLElement, scroller: HTMLElement): number {
  const left = row.lastElementChild!.previousElementSibling!.getBoundingClientRect().right;
  const right = scroller.getBoundingClientRect().left + scroller.clientWidth;
  const beyond = Math.min(0, x - left - EDGE_PX) + Math.max(0, x - right + EDGE_PX);
  return Math.max(-1, Math.min(1, beyond / EDGE_PX));
}
