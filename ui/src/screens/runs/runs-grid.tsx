import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp, ChevronDown, ChevronRight, Pin } from "lucide-react";
import { type KeyboardEvent, type MouseEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { runColour } from "../../charts/run-colour.ts";
import { Status } from "../../parts/badges.tsx";
import { classNames } from "../../parts/class-names.ts";
import { readSetting, writeSetting } from "../../parts/settings.ts";
import { GroupCell, RunCell } from "./run-cell.tsx";
import { columnLabel, type RunColumn } from "./run-columns.ts";
import type { RunRow, TableRow } from "./run-rows.ts";

const ROW_PX = 28;
const MIN_COLUMN_PX = 56;
const METRIC_PX = 104;
const OTHER_PX = 132;
const WIDTHS_SETTING = "runs.widths";

export interface RunsGridProps {
  rows: readonly TableRow[];
  columns: readonly RunColumn[];
  sort: readonly string[];
  onSort: (spelling: string, isAdded: boolean) => void;
  selected: ReadonlySet<string>;
  onSelect: (selected: ReadonlySet<string>) => void;
  pinned: ReadonlySet<string>;
  onToggle: (id: string) => void;
  hrefOf: (row: RunRow) => string;
  onOpen: (row: RunRow) => void;
  onRowKey: (event: KeyboardEvent, row: RunRow) => void;
}

/**
 * Runs as rows, of which only the cells in sight exist: ten thousand rows and hundreds of columns scroll alike. The name
 * stays in place. Arrows, Page Up and Down, Home and End move; Enter opens; Space selects, with Shift a range; Left and
 * Right close and open what is below.
 */
export function RunsGrid(props: RunsGridProps) {
  const { rows, columns, sort, onSort, selected, onSelect, pinned, onToggle, hrefOf, onOpen, onRowKey } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [wanted, setActive] = useState(0);
  const active = Math.max(0, Math.min(wanted, rows.length - 1));
  const focusNext = useRef<number>(undefined);
  const anchor = useRef(0);
  const [widths, setWidths] = useWidths();
  const widthOf = (column: RunColumn): number =>
    widths[column.spelling] ?? (column.kind === "metric" ? METRIC_PX : OTHER_PX);

  const vertical = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
  });
  const horizontal = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => widthOf(columns[index]!),
    overscan: 4,
  });
  const shape = columns.map((column) => `${column.spelling}:${widthOf(column)}`).join("|");
  // biome-ignore lint/correctness/useExhaustiveDependencies: other columns or widths are other places
  useEffect(() => horizontal.measure(), [shape, horizontal]);

  const runs = rows.filter((row) => row.kind === "run");
  const isTree = rows.some((row) => row.isOpen !== undefined);
  const selectRange = (from: number, to: number): void => {
    const range = rows.slice(Math.min(from, to), Math.max(from, to) + 1).filter((row) => row.kind === "run");
    onSelect(new Set([...selected, ...range.map((row) => row.id)]));
  };
  const toggleSelected = (index: number, isRange: boolean): void => {
    const row = rows[index];
    if (row?.kind !== "run") return;
    if (isRange) {
      selectRange(anchor.current, index);
      return;
    }
    anchor.current = index;
    const next = new Set(selected);
    if (!next.delete(row.id)) next.add(row.id);
    onSelect(next);
  };
  const moveTo = (target: number, isRange: boolean): void => {
    const index = Math.max(0, Math.min(target, rows.length - 1));
    if (isRange) selectRange(anchor.current, index);
    else anchor.current = index;
    focusNext.current = index;
    setActive(index);
    vertical.scrollToIndex(index);
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
    const isBranch = row.isOpen !== undefined;
    if (move !== undefined) moveTo(move, event.shiftKey);
    else if (event.key === "ArrowRight" && isBranch && !row.isOpen) onToggle(row.id);
    else if (event.key === "ArrowLeft" && row.isOpen) onToggle(row.id);
    else if (event.key === "Enter") row.kind === "run" ? onOpen(row) : onToggle(row.id);
    else if (event.key === " ") row.kind === "run" ? toggleSelected(active, event.shiftKey) : onToggle(row.id);
    else {
      if (row.kind === "run") onRowKey(event, row);
      return;
    }
    event.preventDefault();
  };
  const onCheck = (event: MouseEvent, index: number): void => {
    event.stopPropagation();
    toggleSelected(index, event.shiftKey);
  };

  const shown = horizontal.getVirtualItems();
  const width = horizontal.getTotalSize();
  const headClass = "sticky left-0 z-10 flex w-(--name) shrink-0 items-center gap-2 border-line border-r px-3";
  return (
    <div ref={scroller} className="min-h-0 min-w-0 flex-1 overflow-auto [--name:200px] wide:[--name:300px]">
      {/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useAriaPropsSupportedByRole: it is a grid or a tree of rows, which the lint cannot tell */}
      <div
        role={isTree ? "treegrid" : "grid"}
        aria-label="Runs"
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length + 1}
        aria-multiselectable
        tabIndex={-1}
        onKeyDown={onKeyDown}
        className="min-w-full outline-none"
        style={{ width: `calc(var(--name) + ${width}px)` }}
      >
        {/* biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: a row of the grid above; its buttons have the focus */}
        <div
          role="row"
          aria-rowindex={1}
          className="sticky top-0 z-20 flex h-8 border-line border-b bg-page text-ink-muted text-sm"
        >
          {/* biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above */}
          <span role="columnheader" className={classNames(headClass, "bg-page")}>
            <input
              type="checkbox"
              aria-label="Select all"
              checked={runs.length > 0 && selected.size >= runs.length}
              ref={(box) => {
                if (box) box.indeterminate = selected.size > 0 && selected.size < runs.length;
              }}
              onChange={() => onSelect(new Set(selected.size >= runs.length ? [] : runs.map((row) => row.id)))}
              className="size-3.5 accent-accent"
            />
            <SortButton label="Run" spelling="attributes.run_name" sort={sort} onSort={onSort} />
          </span>
          <div className="relative flex-1">
            {shown.map(({ index, start, size }) => {
              const column = columns[index]!;
              return (
                // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above
                <span
                  key={column.spelling}
                  role="columnheader"
                  aria-colindex={index + 2}
                  aria-sort={ariaSort(sort, column.spelling)}
                  className="absolute inset-y-0 flex items-center px-2"
                  style={{ left: start, width: size }}
                >
                  <SortButton
                    label={columnLabel(column)}
                    spelling={column.spelling}
                    sort={sort}
                    onSort={onSort}
                    isAtEnd={column.kind === "metric"}
                    isFixed={column.spelling === "duration" || column.spelling === "source"}
                  />
                  <Resizer
                    width={size}
                    onResize={(px) => setWidths({ ...widths, [column.spelling]: Math.max(MIN_COLUMN_PX, px) })}
                  />
                </span>
              );
            })}
          </div>
        </div>
        {/* biome-ignore lint/a11y/useSemanticElements: as above */}
        <div role="rowgroup" className="relative" style={{ height: vertical.getTotalSize() }}>
          {vertical.getVirtualItems().map(({ index, start }) => {
            const row = rows[index]!;
            const isSelected = selected.has(row.id);
            const surface = isSelected ? "bg-selected" : row.kind === "group" ? "bg-surface" : "bg-page";
            return (
              // biome-ignore lint/a11y/useSemanticElements: as above
              <div
                key={row.id}
                role="row"
                data-index={index}
                aria-rowindex={index + 2}
                aria-selected={row.kind === "run" ? isSelected : undefined}
                aria-expanded={row.isOpen}
                aria-level={isTree ? (row.kind === "run" ? row.depth : 0) + 1 : undefined}
                tabIndex={index === active ? 0 : -1}
                ref={(element) => {
                  if (element === null || focusNext.current !== index) return;
                  focusNext.current = undefined;
                  element.focus({ preventScroll: true });
                }}
                onFocus={() => setActive(index)}
                className={classNames(
                  "group absolute inset-x-0 top-0 flex h-row border-line border-b -outline-offset-2",
                  surface,
                )}
                style={{ transform: `translateY(${start}px)` }}
              >
                {/* biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above */}
                <span role="gridcell" className={classNames(headClass, surface, "group-hover:bg-hover")}>
                  {row.kind === "run" ? (
                    <input
                      type="checkbox"
                      aria-label={`Select ${row.name}`}
                      tabIndex={-1}
                      checked={isSelected}
                      readOnly
                      onClick={(event) => onCheck(event, index)}
                      className="size-3.5 shrink-0 accent-accent"
                    />
                  ) : (
                    <span className="size-3.5 shrink-0" />
                  )}
                  {row.kind === "run" && row.depth > 0 && (
                    <span aria-hidden className="shrink-0" style={{ width: 16 * row.depth }} />
                  )}
                  {row.isOpen !== undefined && (
                    <button
                      type="button"
                      tabIndex={-1}
                      aria-label={row.isOpen ? "Close" : "Open"}
                      className="-mx-1 shrink-0 rounded-sm hover:bg-hover"
                      onClick={() => onToggle(row.id)}
                    >
                      {row.isOpen ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
                    </button>
                  )}
                  {row.kind === "run" ? (
                    <>
                      <span
                        aria-hidden
                        className="size-2.5 shrink-0 rounded-full"
                        style={{ background: runColour(row.id) }}
                      />
                      <Status status={row.status} isCompact />
                      <a
                        href={hrefOf(row)}
                        tabIndex={index === active ? 0 : -1}
                        className="min-w-0 truncate text-accent hover:underline"
                        title={row.name.slice(0, 500)}
                      >
                        {row.name.slice(0, 200)}
                      </a>
                      {pinned.has(row.id) && <Pin size={12} role="img" aria-label="Pinned" className="shrink-0" />}
                    </>
                  ) : (
                    <span className="min-w-0 truncate font-medium" title={row.label.slice(0, 500)}>
                      {row.label} <span className="text-ink-muted">({row.count})</span>
                    </span>
                  )}
                </span>
                <div className="relative flex-1 group-hover:bg-hover">
                  {shown.map(({ index: at, start: left, size }) => {
                    const column = columns[at]!;
                    return (
                      // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above
                      <span
                        key={column.spelling}
                        role="gridcell"
                        aria-colindex={at + 2}
                        className={classNames(
                          "absolute inset-y-0 flex items-center overflow-hidden px-2",
                          column.kind === "metric" && "justify-end tabular-nums",
                        )}
                        style={{ left, width: size }}
                      >
                        {row.kind === "run" ? (
                          <RunCell row={row} column={column} />
                        ) : (
                          <GroupCell row={row} column={column} />
                        )}
                      </span>
                    );
                  })}
                </div>
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function useWidths() {
  const [widths, setWidths] = useState<Readonly<Record<string, number>>>(() => {
    try {
      return JSON.parse(readSetting(WIDTHS_SETTING) ?? "{}");
    } catch {
      return {};
    }
  });
  const change = (next: Readonly<Record<string, number>>): void => {
    setWidths(next);
    writeSetting(WIDTHS_SETTING, JSON.stringify(next));
  };
  return [widths, change] as const;
}

function ariaSort(sort: readonly string[], spelling: string): "ascending" | "descending" | undefined {
  if (sort.includes(`${spelling} ASC`)) return "ascending";
  return sort.includes(`${spelling} DESC`) ? "descending" : undefined;
}

interface SortButtonProps {
  label: string;
  spelling: string;
  sort: readonly string[];
  onSort: (spelling: string, isAdded: boolean) => void;
  isAtEnd?: boolean;
  /** Nothing can be ordered by it. */
  isFixed?: boolean;
}

function SortButton({ label, spelling, sort, onSort, isAtEnd = false, isFixed = false }: SortButtonProps) {
  const order = ariaSort(sort, spelling);
  const Arrow = order === "descending" ? ArrowDown : ArrowUp;
  if (isFixed) return <span className="truncate">{label}</span>;
  return (
    <button
      type="button"
      title={`Order by ${label}; with Shift as well as what is ordered by already`}
      onClick={(event) => onSort(spelling, event.shiftKey)}
      className={classNames(
        "flex min-w-0 flex-1 items-center gap-1 rounded-sm hover:text-ink",
        isAtEnd && "justify-end",
        order && "font-medium text-ink",
      )}
    >
      <span className="truncate">{label.slice(0, 120)}</span>
      {order && <Arrow size={12} aria-hidden className="shrink-0" />}
    </button>
  );
}

/** The edge of a column, to be dragged; the keyboard has no need of it, since cells tell their text in a title. */
function Resizer({ width, onResize }: { width: number; onResize: (px: number) => void }) {
  const start = useRef<{ x: number; width: number }>(undefined);
  return (
    <span
      aria-hidden
      className="absolute inset-y-1 right-0 w-1.5 cursor-col-resize border-line border-r hover:border-accent"
      onPointerDown={(event: PointerEvent) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { x: event.clientX, width };
      }}
      onPointerMove={(event: PointerEvent) => {
        if (start.current) onResize(start.current.width + event.clientX - start.current.x);
      }}
      onPointerUp={() => {
        start.current = undefined;
      }}
    />
  );
}
