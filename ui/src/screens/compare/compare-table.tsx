import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { useScrollTogether } from "../../parts/use-scroll-together.ts";
import { CompareHead, CompareLine, ROW_PX, type RunHand } from "./compare-line.tsx";
import type { CompareRow } from "./compare-rows.ts";
import type { ComparedRun } from "./compared-run.ts";

const HEAD_PX = 36;
/** In a narrower scroller, columns of keys and runs are narrower too. */
const NARROW_PX = 720;

interface CompareTableProps {
  runs: readonly ComparedRun[];
  rows: readonly CompareRow[];
  /** The place of the run that the others are compared with. */
  baseline: number;
  /** Sets the order of the runs. A run that is left out leaves the comparison. Undefined if a search chooses the runs. */
  onRuns: ((ids: readonly string[]) => void) | undefined;
  onBaseline: (run: ComparedRun) => void;
  onTurn: (metricKey: string) => void;
  openRun: (run: ComparedRun) => void;
}

/** Runs side by side: a column for each run, a row for each value. Only visible cells are rendered. Arrows move by a column. */
export function CompareTable({ runs, rows, baseline, ...does }: CompareTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry!.contentRect.width));
    observer.observe(scroller.current!);
    return () => observer.disconnect();
  }, []);
  const isNarrow = width < NARROW_PX;
  const keyPx = isNarrow ? 128 : 240;
  const least = isNarrow ? 156 : 168;
  const columnPx = Math.max(least, Math.min(360, Math.floor((width - keyPx) / Math.max(1, runs.length))));
  const scrolled = {
    getScrollElement: () => scroller.current,
    observeElementOffset: useScrollTogether<HTMLDivElement>(),
    useFlushSync: false,
  };
  const across = useVirtualizer({
    ...scrolled,
    horizontal: true,
    count: runs.length,
    estimateSize: () => columnPx,
    overscan: 2,
    paddingStart: keyPx,
  });
  const down = useVirtualizer({
    ...scrolled,
    count: rows.length,
    estimateSize: () => ROW_PX,
    overscan: 10,
    paddingStart: HEAD_PX,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: columns are measured anew when their width changes
  useEffect(() => across.measure(), [columnPx, keyPx]);
  const columns = across.getVirtualItems();
  const total = keyPx + columnPx * runs.length;
  const latest = useRef({ runs, ...does });
  latest.current = { runs, ...does };
  const hand = useMemo((): RunHand => {
    const ids = (): string[] => latest.current.runs.map(({ id }) => id);
    return {
      open: (run) => latest.current.openRun(run),
      compareWith: (run) => latest.current.onBaseline(run),
      remove: (run) => latest.current.onRuns?.(ids().filter((id) => id !== run.id)),
      move: (run, to) => {
        const next = ids().filter((id) => id !== run.id);
        next.splice(to, 0, run.id);
        latest.current.onRuns?.(next);
      },
      turn: (key) => latest.current.onTurn(key),
    };
  }, []);
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
          {columns.map(({ index, start }) => (
            <CompareHead
              key={runs[index]!.id}
              run={runs[index]!}
              {...{ index, start, hand }}
              isLast={index === runs.length - 1}
              isBaseline={runs.length > 1 && index === baseline}
              isMovable={does.onRuns !== undefined}
              width={columnPx}
            />
          ))}
        </div>
        {down.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          return (
            row && (
              <CompareLine key={row.id} {...{ row, index, start, columns, keyPx, columnPx, total, isNarrow, hand }} />
            )
          );
        })}
      </div>
    </section>
  );
}
