import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type RefObject, useCallback, useMemo, useRef, useState } from "react";
import { useNow } from "../../parts/clock.ts";
import { HEAD_PX, ROW_PX, useGridRows } from "../../parts/grid-rows.ts";
import { readSetting, writeSetting } from "../../parts/settings.ts";
import type { Spread } from "./run-cell.ts";
import type { RunColumn } from "./run-columns.ts";
import { type GridLayout, type Placed, RunLine } from "./run-line.tsx";
import type { RunRow, TableRow } from "./run-rows.ts";
import { type HeaderActions, RunsHeader } from "./runs-header.tsx";
import { useSlots } from "./use-slots.ts";

const METRIC_PX = 104;
/** Of a metric whose groups tell two numbers. */
const GROUPED_PX = 148;
const OTHER_PX = 132;
const SHORT_PX = 96;
const SHORT = new Set(["attributes.start_time", "duration", "attributes.experiment_id"]);
const WIDTHS_SETTING = "runs.widths";

export interface RunsGridProps {
  rows: readonly TableRow[];
  isTree: boolean;
  isGrouped: boolean;
  columns: readonly RunColumn[];
  /** Spellings of columns that stay in place. */
  fixed: readonly string[];
  spread: Spread;
  sort: readonly string[];
  actions: Omit<HeaderActions, "onResize">;
  /** Ids of runs, and of groups of which all are selected. */
  selected: ReadonlySet<string>;
  onSelect: (selected: ReadonlySet<string>) => void;
  pinned: ReadonlySet<string>;
  onToggle: (id: string) => void;
  onOpen: (row: RunRow) => void;
  onRowKey: (event: KeyboardEvent, row: RunRow) => void;
  /** Is given what tells the runs in sight. */
  inSight: RefObject<() => readonly RunRow[]>;
}

const idOf = (row: TableRow): string => row.id;

/**
 * Runs as rows, of which only the cells in sight exist: ten thousand rows and hundreds of columns scroll alike. The name
 * and the columns that are fixed stay in place.
 */
export function RunsGrid(props: RunsGridProps) {
  const {
    rows,
    isTree,
    isGrouped,
    columns,
    fixed,
    spread,
    sort,
    actions,
    selected,
    onSelect,
    pinned,
    onToggle,
    onOpen,
  } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const nowMs = useNow();
  const [widths, setWidths] = useWidths();
  const { active, selectable, toggleAll, onKeyDown, hand } = useGridRows<TableRow>(
    {
      ...{ rows, idOf, scroller, selected, onSelect },
      onOpen: (row) => (row.kind === "run" ? onOpen(row) : onToggle(row.id)),
      onRowKey: (event, row) => row.kind === "run" && props.onRowKey(event, row),
      tree: { isOpen: (row) => row.isOpen, depthOf: (row) => row.depth, onToggle: (row) => onToggle(row.id) },
    },
    (index) => vertical.scrollToIndex(index),
  );
  const placed = useMemo(() => {
    const isFixed = new Set(fixed);
    const metricPx = isGrouped ? GROUPED_PX : METRIC_PX;
    const place = (of: readonly RunColumn[], first: number): Placed[] => {
      let start = 0;
      return of.map((column, at) => {
        const usual = column.kind === "metric" ? metricPx : SHORT.has(column.spelling) ? SHORT_PX : OTHER_PX;
        const size = widths[column.spelling] ?? usual;
        start += size;
        return { column, index: first + at, start: start - size, size };
      });
    };
    const still = place(
      columns.filter((column) => isFixed.has(column.spelling)),
      0,
    );
    const moving = place(
      columns.filter((column) => !isFixed.has(column.spelling)),
      still.length,
    );
    return { still, moving };
  }, [columns, fixed, widths, isGrouped]);
  const { still, moving } = placed;
  const stillPx = still.reduce((sum, { size }) => sum + size, 0);
  // Another function has all places reckoned anew.
  const keyOf = useCallback((index: number) => moving[index]!.column.spelling, [moving]);
  const horizontal = useVirtualizer({
    horizontal: true,
    count: moving.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => moving[index]!.size,
    getItemKey: keyOf,
    overscan: 3,
    scrollPaddingEnd: stillPx + NAME_PX,
  });
  // After the other, which would ask for the scroll position while these rows are not laid out yet.
  const vertical = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
    scrollPaddingEnd: HEAD_PX,
    // The row in hand stays, wherever it is: else the focus would be lost by scrolling.
    rangeExtractor: (range) =>
      [...new Set([...defaultRangeExtractor(range), active])].filter((row) => row < rows.length),
  });
  const lines = vertical.getVirtualItems();
  const slots = useSlots(lines.map(({ index }) => index));
  const { range } = vertical;
  props.inSight.current = () =>
    rows.slice(range?.startIndex ?? 0, (range?.endIndex ?? 0) + 1).filter((row) => row.kind === "run");

  const first = horizontal.getVirtualIndexes()[0] ?? 0;
  const last = horizontal.getVirtualIndexes().at(-1) ?? -1;
  const layout: GridLayout = useMemo(
    () => ({ still, shown: moving.slice(first, last + 1) }),
    [still, moving, first, last],
  );
  const width = stillPx + moving.reduce((sum, { size }) => sum + size, 0);

  return (
    <div ref={scroller} className="@container min-h-0 min-w-0 flex-1 overflow-auto">
      {/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useAriaPropsSupportedByRole: it is a grid or a tree of rows, which the lint cannot tell */}
      <div
        role={isTree ? "treegrid" : "grid"}
        aria-label="Runs"
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length + 1}
        aria-multiselectable
        tabIndex={-1}
        onKeyDown={onKeyDown}
        className="min-w-full outline-none [--name:180px] @min-[480px]:[--name:220px] @min-[800px]:[--name:300px]"
        style={{ width: `calc(var(--name) + ${width}px)` }}
      >
        <RunsHeader
          {...{ layout, columns, fixed, sort }}
          order={[...still, ...moving]}
          actions={{ ...actions, onResize: (spelling, px) => setWidths({ ...widths, [spelling]: px }) }}
          onShow={(index) => index >= still.length && horizontal.scrollToIndex(index - still.length)}
          selectable={selectable.length}
          selected={selectable.length === 0 ? 0 : selectable.filter((row) => selected.has(row.id)).length}
          onToggleAll={toggleAll}
        />
        {/* biome-ignore lint/a11y/useSemanticElements: rows that come and go while scrolling are no table */}
        <div role="rowgroup" className="relative" style={{ height: vertical.getTotalSize() }}>
          {lines.map(({ index, start }) => {
            const row = rows[index]!;
            return (
              <RunLine
                key={slots.get(index)}
                {...{ row, index, start, layout, spread, isTree, nowMs, hand, onToggle }}
                isActive={index === active}
                isSelected={selected.has(row.id)}
                isPinned={pinned.has(row.id)}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** The name's width where there is room; what is scrolled to must not be below it. */
const NAME_PX = 300;

type Widths = Readonly<Record<string, number>>;

/** Widths of columns in px, kept by the browser. */
function useWidths() {
  const [widths, setWidths] = useState<Widths>(() => {
    try {
      return JSON.parse(readSetting(WIDTHS_SETTING) ?? "{}") as Widths;
    } catch {
      return {};
    }
  });
  const change = (next: Widths): void => {
    setWidths(next);
    writeSetting(WIDTHS_SETTING, JSON.stringify(next));
  };
  return [widths, change] as const;
}
