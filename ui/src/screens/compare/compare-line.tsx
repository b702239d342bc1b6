import type { VirtualItem } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp, EllipsisVertical, Flag, GitCompare, Trophy } from "lucide-react";
import { memo } from "react";
import { Badge } from "../../parts/badges.tsx";
import { IconButton } from "../../parts/button.tsx";
import { classNames } from "../../parts/class-names.ts";
import { LazyMenu } from "../../parts/lazy-menu.tsx";
import type { MenuEntry } from "../../parts/menu.tsx";
import { Dash } from "../../parts/values.tsx";
import type { CompareCell, CompareRow, Delta, Direction } from "./compare-rows.ts";
import type { ComparedRun } from "./compared-run.ts";
import { RunLink } from "./run-link.tsx";

/* Parts of the table. A part renders again only if its content has changed. Scrolling renders only new parts. */

export const ROW_PX = 28;
/** A narrower column has no room for a word beside the run's name. */
const BADGE_PX = 168;

/** The actions on the runs of a comparison. */
export interface RunHand {
  open: (run: ComparedRun) => void;
  /** Makes the run the baseline of the others. */
  compareWith: (run: ComparedRun) => void;
  /** To a place in the order, from 0. */
  move: (run: ComparedRun, to: number) => void;
  remove: (run: ComparedRun) => void;
  /** Reverses the direction that the metric's name suggests. */
  turn: (metricKey: string) => void;
}

interface CompareHeadProps {
  run: ComparedRun;
  index: number;
  isLast: boolean;
  isBaseline: boolean;
  /** Whether runs can change places, and leave. */
  isMovable: boolean;
  /** From the left, in px. */
  start: number;
  width: number;
  hand: RunHand;
}

/** A run's name above its column, with its actions. */
export const CompareHead = memo(function CompareHead(props: CompareHeadProps) {
  const { run, index, isLast, isBaseline, isMovable, start, width, hand } = props;
  const places: MenuEntry[] = [
    null,
    { label: "Move to the left", isDisabled: index === 0, onSelect: () => hand.move(run, index - 1) },
    { label: "Move to the right", isDisabled: isLast, onSelect: () => hand.move(run, index + 1) },
    null,
    { label: "Remove from comparison", onSelect: () => hand.remove(run) },
  ];
  return (
    // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: a cell of a virtual table
    <div
      role="columnheader"
      aria-colindex={index + 2}
      className="absolute top-0 flex h-full items-center gap-1 pl-3"
      style={{ left: start, width }}
    >
      <div className="flex min-w-0 flex-1 items-center gap-1.5 font-medium">
        <RunLink run={run} />
        {isBaseline && (
          <span title="The others are compared with this run" className="shrink-0">
            {width < BADGE_PX ? (
              <Flag size={12} role="img" aria-label="Baseline" className="text-ink-muted" />
            ) : (
              <Badge>Baseline</Badge>
            )}
          </span>
        )}
      </div>
      <LazyMenu
        trigger={(onClick) => (
          <IconButton
            label={`Actions for ${run.name}`}
            icon={<EllipsisVertical size={14} aria-hidden />}
            onClick={onClick}
          />
        )}
        entries={() => [
          { label: "Open the run", onSelect: () => hand.open(run) },
          null,
          { label: "Compare the others with this", isDisabled: isBaseline, onSelect: () => hand.compareWith(run) },
          ...(isMovable ? places : []),
        ]}
      />
    </div>
  );
});

interface CompareLineProps {
  row: CompareRow;
  index: number;
  /** From the top, in px. */
  start: number;
  /** In sight. */
  columns: readonly VirtualItem[];
  keyPx: number;
  columnPx: number;
  /** Of the whole table, in px. */
  total: number;
  isNarrow: boolean;
  hand: RunHand;
}

/** A value of all runs, or the head of a section. */
export const CompareLine = memo(function CompareLine(props: CompareLineProps) {
  const { row, index, start, columns, keyPx, columnPx, total, isNarrow, hand } = props;
  const isSection = row.kind === "section";
  return (
    // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: a row of a virtual table
    <div
      role="row"
      aria-rowindex={index + 2}
      className={classNames("group absolute left-0 border-line border-b", isSection ? "bg-surface" : "hover:bg-hover")}
      style={{ top: start, width: total, height: ROW_PX }}
    >
      {/* biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above */}
      <div
        role="rowheader"
        aria-colindex={1}
        aria-label={row.kind === "values" && row.differs ? `${row.label} differs` : row.label}
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
        {/* In a narrow column, the end of a long key says more than its beginning. */}
        <span className={classNames("truncate", isNarrow && !isSection && "[direction:rtl]")}>
          <bdi>{row.label}</bdi>
        </span>
        {isSection && <span className="font-normal text-ink-faint text-sm">{row.count}</span>}
        {row.kind === "values" && row.metric?.direction !== undefined && row.differs && (
          <DirectionButton metric={row.metric} onTurn={hand.turn} />
        )}
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
});

interface DirectionButtonProps {
  metric: { readonly key: string; readonly direction: Direction };
  onTurn: (key: string) => void;
}

/** Says which values of a metric are better, and reverses the direction. */
function DirectionButton({ metric: { key, direction }, onTurn }: DirectionButtonProps) {
  const Arrow = direction === "less" ? ArrowDown : ArrowUp;
  return (
    <button
      type="button"
      aria-label={`${direction === "less" ? "Less" : "More"} ${key} is better: turn it`}
      data-tooltip={direction === "less" ? "Less is better" : "More is better"}
      className="ml-auto flex size-6 shrink-0 items-center justify-center rounded-sm text-ink-faint hover:bg-selected hover:text-ink"
      onClick={() => onTurn(key)}
    >
      <Arrow size={13} aria-hidden />
    </button>
  );
}

interface CellProps {
  cell: CompareCell | undefined;
  column: number;
  left: number;
  width: number;
}

const Cell = memo(function Cell({ cell, column, left, width }: CellProps) {
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
        <span className={classNames("truncate", cell.isBest && "font-semibold")}>
          <bdi>{cell.text}</bdi>
        </span>
      )}
      {cell?.isBest && <Trophy size={12} role="img" aria-label="best" className="ml-1.5 shrink-0 text-success" />}
      {cell?.delta !== undefined && (
        <span title="To the baseline" className={classNames("ml-auto shrink-0 pl-2 text-sm", deltaColour(cell.delta))}>
          {cell.delta.text}
        </span>
      )}
      {cell?.diffUrl !== undefined && (
        <a
          href={cell.diffUrl}
          target="_blank"
          rel="noopener noreferrer"
          className="ml-auto flex shrink-0 items-center gap-1 pl-2 text-sm"
        >
          <GitCompare size={12} aria-hidden />
          Diff
        </a>
      )}
      {cell?.share !== undefined && (
        // Of the cell's width without its padding.
        <span aria-hidden className="absolute inset-x-3 bottom-0.5 h-0.5 bg-line">
          <span className="block h-full bg-accent" style={{ width: `${Math.max(1, cell.share * 100)}%` }} />
        </span>
      )}
    </div>
  );
});

/** A metric without a better direction has a difference that is neither good nor bad. */
function deltaColour({ isBetter }: Delta): string {
  return isBetter === undefined ? "text-ink-muted" : isBetter ? "text-success" : "text-danger";
}
