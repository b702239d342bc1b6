import { ArrowDown, ArrowUp, ChevronDown } from "lucide-react";
import { type KeyboardEvent, type MouseEvent, memo, type RefObject, useMemo, useRef, useState } from "react";
import { classNames } from "../../parts/class-names.ts";
import { ContextMenu } from "../../parts/menu.tsx";
import { SelectAll } from "../../parts/select-all.tsx";
import { columnEntries, type HeaderActions, nameEntries } from "./column-menu.ts";
import type { GridLayout, Placed } from "./grid-layout.ts";
import { columnLabels, directionOf, isAtEnd, NAME_ORDER, type RunColumn } from "./run-columns.ts";
import { NAME_CELL, STILL_CELL } from "./run-line.tsx";
import { useColumnDrag } from "./use-column-drag.ts";

interface RunsHeaderProps {
  layout: GridLayout;
  columns: readonly RunColumn[];
  fixed: readonly string[];
  sort: readonly string[];
  /** All columns from left to right. */
  order: readonly Placed[];
  scroller: RefObject<HTMLElement | null>;
  actions: HeaderActions;
  /** Scrolls a column into sight. @param index its place in `order` */
  onShow: (index: number) => void;
  selectable: number;
  selected: number;
  onToggleAll: () => void;
}

const MIN_COLUMN_PX = 56;
const RESIZE_STEP_PX = 16;

/** Means the name's column. No other column has this spelling. */
const NAME = "";

/**
 * The head of the table. It is one tab stop; arrow keys move the focus within it. Enter orders by the column; Shift+Enter
 * keeps the other orders. Alt+arrow moves the column, Shift+arrow resizes it, Down opens its menu, Delete removes it.
 */
export const RunsHeader = memo(function RunsHeader(props: RunsHeaderProps) {
  const { layout, columns, sort, order, actions, onShow, selectable, selected, onToggleAll } = props;
  const [wanted, setInHand] = useState(NAME);
  const [menuOf, setMenuOf] = useState(NAME);
  const focusNext = useRef<string>(undefined);
  const labels = useMemo(() => columnLabels(columns), [columns]);
  const rendered = [...layout.still, ...layout.shown];
  const inHand = rendered.some(({ column }) => column.spelling === wanted) ? wanted : NAME;
  const drag = useColumnDrag({ order, fixed: props.fixed, scroller: props.scroller, onMove: actions.onMove });

  const focus = (spelling: string, index: number): void => {
    focusNext.current = spelling;
    setInHand(spelling);
    onShow(index);
  };
  const place = (element: HTMLElement | null, spelling: string): void => {
    if (element === null || focusNext.current !== spelling) return;
    focusNext.current = undefined;
    element.focus({ preventScroll: true });
  };
  /** Handles a key. @returns whether the key has a meaning here */
  const take = (event: KeyboardEvent<HTMLElement>, spelling: string): boolean => {
    const at = order.findIndex(({ column }) => column.spelling === spelling);
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "ArrowDown") openMenu(event.currentTarget);
    else if (event.key === "Home") focus(NAME, 0);
    else if (event.key === "End") focus(order.at(-1)?.column.spelling ?? NAME, order.length - 1);
    else if (event.key === "Delete" && spelling !== NAME) actions.onReplace(spelling, undefined);
    else if (step === undefined) return false;
    else if (event.shiftKey) resize(order[at], step * RESIZE_STEP_PX);
    else if (event.altKey) move(at, step);
    else if (at + step < order.length) focus(order[at + step]?.column.spelling ?? NAME, at + step);
    return true;
  };
  const resize = (of: Placed | undefined, byPx: number): void => {
    if (of !== undefined) actions.onResize(of.column.spelling, Math.max(MIN_COLUMN_PX, of.size + byPx));
  };
  const move = (at: number, step: number): void => {
    const spelling = order[at]?.column.spelling;
    const neighbour = order[at + step]?.column.spelling;
    const isFixed = (of: string) => props.fixed.includes(of);
    if (spelling === undefined || neighbour === undefined || isFixed(spelling) !== isFixed(neighbour)) return;
    actions.onMove(spelling, step < 0 ? neighbour : order[at + 2]?.column.spelling);
    focus(spelling, at + step);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>, spelling: string): void => {
    if (event.ctrlKey || event.metaKey || !take(event, spelling)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onContextMenu = (event: MouseEvent): void => {
    const header = event.target instanceof Element ? event.target.closest("[data-column]") : null;
    setMenuOf(header?.getAttribute("data-column") ?? NAME);
  };

  const button = (spelling: string, label: string, orderOf: string | undefined, isAtEnd = false) => ({
    ref: (element: HTMLElement | null) => place(element, spelling),
    tabIndex: inHand === spelling ? 0 : -1,
    onFocus: () => setInHand(spelling),
    onKeyDown: (event: KeyboardEvent<HTMLElement>) => onKeyDown(event, spelling),
    onClick: (event: MouseEvent) => orderOf !== undefined && actions.onSort(orderOf, event.shiftKey),
    title: `${(spelling || label).slice(0, 300)}: ${orderOf === undefined ? "" : "press to order, "}right-click or ↓ for more`,
    ...{ label, isAtEnd, direction: directionOf(sort, orderOf) },
  });
  const header = (placed: Placed, className: string) => {
    const { column, size, style } = placed;
    const { spelling } = column;
    return (
      // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: a grid cell; its button has the focus
      <span
        key={spelling}
        role="columnheader"
        aria-colindex={placed.index + 2}
        aria-sort={ariaSort(sort, column.order)}
        data-column={spelling}
        className={classNames(
          "group/head flex items-center px-2",
          className,
          drag.moved === spelling && "opacity-50",
          drag.moved !== undefined && drag.before === spelling && "shadow-[inset_2px_0_0_var(--color-accent)]",
          drag.moved !== undefined &&
            drag.before === undefined &&
            placed.index === order.length - 1 &&
            "shadow-[inset_-2px_0_0_var(--color-accent)]",
        )}
        style={style}
        onPointerDown={(event) => drag.onPointerDown(event, spelling)}
      >
        <HeaderButton {...button(spelling, labels.get(spelling)!, column.order, isAtEnd(column))} />
        <MenuMark />
        <Resizer
          width={size}
          // A pinned column has a visible edge; the handle lies on it.
          className={placed.index < layout.still.length ? "-right-px" : "right-0"}
          onResize={(px) => resize(placed, px - size)}
        />
      </span>
    );
  };
  const ofMenu = order.find(({ column }) => column.spelling === menuOf);
  const entries =
    ofMenu === undefined
      ? nameEntries(actions)
      : columnEntries(ofMenu, { order, fixed: props.fixed, actions, onMove: move, onResize: resize });
  return (
    <ContextMenu entries={entries}>
      {/* biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: a row of the grid; its buttons have the focus */}
      <div
        role="row"
        aria-rowindex={1}
        onContextMenuCapture={onContextMenu}
        {...drag.row}
        className="sticky top-0 z-20 flex h-8 select-none border-line border-b bg-page text-ink-muted text-sm"
      >
        {/* biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above */}
        <span
          role="columnheader"
          aria-sort={ariaSort(sort, NAME_ORDER)}
          className={classNames(NAME_CELL, "group/head bg-page")}
        >
          <SelectAll of={selectable} selected={selected} onToggle={onToggleAll} />
          <HeaderButton {...button(NAME, "Run", NAME_ORDER)} />
          <MenuMark />
        </span>
        {layout.still.map((placed) => header(placed, classNames(STILL_CELL, "bg-page")))}
        <div className="relative flex-1">{layout.shown.map((placed) => header(placed, "absolute inset-y-0"))}</div>
      </div>
    </ContextMenu>
  );
});

function ariaSort(sort: readonly string[], order: string | undefined): "ascending" | "descending" | undefined {
  const direction = directionOf(sort, order);
  return direction && (direction === "ASC" ? "ascending" : "descending");
}

/** Opens the menu of the element's header, below the element, like a right click. */
function openMenu(element: HTMLElement): void {
  const { left, bottom } = element.getBoundingClientRect();
  element.dispatchEvent(new window.MouseEvent("contextmenu", { bubbles: true, clientX: left, clientY: bottom + 4 }));
}

interface HeaderButtonProps {
  label: string;
  isAtEnd: boolean;
  direction: "ASC" | "DESC" | undefined;
  ref: (element: HTMLElement | null) => void;
  title: string;
  tabIndex: number;
  onFocus: () => void;
  onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
  onClick: (event: MouseEvent) => void;
}

function HeaderButton({ label, isAtEnd, direction, ...rest }: HeaderButtonProps) {
  const Arrow = direction === "DESC" ? ArrowDown : ArrowUp;
  return (
    <button
      type="button"
      aria-haspopup="menu"
      {...rest}
      className={classNames(
        "flex min-h-6 min-w-0 flex-1 items-center gap-1 rounded-sm hover:text-ink",
        isAtEnd && "justify-end",
        direction && "font-medium text-ink",
      )}
    >
      <span className="truncate">{label.slice(0, 120)}</span>
      {direction && <Arrow size={12} aria-hidden className="shrink-0" />}
    </button>
  );
}

/** Shows under the pointer that the header has a menu. The Down key opens the same menu. */
function MenuMark() {
  return (
    <span
      aria-hidden
      className="absolute inset-y-1 right-2 hidden w-5 items-center justify-center rounded-sm bg-page hover:bg-hover hover:text-ink group-hover/head:flex"
      onClick={(event) => openMenu(event.currentTarget)}
    >
      <ChevronDown size={14} />
    </span>
  );
}

/** A column's edge. Dragging the edge resizes the column. */
function Resizer(props: { width: number; className: string; onResize: (px: number) => void }) {
  const { width, className, onResize } = props;
  const start = useRef<{ x: number; width: number }>(undefined);
  return (
    <span
      aria-hidden
      className={classNames(
        "absolute inset-y-1 w-2 cursor-col-resize touch-none border-line border-r hover:border-accent",
        className,
      )}
      onPointerDown={(event) => {
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { x: event.clientX, width };
      }}
      onPointerMove={(event) => {
        if (start.current) onResize(start.current.width + event.clientX - start.current.x);
      }}
      onPointerUp={() => {
        start.current = undefined;
      }}
    />
  );
}
