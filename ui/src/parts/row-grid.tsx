import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { memo, type ReactNode, useEffect, useRef } from "react";
import { classNames } from "./class-names.ts";
import { type GridRowsOptions, HEAD_PX, ROW_PX, type RowHand, useGridRows } from "./grid-rows.ts";
import { SelectAll } from "./select-all.tsx";

const CHECK_TRACK = "16px";

export interface GridColumn<Row> {
  id: string;
  header: string;
  /** Only screen readers get the header, as for a column of buttons. */
  isHeaderHidden?: boolean;
  /** A track of CSS grid: `minmax(160px,1fr)`, `96px`. */
  track: string;
  isAtEnd?: boolean;
  /** Left out on phones. */
  isWideOnly?: boolean;
  isSortable?: boolean;
  /** Focusable elements of the cell take `tabIndex`, because the active row is the grid's only Tab stop. */
  cell: (row: Row, tabIndex: 0 | -1) => ReactNode;
}

export interface GridSort {
  by: string;
  isDescending: boolean;
}

interface RowGridProps<Row> extends Omit<GridRowsOptions<Row>, "scroller" | "tree"> {
  label: string;
  columns: readonly GridColumn<Row>[];
  sort?: GridSort;
  onSort?: (columnId: string) => void;
  /** The last row is near: time for the next page. */
  onEndNear?: () => void;
}

/** Rows of equal height. Only visible rows are rendered. {@link useGridRows} describes the keys. */
export function RowGrid<Row>(props: RowGridProps<Row>) {
  const { label, rows, idOf, columns, sort, onSort, selected, canSelect, onEndNear } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const { active, selectable, onKeyDown, hand } = useGridRows({ ...props, scroller }, (index) =>
    virtualizer.scrollToIndex(index),
  );
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    scrollPaddingEnd: HEAD_PX,
    // The active row stays rendered, because scrolling would lose the focus otherwise.
    rangeExtractor: (range) =>
      [...new Set([...defaultRangeExtractor(range), active])].filter((row) => row < rows.length),
  });
  const items = virtualizer.getVirtualItems();
  const lastInSight = virtualizer.range?.endIndex ?? 0;
  useEffect(() => {
    if (lastInSight >= rows.length - 20) onEndNear?.();
  }, [lastInSight, rows.length, onEndNear]);

  const check = selected === undefined ? [] : [CHECK_TRACK];
  const tracks = {
    "--wide": [...check, ...columns.map((column) => column.track)].join(" "),
    "--narrow": [...check, ...columns.filter((column) => !column.isWideOnly).map((column) => column.track)].join(" "),
  };
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
          className={classNames(LINE, "sticky top-0 z-10 h-8 border-line border-b bg-page text-ink-muted text-sm")}
        >
          {selected !== undefined && (
            // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above
            <span role="columnheader" className="flex">
              <SelectAll of={selectable.length} selected={selected.size} onToggle={hand.onToggleAll} />
            </span>
          )}
          {columns.map((column) => (
            <HeaderCell key={column.id} column={column} sort={sort} onSort={onSort} />
          ))}
        </div>
        {/* biome-ignore lint/a11y/useSemanticElements: as above */}
        <div role="rowgroup" className="relative" style={{ height: virtualizer.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            const id = idOf(row);
            return (
              <Line
                key={id}
                {...{ row, index, start, columns, hand }}
                isActive={index === active}
                isSelected={selected?.has(id)}
                canBeSelected={canSelect?.(row) ?? true}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

const LINE = "grid grid-cols-(--narrow) items-center gap-x-3 px-3 wide:grid-cols-(--wide) wide:px-4";

function cellClass<Row>(column: GridColumn<Row>): string {
  return classNames(
    "min-w-0 items-center gap-2 overflow-hidden",
    column.isAtEnd && "justify-end",
    column.isWideOnly ? "hidden wide:flex" : "flex",
  );
}

interface LineProps<Row> {
  row: Row;
  index: number;
  /** From the top of all rows, in px. */
  start: number;
  columns: readonly GridColumn<Row>[];
  hand: RowHand;
  isActive: boolean;
  /** Undefined if rows cannot be selected. */
  isSelected: boolean | undefined;
  canBeSelected: boolean;
}

function BareLine<Row>(props: LineProps<Row>) {
  const { row, index, start, columns, hand, isActive, isSelected, canBeSelected } = props;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a row of the grid above
    <div
      role="row"
      data-index={index}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      tabIndex={isActive ? 0 : -1}
      ref={(element) => hand.place(element, index)}
      onFocus={() => hand.onFocus(index)}
      className={classNames(
        LINE,
        "absolute inset-x-0 top-0 h-row border-line border-b -outline-offset-2",
        isSelected ? "bg-selected" : "hover:bg-hover",
      )}
      style={{ transform: `translateY(${start}px)` }}
    >
      {isSelected !== undefined && (
        // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: the row has the focus
        <span role="gridcell" className="flex">
          {canBeSelected && (
            <input
              type="checkbox"
              aria-label={`Select row ${index + 1}`}
              tabIndex={-1}
              checked={isSelected}
              readOnly
              onClick={(event) => hand.onCheck(event, index)}
              className="size-3.5 accent-accent"
            />
          )}
        </span>
      )}
      {columns.map((column) => (
        // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above
        <span key={column.id} role="gridcell" className={cellClass(column)}>
          {column.cell(row, isActive ? 0 : -1)}
        </span>
      ))}
    </div>
  );
}

/** A row renders again only if its own content has changed. Scrolling renders only the new rows. */
const Line = memo(BareLine) as typeof BareLine;

interface HeaderCellProps<Row> {
  column: GridColumn<Row>;
  sort: GridSort | undefined;
  onSort: ((columnId: string) => void) | undefined;
}

function HeaderCell<Row>({ column, sort, onSort }: HeaderCellProps<Row>) {
  const isSorted = sort?.by === column.id;
  const Arrow = sort?.isDescending ? ArrowDown : ArrowUp;
  return (
    // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: a cell of the grid; its button has the focus
    <span
      role="columnheader"
      aria-sort={isSorted ? (sort.isDescending ? "descending" : "ascending") : undefined}
      className={cellClass(column)}
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
