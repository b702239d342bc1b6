import { type KeyboardEvent, type MouseEvent, type RefObject, useMemo, useRef, useState } from "react";

/** Rows of every grid are equally high, as `--spacing-row` says. */
export const ROW_PX = 28;
export const HEAD_PX = 32;

/** Makes a tree of a grid's rows. */
export interface GridTree<Row> {
  /** Undefined if no row is below the row. */
  isOpen: (row: Row) => boolean | undefined;
  /** 0 at the top. */
  depthOf: (row: Row) => number;
  onToggle: (row: Row) => void;
}

export interface GridRowsOptions<Row> {
  rows: readonly Row[];
  idOf: (row: Row) => string;
  scroller: RefObject<HTMLElement | null>;
  /** Ids of selected rows; without it nothing can be selected. */
  selected?: ReadonlySet<string> | undefined;
  onSelect?: ((selected: ReadonlySet<string>) => void) | undefined;
  canSelect?: ((row: Row) => boolean) | undefined;
  /** Enter; Space too on a row that cannot be selected. */
  onOpen: (row: Row) => void;
  /** Keys that the grid has no use for, such as F2 and Delete. */
  onRowKey?: ((event: KeyboardEvent, row: Row) => void) | undefined;
  tree?: GridTree<Row> | undefined;
}

/** The functions by which a row changes its grid. They stay the same, so that rows can be memoised. */
export interface RowHand {
  /** The row's element, which gets the focus after keys have moved to the row. */
  place: (element: HTMLElement | null, index: number) => void;
  onFocus: (index: number) => void;
  onCheck: (event: MouseEvent, index: number) => void;
  onToggleAll: () => void;
}

export interface GridRows<Row> {
  /** The row in hand: the grid's one stop for Tab. */
  active: number;
  selectable: readonly Row[];
  /** Of the grid. */
  onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
  hand: RowHand;
}

/**
 * The keys and the selection of a grid of rows. Arrows, Page Up and Down, Home and End move, Enter opens, Space selects,
 * with Shift a range, Ctrl A all; in a tree Left and Right close and open. A row names its place as `data-index`.
 * @param scrollTo brings a row into sight.
 */
export function useGridRows<Row>(options: GridRowsOptions<Row>, scrollTo: (index: number) => void): GridRows<Row> {
  const { rows, idOf, scroller, selected, onSelect, canSelect, onOpen, onRowKey, tree } = options;
  const [wanted, setActive] = useState(0);
  const active = Math.max(0, Math.min(wanted, rows.length - 1));
  const focusNext = useRef<number>(undefined);
  const anchor = useRef(0);
  const hasSelection = selected !== undefined;
  const selectable = useMemo(
    () => (hasSelection ? (canSelect === undefined ? rows : rows.filter(canSelect)) : []),
    [rows, canSelect, hasSelection],
  );

  const selectRange = (from: number, to: number): void => {
    const range = rows.slice(Math.min(from, to), Math.max(from, to) + 1).filter((row) => canSelect?.(row) ?? true);
    onSelect?.(new Set([...(selected ?? []), ...range.map(idOf)]));
  };
  const toggle = (index: number, isRange: boolean): void => {
    const row = rows[index];
    if (row === undefined || selected === undefined) return;
    if (isRange) {
      selectRange(anchor.current, index);
      return;
    }
    anchor.current = index;
    const next = new Set(selected);
    if (!next.delete(idOf(row))) next.add(idOf(row));
    onSelect?.(next);
  };
  const toggleAll = (): void => {
    onSelect?.(new Set(selectable.every((row) => selected?.has(idOf(row))) ? [] : selectable.map(idOf)));
  };
  const moveTo = (target: number, isRange: boolean): void => {
    const index = Math.max(0, Math.min(target, rows.length - 1));
    if (isRange && hasSelection) selectRange(anchor.current, index);
    else anchor.current = index;
    if (index !== active) focusNext.current = index;
    setActive(index);
    scrollTo(index);
  };
  const onLeft = (of: GridTree<Row>, row: Row): boolean => {
    if (of.isOpen(row)) {
      of.onToggle(row);
      return true;
    }
    const parent = rows.slice(0, active).findLastIndex((above) => of.depthOf(above) < of.depthOf(row));
    if (parent >= 0) moveTo(parent, false);
    return parent >= 0;
  };
  /** @returns whether the key was of use. */
  const take = (event: KeyboardEvent, row: Row): boolean => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PX) - 2);
    const moves: Record<string, number> = {
      ...{ ArrowDown: active + 1, ArrowUp: active - 1, Home: 0, End: rows.length - 1 },
      ...{ PageDown: active + page, PageUp: active - page },
    };
    const move = moves[event.key];
    if (move !== undefined) moveTo(move, event.shiftKey);
    else if (event.key === "Enter") onOpen(row);
    else if (event.key === " ")
      hasSelection && (canSelect?.(row) ?? true) ? toggle(active, event.shiftKey) : onOpen(row);
    else if (event.key === "ArrowRight" && tree?.isOpen(row) === false) tree.onToggle(row);
    else if (event.key === "ArrowLeft" && tree !== undefined) return onLeft(tree, row);
    else return false;
    return true;
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const row = rows[active];
    const isRow = event.target instanceof HTMLElement && event.target.dataset.index !== undefined;
    if (row === undefined || !isRow || event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      if (event.key !== "a" || !hasSelection) return;
      toggleAll();
    } else if (!take(event, row)) {
      onRowKey?.(event, row);
      return;
    }
    event.preventDefault();
  };

  const latest = useRef({ toggle, toggleAll });
  latest.current = { toggle, toggleAll };
  const [hand] = useState<RowHand>(() => ({
    place: (element, index) => {
      if (element === null || focusNext.current !== index) return;
      focusNext.current = undefined;
      element.focus({ preventScroll: true });
    },
    onFocus: setActive,
    onCheck: (event, index) => {
      event.stopPropagation();
      latest.current.toggle(index, event.shiftKey);
    },
    onToggleAll: () => latest.current.toggleAll(),
  }));
  return { active, selectable, onKeyDown, hand };
}
