import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type RefObject, useCallback, useMemo, useRef, useState } from "react";
import type { RunStyle } from "../../charts/run-colour.ts";
import { useNow } from "../../parts/clock.ts";
import { HEAD_PX, ROW_PX, useGridRows } from "../../parts/grid-rows.ts";
import { ContextMenu, type MenuEntry } from "../../parts/menu.tsx";
import { useScrollTogether } from "../../parts/use-scroll-together.ts";
import type { HeaderActions } from "./column-menu.ts";
import { type GridLayout, placeColumns, useWidths, widthOf } from "./grid-layout.ts";
import type { Spread } from "./run-cell.ts";
import type { RunColumn } from "./run-columns.ts";
import { RunLine } from "./run-line.tsx";
import type { RunRow, TableRow } from "./run-rows.ts";
import { RunsHeader } from "./runs-header.tsx";
import { useSlots } from "./use-slots.ts";

export interface RunsGridProps {
  rows: readonly TableRow[];
  /** How many of the first rows stay in sight. */
  stuck: number;
  isTree: boolean;
  isGrouped: boolean;
  columns: readonly RunColumn[];
  /** Spellings of columns that stay in place. */
  fixed: readonly string[];
  spread: Spread;
  /** The styles of groups in charts, by label. */
  groupStyles?: ReadonlyMap<string, RunStyle> | undefined;
  /** The experiments' names, by id. */
  experimentNames: Readonly<Record<string, string>>;
  sort: readonly string[];
  actions: Omit<HeaderActions, "onResize">;
  /** Ids of selected runs, and of groups whose runs are all selected. */
  selected: ReadonlySet<string>;
  onSelect: (selected: ReadonlySet<string>) => void;
  pinned: ReadonlySet<string>;
  onToggle: (id: string) => void;
  onOpen: (row: RunRow) => void;
  onRowKey: (event: KeyboardEvent, row: RunRow) => void;
  /** The entries of a run's context menu. */
  menuOf: (row: RunRow) => readonly MenuEntry[];
  /** Shows runs and groups in the charts beside the table, or hides them there; undefined without charts. */
  onEye: ((ids: readonly string[], isOn: boolean) => void) | undefined;
  /** Ids of runs and groups that the charts leave out. */
  off: ReadonlySet<string>;
  /** The id of the run whose name is being edited. */
  renaming: string | undefined;
  onRename: (row: RunRow, name: string | undefined) => void;
  /** Receives a function that returns the runs in sight. */
  inSight: RefObject<() => readonly RunRow[]>;
}

/** The width of the name's column if there is room. A column that is scrolled into sight must not lie below it. */
const NAME_PX = 300;

const NO_ENTRIES: readonly MenuEntry[] = [];

const idOf = (row: TableRow): string => row.id;

/**
 * The table of runs. Only the cells in sight exist, so ten thousand rows and hundreds of columns scroll as fast as a few.
 * The name and the pinned columns stay in place.
 */
export function RunsGrid(props: RunsGridProps) {
  const {
    rows,
    stuck,
    isTree,
    isGrouped,
    columns,
    fixed,
    spread,
    groupStyles,
    sort,
    actions,
    selected,
    onSelect,
    pinned,
    onToggle,
    onOpen,
    onEye,
    off,
    renaming,
    onRename,
  } = props;
  const [menuRow, setMenuRow] = useState<RunRow>();
  const scroller = useRef<HTMLDivElement>(null);
  const { experimentNames } = props;
  const nowMs = useNow();
  const shared = useSharedNames(rows);
  const context = useMemo(() => ({ nowMs, experimentNames, sharedNames: shared }), [nowMs, experimentNames, shared]);
  // Only rows of running runs render every second.
  const isAnyRunning = useMemo(() => rows.some((row) => row.kind === "run" && row.status === "RUNNING"), [rows]);
  const secondMs = useNow(isAnyRunning);
  const runningContext = useMemo(() => ({ ...context, nowMs: secondMs }), [context, secondMs]);
  const [widths, onResize] = useWidths();
  const { active, selectable, onKeyDown, hand } = useGridRows<TableRow>(
    {
      ...{ rows, idOf, scroller, selected, onSelect },
      onOpen: (row) => (row.kind === "run" ? onOpen(row) : onToggle(row.id)),
      onRowKey: (event, row) => row.kind === "run" && props.onRowKey(event, row),
      tree: { isOpen: (row) => row.isOpen, depthOf: (row) => row.depth, onToggle: (row) => onToggle(row.id) },
    },
    (index) => index >= stuck && vertical.scrollToIndex(index - stuck),
  );
  const { still, moving } = useMemo(
    () => placeColumns(columns, fixed, widths, isGrouped),
    [columns, fixed, widths, isGrouped],
  );
  const stillPx = widthOf(still);
  // A new function would make the virtualizer compute all places again.
  const keyOf = useCallback((index: number) => moving[index]!.column.spelling, [moving]);
  const scrolled = {
    getScrollElement: () => scroller.current,
    observeElementOffset: useScrollTogether<HTMLDivElement>(),
    useFlushSync: false,
  };
  const horizontal = useVirtualizer({
    ...scrolled,
    horizontal: true,
    count: moving.length,
    estimateSize: (index) => moving[index]!.size,
    getItemKey: keyOf,
    overscan: 1,
    scrollPaddingEnd: stillPx + NAME_PX,
  });
  // Must follow `horizontal`: its first render reads the scroll position before these rows have a layout.
  const vertical = useVirtualizer({
    ...scrolled,
    count: rows.length - stuck,
    estimateSize: () => ROW_PX,
    overscan: 6,
    scrollPaddingEnd: HEAD_PX + stuck * ROW_PX,
    // The focused row stays rendered wherever it is; otherwise scrolling would lose the focus.
    rangeExtractor: (range) => [
      ...new Set([...defaultRangeExtractor(range), ...(active >= stuck ? [active - stuck] : [])]),
    ],
  });
  const lines = vertical.getVirtualItems();
  const slots = useSlots(lines.map(({ index }) => index));
  const { startIndex = 0, endIndex = 0 } = vertical.range ?? {};
  props.inSight.current = () =>
    [...rows.slice(0, stuck), ...rows.slice(stuck + startIndex, stuck + endIndex + 1)].filter(
      (row) => row.kind === "run",
    );
  const line = (index: number, start: number, key: string | number | undefined) => {
    const row = rows[index];
    return (
      row && (
        <RunLine
          key={key}
          {...{ row, index, start, layout, spread, isTree, hand, onToggle }}
          context={row.kind === "run" && row.status === "RUNNING" ? runningContext : context}
          isActive={index === active}
          isSelected={selected.has(row.id)}
          isPinned={pinned.has(row.id)}
          onEye={onEye}
          isOff={off.has(row.id)}
          onRename={row.id === renaming ? onRename : undefined}
          mark={row.kind === "group" ? groupStyles?.get(row.label) : undefined}
        />
      )
    );
  };
  const count = useMemo(() => selectable.filter((row) => selected.has(row.id)).length, [selectable, selected]);

  const inView = horizontal.getVirtualIndexes();
  const [first = 0, last = -1] = [inView[0], inView.at(-1)];
  const layout: GridLayout = useMemo(
    () => ({ still, shown: moving.slice(first, last + 1) }),
    [still, moving, first, last],
  );
  const width = stillPx + widthOf(moving);
  const order = useMemo(() => [...still, ...moving], [still, moving]);
  const headerActions = useMemo(() => ({ ...actions, onResize }), [actions, onResize]);
  const stays = still.length;
  const onShow = useCallback(
    (index: number) => {
      if (index >= stays) horizontal.scrollToIndex(index - stays);
    },
    [horizontal, stays],
  );

  return (
    <div ref={scroller} className="@container min-h-0 min-w-0 flex-1 overflow-auto">
      {/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useAriaPropsSupportedByRole: it is a grid or a tree of rows; the lint sees neither */}
      <div
        role={isTree ? "treegrid" : "grid"}
        aria-label="Runs"
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length + 1}
        aria-multiselectable
        tabIndex={-1}
        onKeyDown={onKeyDown}
        className="min-w-full outline-none [--name:210px] @min-[480px]:[--name:250px] @min-[800px]:[--name:300px]"
        style={{ width: `calc(var(--name) + ${width}px)` }}
      >
        <RunsHeader
          {...{ layout, columns, fixed, sort, order, scroller, onShow }}
          actions={headerActions}
          selectable={selectable.length}
          selected={count}
          onToggleAll={hand.onToggleAll}
        />
        <ContextMenu entries={menuRow === undefined ? NO_ENTRIES : props.menuOf(menuRow)}>
          <div
            role="presentation"
            onContextMenuCapture={(event) => {
              const place = event.target instanceof Element && event.target.closest<HTMLElement>("[data-index]");
              const row = place ? rows[Number(place.dataset.index)] : undefined;
              // Outside of rows, and in a name's editor, the browser's own menu opens.
              if (row?.kind !== "run" || event.target instanceof HTMLInputElement) event.stopPropagation();
              else setMenuRow(row);
            }}
          >
            {stuck > 0 && (
              // biome-ignore lint/a11y/useSemanticElements: virtual rows cannot be a table
              <div
                role="rowgroup"
                className="sticky top-8 z-[15] border-line-strong border-b"
                style={{ height: stuck * ROW_PX }}
              >
                {rows.slice(0, stuck).map((row, index) => line(index, index * ROW_PX, row.id))}
              </div>
            )}
            {/* biome-ignore lint/a11y/useSemanticElements: as above */}
            <div role="rowgroup" className="relative" style={{ height: vertical.getTotalSize() }}>
              {lines.map(({ index, start }) => line(stuck + index, start, slots.get(index)))}
            </div>
          </div>
        </ContextMenu>
      </div>
    </div>
  );
}

/** The names that several runs have: the same set until other names are shared, so that rows are not rendered again. */
function useSharedNames(rows: readonly TableRow[]): ReadonlySet<string> {
  const kept = useRef<ReadonlySet<string>>(new Set());
  return useMemo(() => {
    const [seen, shared] = [new Set<string>(), new Set<string>()];
    for (const row of rows) {
      if (row.kind !== "run") continue;
      if (seen.has(row.name)) shared.add(row.name);
      seen.add(row.name);
    }
    if (shared.symmetricDifference(kept.current).size > 0) kept.current = shared;
    return kept.current;
  }, [rows]);
}
