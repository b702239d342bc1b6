import { ChevronDown, ChevronRight, Eye, EyeOff, Pin } from "lucide-react";
import { memo } from "react";
import { LineMark } from "../../charts/line-mark.tsx";
import type { RunStyle } from "../../charts/run-colour.ts";
import { RunMark } from "../../charts/run-mark.tsx";
import { Status } from "../../parts/badges.tsx";
import { classNames } from "../../parts/class-names.ts";
import { formatCount, formatDuration, shortId } from "../../parts/format.ts";
import type { RowHand } from "../../parts/grid-rows.ts";
import { STALLED_AFTER_MS, shownStatus } from "../../parts/run-status.ts";
import type { GridLayout, Placed } from "./grid-layout.ts";
import { NameField } from "./name-field.tsx";
import { type CellContext, groupCell, runCell, type Spread } from "./run-cell.ts";
import { isAtEnd } from "./run-columns.ts";
import type { GroupRow, RunRow, TableRow } from "./run-rows.ts";

const CELL = "truncate px-2 leading-[27px]";
const MOVING_CELL = `${CELL} absolute inset-y-0`;

/** Memoized, because most runs have the same status as the run before. */
const StatusIcon = memo(Status);

interface RunLineProps {
  row: TableRow;
  index: number;
  /** The row's distance from the top of the first row, in px. */
  start: number;
  layout: GridLayout;
  spread: Spread;
  isTree: boolean;
  context: CellContext;
  hand: RowHand;
  onToggle: (id: string) => void;
  isActive: boolean;
  isSelected: boolean;
  isPinned: boolean;
  /** The style of the group's mean in charts. */
  mark?: RunStyle | undefined;
  /** Shows the row in the charts beside the table, or hides it there; undefined without charts. */
  onEye: ((ids: readonly string[], isOn: boolean) => void) | undefined;
  /** Whether the charts leave the row out. */
  isOff: boolean;
  /** Ends the editing of the run's name; undefined while the name is not edited. */
  onRename: ((row: RunRow, name: string | undefined) => void) | undefined;
}

/** The cell of the name, in rows and in the head. It stays in place. */
export const NAME_CELL =
  "sticky left-0 z-10 flex w-(--name) shrink-0 items-center gap-2 border-line border-r px-3 wide:pl-4";

/** A pinned column's cell. It stays in place if there is room. */
export const STILL_CELL =
  "relative shrink-0 border-line border-r @min-[480px]:sticky @min-[480px]:left-(--left) @min-[480px]:z-10";

/** A pinned cell covers the focused row's outline, so the cell draws its part of the outline. */
const STILL_FOCUS = "group-focus-visible:shadow-[inset_0_2px_var(--color-accent),inset_0_-2px_var(--color-accent)]";

/** A row. It renders again only if its own data changed, so scrolling renders only the rows that come into sight. */
export const RunLine = memo(function RunLine(props: RunLineProps) {
  const { row, index, start, layout, spread, isTree, context, hand, onToggle, isActive, isSelected, isPinned, mark } =
    props;
  const { onEye, isOff, onRename } = props;
  // A selected row looks selected even under the pointer.
  const hover = isSelected ? "" : "group-hover:bg-hover";
  const surface = classNames(isSelected ? "bg-selected" : row.kind === "group" ? "bg-surface" : "bg-page", hover);
  const cell = (placed: Placed, className: string) => {
    const { column } = placed;
    const { text, title } = row.kind === "run" ? runCell(row, column, context) : groupCell(row, column, spread);
    return (
      // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: the row has the focus
      <span
        key={column.spelling}
        role="gridcell"
        aria-colindex={placed.index + 2}
        title={title === text ? undefined : title}
        className={`${className}${isAtEnd(column) ? " text-right" : ""}${text === undefined ? " text-ink-faint" : ""}`}
        style={placed.style}
      >
        {text ?? "–"}
      </span>
    );
  };
  const stillClass = classNames(CELL, STILL_CELL, surface, STILL_FOCUS);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a row of the grid around it
    <div
      role="row"
      data-index={index}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      aria-expanded={row.isOpen}
      aria-level={isTree ? row.depth + 1 : undefined}
      tabIndex={isActive ? 0 : -1}
      ref={(element) => hand.place(element, index)}
      onFocus={() => hand.onFocus(index)}
      className={classNames(
        "group absolute inset-x-0 top-0 flex h-row border-line border-b -outline-offset-2 contain-style",
        surface,
      )}
      style={{ transform: `translateY(${start}px)` }}
    >
      {/* biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: the row has the focus */}
      <span
        role="gridcell"
        className={classNames(
          NAME_CELL,
          surface,
          "group-focus-visible:shadow-[inset_2px_2px_var(--color-accent),inset_0_-2px_var(--color-accent)]",
        )}
      >
        <input
          type="checkbox"
          aria-label={`Select ${row.kind === "run" ? row.name : row.label}`}
          tabIndex={-1}
          checked={isSelected}
          readOnly
          onClick={(event) => hand.onCheck(event, index)}
          className="size-3.5 shrink-0 accent-accent"
        />
        {row.depth > 0 && <span aria-hidden className="shrink-0" style={{ width: 16 * row.depth }} />}
        {isTree && row.isOpen === undefined && <span className="-mx-1.5 size-6 shrink-0" />}
        {row.isOpen !== undefined && (
          <button
            type="button"
            tabIndex={-1}
            aria-label={row.isOpen ? "Close" : "Open"}
            className="-mx-1.5 flex size-6 shrink-0 items-center justify-center rounded-sm hover:bg-selected"
            onClick={() => onToggle(row.id)}
          >
            {row.isOpen ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
          </button>
        )}
        {onEye !== undefined && <EyeButton {...{ row, isOff, onEye }} />}
        {row.kind === "run" && onRename !== undefined ? (
          <NameField name={row.name} onEnd={(name) => onRename(row, name)} />
        ) : row.kind === "run" ? (
          <RunName {...{ row, isActive, isPinned }} nowMs={context.nowMs} hasId={context.sharedNames.has(row.name)} />
        ) : (
          <GroupName {...{ row, mark }} />
        )}
      </span>
      {layout.still.map((placed) => cell(placed, stillClass))}
      <div className={classNames("relative flex-1", hover)}>
        {layout.shown.map((placed) => cell(placed, MOVING_CELL))}
      </div>
    </div>
  );
});

interface EyeButtonProps {
  row: TableRow;
  isOff: boolean;
  onEye: (ids: readonly string[], isOn: boolean) => void;
}

function EyeButton({ row, isOff, onEye }: EyeButtonProps) {
  const Icon = isOff ? EyeOff : Eye;
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-pressed={!isOff}
      aria-label={`Show ${row.kind === "run" ? row.name : row.label} in charts`}
      className="-mx-1 flex size-6 shrink-0 items-center justify-center rounded-sm text-ink-muted hover:bg-selected"
      onClick={() => onEye([row.id], isOff)}
    >
      <Icon size={14} aria-hidden className={isOff ? "text-ink-faint" : undefined} />
    </button>
  );
}

/** The run's page uses the same rule. */
const STALLED = `Stalled: no metric for ${formatDuration(STALLED_AFTER_MS)}`;

interface RunNameProps {
  row: RunRow;
  nowMs: number;
  isActive: boolean;
  isPinned: boolean;
  /** Whether another run has the same name. */
  hasId: boolean;
}

function RunName({ row, nowMs, isActive, isPinned, hasId }: RunNameProps) {
  const status = shownStatus(row.status, row.heardMs, nowMs);
  return (
    <>
      <RunMark runId={row.id} />
      <StatusIcon status={status} isCompact {...(status === "STALLED" && { title: STALLED })} />
      <a
        href={`#/experiments/${row.experimentId}/runs/${row.id}`}
        tabIndex={isActive ? 0 : -1}
        className="min-w-0 truncate text-accent hover:underline"
        title={row.name.slice(0, 500)}
      >
        {row.name.slice(0, 200)}
      </a>
      {hasId && <span className="shrink-0 font-mono text-ink-muted text-sm">{shortId(row.id)}</span>}
      {isPinned && <Pin size={12} role="img" aria-label="Pinned" className="shrink-0 text-ink-muted" />}
    </>
  );
}

function GroupName({ row: { label, members }, mark }: { row: GroupRow; mark: RunStyle | undefined }) {
  return (
    <>
      {mark !== undefined && <LineMark {...mark} />}
      <span className="min-w-0 truncate font-medium" title={label.slice(0, 500)}>
        {label.slice(0, 200)}
      </span>
      <span className="-ml-1 shrink-0 text-ink-muted">({formatCount(members.length)})</span>
    </>
  );
}
