import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { type KeyboardEvent, type MouseEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { classNames } from "./class-names.ts";

const ROW_PX = 28;
const CHECK_TRACK = "16px";

export interface GridColumn<Row> {
  id: string;
  header: string;
  /** The header is for readers only: columns of buttons. */
  isHeaderHidden?: boolean;
  /** A track of CSS grid: `minmax(160px,1fr)`, `96px`. */
  track: string;
  isAtEnd?: boolean;
  /** Left out on phones. */
  isWideOnly?: boolean;
  isSortable?: boolean;
  /** What can be focused within takes `tabIndex`: the row in hand is the grid's one stop. */
  cell: (row: Row, tabIndex: 0 | -1) => ReactNode;
}

export interface GridSort {
  by: string;
  isDescending: boolean;
}

interface RowGridProps<Row> {
  label: string;
  rows: readonly Row[];
  idOf: (row: Row) => string;
  columns: readonly GridColumn<Row>[];
  sort?: GridSort;
  onSort?: (columnId: string) => void;
  /** Ids of selected rows; without it nothing can be selected. */
  selected?: ReadonlySet<string>;
  onSelect?: (selected: ReadonlySet<string>) => void;
  canSelect?: (row: Row) => boolean;
  /** Enter. */
  onOpen: (row: Row) => void;
  /** Keys that the grid has no use for, such as F2 and Delete. */
  onRowKey?: (event: KeyboardEvent, row: Row) => void;
  /** The last row is near: time for the next page. */
  onEndNear?: () => void;
}

/**
 * Rows of equal height, of which only those in sight exist. Arrows, Page Up and Down, Home and End move, Enter opens,
 * Space selects, with Shift a range.
 */
export function RowGrid<Row>(props: RowGridProps<Row>) {
  const { label, rows, idOf, columns, sort, onSort, selected, onSelect, canSelect, onOpen, onRowKey, onEndNear } =
    props;
  const scroller = useRef<HTMLDivElement>(null);
  const [wanted, setActive] = useState(0);
  const active = Math.max(0, Math.min(wanted, rows.length - 1));
  const focusNext = useRef<number>(undefined);
  const anchor = useRef(0);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    // The row in hand stays, wherever it is: else the focus would be lost by scrolling.
    rangeExtractor: (range) =>
      [...new Set([...defaultRangeExtractor(range), active])].filter((row) => row < rows.length),
  });
  const items = virtualizer.getVirtualItems();
  const lastInSight = virtualizer.range?.endIndex ?? 0;
  useEffect(() => {
    if (lastInSight >= rows.length - 20) onEndNear?.();
  }, [lastInSight, rows.length, onEndNear]);

  const isSelectable = (row: Row): boolean => canSelect?.(row) ?? true;
  const selectable = selected === undefined ? [] : rows.filter(isSelectable);
  const selectRange = (from: number, to: number): void => {
    const range = rows.slice(Math.min(from, to), Math.max(from, to) + 1).filter(isSelectable);
    onSelect?.(new Set([...(selected ?? []), ...range.map(idOf)]));
  };
  const toggle = (index: number, isRange: boolean): void => {
    const row = rows[index];
    if (row === undefined || selected === undefined || !isSelectable(row)) return;
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
    onSelect?.(new Set(selected?.size === selectable.length ? [] : selectable.map(idOf)));
  };
  const moveTo = (target: number, isRange: boolean): void => {
    const index = Math.max(0, Math.min(target, rows.length - 1));
    if (isRange && selected !== undefined) selectRange(anchor.current, index);
    else anchor.current = index;
    focusNext.current = index;
    setActive(index);
    virtualizer.scrollToIndex(index);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    const row = rows[active];
    const isRow = event.target instanceof HTMLElement && event.target.dataset.index !== undefined;
    if (row === undefined || !isRow || event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PX) - 2);
    const moves: Record<string, number> = {
      ...{ ArrowDown: active + 1, ArrowUp: active - 1, Home: 0, End: rows.length - 1 },
      ...{ PageDown: active + page, PageUp: active - page },
    };
    const move = moves[event.key];
    if (move !== undefined) moveTo(move, event.shiftKey);
    else if (event.key === "Enter") onOpen(row);
    else if (event.key === " ") toggle(active, event.shiftKey);
    else {
      onRowKey?.(event, row);
      return;
    }
    event.preventDefault();
  };
  const onCheck = (event: MouseEvent, index: number): void => {
    event.stopPropagation();
    toggle(index, event.shiftKey);
  };

  const check = selected === undefined ? [] : [CHECK_TRACK];
  const tracks = {
    "--wide": [...check, ...columns.map((column) => column.track)].join(" "),
    "--narrow": [...check, ...columns.filter((column) => !column.isWideOnly).map((column) => column.track)].join(" "),
  };
  const line = "grid grid-cols-(--narrow) items-center gap-x-3 px-3 wide:grid-cols-(--wide) wide:px-4";
  const cellClass = (column: GridColumn<Row>): string =>
    classNames(
      "min-w-0 items-center gap-2 overflow-hidden",
      column.isAtEnd && "justify-end",
      column.isWideOnly ? "hidden wide:flex" : "flex",
    );
  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-auto">
      {/* biome-ignore lint/a11y/useSemanticElements: rows that come and go while scrolling are no table */}
      <div
        role="grid"
        aria-label={label}
        aria-rowcount={rows.length + 1}
        aria-multiselectable={selected !== undefined || undefined}
        tabIndex={-1}
        onKeyDown={onKeyDown}
        style={tracks}
        className="outline-none"
      >
        {/* biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: a row of the grid above; its buttons have the focus */}
        <div
          role="row"
          aria-rowindex={1}
          className={classNames(line, "sticky top-0 z-10 h-8 border-line border-b bg-page text-ink-muted text-sm")}
        >
          {selected !== undefined && (
            // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above
            <span role="columnheader" className="flex">
              <input
                type="checkbox"
                aria-label="Select all"
                checked={selectable.length > 0 && selected.size >= selectable.length}
                ref={(box) => {
                  if (box) box.indeterminate = selected.size > 0 && selected.size < selectable.length;
                }}
                onChange={toggleAll}
                className="size-3.5 accent-accent"
              />
            </span>
          )}
          {columns.map((column) => (
            <HeaderCell key={column.id} column={column} sort={sort} onSort={onSort} className={cellClass(column)} />
          ))}
        </div>
        {/* biome-ignore lint/a11y/useSemanticElements: as above */}
        <div role="rowgroup" className="relative" style={{ height: virtualizer.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            const id = idOf(row);
            const isSelected = selected?.has(id) ?? false;
            return (
              // biome-ignore lint/a11y/useSemanticElements: as above
              <div
                key={id}
                role="row"
                data-index={index}
                aria-rowindex={index + 2}
                aria-selected={selected && isSelected}
                tabIndex={index === active ? 0 : -1}
                ref={(element) => {
                  if (element === null || focusNext.current !== index) return;
                  focusNext.current = undefined;
                  element.focus({ preventScroll: true });
                }}
                onFocus={() => setActive(index)}
                className={classNames(
                  line,
                  "absolute inset-x-0 top-0 h-row border-line border-b -outline-offset-2 hover:bg-hover",
                  isSelected && "bg-selected",
                )}
                style={{ transform: `translateY(${start}px)` }}
              >
                {selected !== undefined && (
                  // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above
                  <span role="gridcell" className="flex">
                    {isSelectable(row) && (
                      <input
                        type="checkbox"
                        aria-label={`Select row ${index + 1}`}
                        tabIndex={-1}
                        checked={isSelected}
                        readOnly
                        onClick={(event) => onCheck(event, index)}
                        className="size-3.5 accent-accent"
                      />
                    )}
                  </span>
                )}
                {columns.map((column) => (
                  // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above
                  <span key={column.id} role="gridcell" className={cellClass(column)}>
                    {column.cell(row, index === active ? 0 : -1)}
                  </span>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface HeaderCellProps<Row> {
  column: GridColumn<Row>;
  sort: GridSort | undefined;
  onSort: ((columnId: string) => void) | undefined;
  className: string;
}

function HeaderCell<Row>({ column, sort, onSort, className }: HeaderCellProps<Row>) {
  const isSorted = sort?.by === column.id;
  const Arrow = sort?.isDescending ? ArrowDown : ArrowUp;
  return (
    // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: a cell of the grid; its button has the focus
    <span
      role="columnheader"
      aria-sort={isSorted ? (sort.isDescending ? "descending" : "ascending") : undefined}
      className={className}
    >
      {column.isSortable && onSort ? (
        <button
          type="button"
          onClick={() => onSort(column.id)}
          className="flex min-w-0 items-center gap-1 rounded-sm hover:text-ink"
        >
          <span className="truncate">{column.header}</span>
          {isSorted && <Arrow size={12} aria-hidden />}
        </button>
      ) : (
        <span className={column.isHeaderHidden ? "sr-only" : "truncate"}>{column.header}</span>
      )}
    </span>
  );
}
