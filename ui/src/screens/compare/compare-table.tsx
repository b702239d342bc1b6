import { useVirtualizer } from "@tanstack/react-virtual";
import { EllipsisVertical } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { IconButton } from "../../parts/button.tsx";
import { classNames } from "../../parts/class-names.ts";
import { Menu } from "../../parts/menu.tsx";
import { Dash } from "../../parts/values.tsx";
import type { CompareCell, CompareRow } from "./compare-rows.ts";
import type { ComparedRun } from "./compared-run.ts";
import { RunLink } from "./run-link.tsx";

const ROW_PX = 28;
const HEAD_PX = 36;
/** Where the scroller is narrower, keys and runs are too. */
const NARROW_PX = 720;

interface CompareTableProps {
  runs: readonly ComparedRun[];
  rows: readonly CompareRow[];
  /** Puts the runs in this order; one that is left out is out of the comparison. */
  onRuns: (ids: readonly string[]) => void;
  openRun: (run: ComparedRun) => void;
}

/** Runs side by side: a column each, a row a value. Only what is in sight is in the page. Arrows move by a column. */
export function CompareTable({ runs, rows, onRuns, openRun }: CompareTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry!.contentRect.width));
    observer.observe(scroller.current!);
    return () => observer.disconnect();
  }, []);
  const isNarrow = width < NARROW_PX;
  const keyPx = isNarrow ? 128 : 240;
  const least = isNarrow ? 124 : 168;
  const columnPx = Math.max(least, Math.min(360, Math.floor((width - keyPx) / Math.max(1, runs.length))));
  const across = useVirtualizer({
    horizontal: true,
    count: runs.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => columnPx,
    overscan: 2,
    paddingStart: keyPx,
  });
  const down = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
    paddingStart: HEAD_PX,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: columns are measured anew when their width changes
  useEffect(() => across.measure(), [columnPx, keyPx]);
  const columns = across.getVirtualItems();
  const total = keyPx + columnPx * runs.length;
  const ids = runs.map((run) => run.id);
  const moveTo = (from: number, to: number): void => {
    const next = ids.filter((_, index) => index !== from);
    next.splice(to, 0, ids[from]!);
    onRuns(next);
  };
  return (
    <section
      ref={scroller}
      aria-label="Comparison"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
      tabIndex={0}
      onKeyDown={(event) => {
        const columns = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (columns === undefined || event.target !== event.currentTarget) return;
        event.preventDefault();
        event.currentTarget.scrollBy({ left: columns * columnPx });
      }}
      className="min-h-0 flex-1 overflow-auto -outline-offset-2"
    >
      {/* biome-ignore lint/a11y/useSemanticElements: rows and columns that come and go while scrolling are no table */}
      <div
        role="table"
        aria-label="Runs side by side"
        aria-rowcount={rows.length + 1}
        aria-colcount={runs.length + 1}
        className="relative"
        style={{ width: total, height: down.getTotalSize() }}
      >
        {/* biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above */}
        <div
          role="row"
          aria-rowindex={1}
          className="sticky top-0 z-20 border-line border-b bg-page"
          style={{ height: HEAD_PX }}
        >
          {/* biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above */}
          <div
            role="columnheader"
            aria-colindex={1}
            className="sticky left-0 z-10 flex h-full items-center border-line border-r bg-page px-3 text-ink-muted wide:px-4"
            style={{ width: keyPx }}
          >
            {runs.length} {runs.length === 1 ? "run" : "runs"}
          </div>
          {columns.map(({ index, start }) => {
            const run = runs[index]!;
            return (
              // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above
              <div
                key={run.id}
                role="columnheader"
                aria-colindex={index + 2}
                className="absolute top-0 flex h-full items-center gap-1 pl-3"
                style={{ left: start, width: columnPx }}
              >
                <div className="min-w-0 flex-1 font-medium">
                  <RunLink run={run} />
                </div>
                <Menu
                  align="end"
                  trigger={
                    <IconButton label={`Actions for ${run.name}`} icon={<EllipsisVertical size={14} aria-hidden />} />
                  }
                  entries={[
                    { label: "Open the run", onSelect: () => openRun(run) },
                    null,
                    {
                      label: "Compare the others with this",
                      isDisabled: index === 0,
                      onSelect: () => moveTo(index, 0),
                    },
                    { label: "Move to the left", isDisabled: index === 0, onSelect: () => moveTo(index, index - 1) },
                    {
                      label: "Move to the right",
                      isDisabled: index === runs.length - 1,
                      onSelect: () => moveTo(index, index + 1),
                    },
                    null,
                    { label: "Remove from comparison", onSelect: () => onRuns(ids.filter((id) => id !== run.id)) },
                  ]}
                />
              </div>
            );
          })}
        </div>
        {down.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          if (row === undefined) return null;
          const isSection = row.kind === "section";
          return (
            // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above
            <div
              key={row.id}
              role="row"
              aria-rowindex={index + 2}
              className={classNames(
                "group absolute left-0 border-line border-b",
                isSection ? "bg-surface" : "hover:bg-hover",
              )}
              style={{ top: start, width: total, height: ROW_PX }}
            >
              {/* biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above */}
              <div
                role="rowheader"
                aria-colindex={1}
                title={row.label}
                className={classNames(
                  "sticky left-0 z-10 flex h-full items-center gap-1.5 border-line border-r px-3 wide:px-4",
                  isSection ? "bg-surface font-semibold" : "bg-page group-hover:bg-hover",
                )}
                style={{ width: keyPx }}
              >
                {row.kind === "values" && (
                  <span
                    aria-hidden
                    title={row.differs ? "Differs" : undefined}
                    className={classNames("w-2 shrink-0 text-accent", !row.differs && "invisible")}
                  >
                    ≠
                  </span>
                )}
                {/* Where there is little place, the end of a long key says more than its beginning. */}
                <span className={classNames("truncate", isNarrow && !isSection && "[direction:rtl]")}>
                  <bdi>{row.label}</bdi>
                </span>
                {row.kind === "values" && row.differs && <span className="sr-only">differs</span>}
                {isSection && <span className="font-normal text-ink-faint text-sm">{row.count}</span>}
              </div>
              {row.kind === "values" &&
                columns.map((column) => (
                  <Cell
                    key={column.index}
                    cell={row.cells[column.index]}
                    column={column.index}
                    left={column.start}
                    width={columnPx}
                  />
                ))}
            </div>
          );
        })}
      </div>
    </section>
  );
}

interface CellProps {
  cell: CompareCell | undefined;
  column: number;
  left: number;
  width: number;
}

function Cell({ cell, column, left, width }: CellProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: as above
    <div
      role="cell"
      aria-colindex={column + 2}
      title={cell?.title}
      className={classNames("absolute top-0 flex h-full items-center px-3", cell?.isOther && "bg-selected")}
      style={{ left, width }}
    >
      {cell === undefined ? (
        <Dash />
      ) : (
        <span className="truncate">
          <bdi>{cell.text}</bdi>
        </span>
      )}
      {cell?.share !== undefined && (
        // Of the cell's width without its padding.
        <span aria-hidden className="absolute inset-x-3 bottom-0.5 h-0.5 bg-line">
          <span className="block h-full bg-accent" style={{ width: `${Math.max(1, cell.share * 100)}%` }} />
        </span>
      )}
    </div>
  );
}
