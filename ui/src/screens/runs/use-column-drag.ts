import { type MouseEvent, type PointerEvent, useRef, useState } from "react";
import type { Placed } from "./grid-layout.ts";

/** So far the pointer goes until it is no longer a press, in px. */
const THRESHOLD_PX = 6;

interface Drag {
  moved: string;
  /** The column that it would be put before; undefined for the end. */
  before: string | undefined;
}

/** Columns that are dragged to another place by their headers, among those that stay or those that scroll. */
export function useColumnDrag(
  order: readonly Placed[],
  fixed: readonly string[],
  onMove: (spelling: string, before: string | undefined) => void,
) {
  const press = useRef<{ spelling: string; x: number }>(undefined);
  const wasDragged = useRef(false);
  const [drag, setDrag] = useState<Drag>();

  const targetAt = (event: PointerEvent, moved: string): string | undefined => {
    const header = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-column]");
    const over = header?.getAttribute("data-column");
    if (header == null || over == null || fixed.includes(over) !== fixed.includes(moved)) return moved;
    const { left, width } = header.getBoundingClientRect();
    if (event.clientX < left + width / 2) return over;
    return order[order.findIndex(({ column }) => column.spelling === over) + 1]?.column.spelling;
  };
  const onPointerDown = (event: PointerEvent, spelling: string): void => {
    wasDragged.current = false;
    // On touch screens the same gesture scrolls.
    if (event.button === 0 && event.pointerType !== "touch") press.current = { spelling, x: event.clientX };
  };
  const onPointerMove = (event: PointerEvent): void => {
    if (press.current === undefined) return;
    const { spelling, x } = press.current;
    if (drag === undefined && Math.abs(event.clientX - x) < THRESHOLD_PX) return;
    if (drag === undefined) event.currentTarget.setPointerCapture(event.pointerId);
    wasDragged.current = true;
    setDrag({ moved: spelling, before: targetAt(event, spelling) });
  };
  const onPointerUp = (): void => {
    press.current = undefined;
    if (drag !== undefined && drag.before !== drag.moved) onMove(drag.moved, drag.before);
    setDrag(undefined);
  };
  return {
    moved: drag?.moved,
    before: drag?.before,
    onPointerDown,
    /** Of the row of headers. */
    row: {
      onPointerMove,
      onPointerUp,
      onPointerCancel: () => {
        press.current = undefined;
        setDrag(undefined);
      },
      onClickCapture: (event: MouseEvent) => {
        if (wasDragged.current) event.stopPropagation();
        wasDragged.current = false;
      },
    },
  };
}
