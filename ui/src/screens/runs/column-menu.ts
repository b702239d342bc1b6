import type { MenuEntry } from "../../parts/menu.tsx";
import type { Placed } from "./grid-layout.ts";
import { METRIC_VALUES, NAME_ORDER, spellValue } from "./run-columns.ts";

/** The actions of a header on the table's columns. Spellings name the columns. */
export interface HeaderActions {
  onSort: (order: string, isAdded: boolean) => void;
  onSortBy: (sort: string[]) => void;
  /** @param before the column that follows the moved column; undefined for the end. */
  onMove: (spelling: string, before: string | undefined) => void;
  onReplace: (spelling: string, next: string | undefined) => void;
  onFix: (spelling: string, isFixed: boolean) => void;
  onGroup: (spelling: string) => void;
  onResize: (spelling: string, px: number) => void;
}

interface Around {
  /** All columns in their current order. */
  order: readonly Placed[];
  fixed: readonly string[];
  actions: HeaderActions;
  /** Moves the column at a place by one to the left or right. */
  onMove: (at: number, step: number) => void;
  onResize: (of: Placed, byPx: number) => void;
}

const RESIZE_PX = 48;

function sortEntries(order: string, { onSortBy }: HeaderActions): MenuEntry[] {
  return [
    { label: "Ascending", onSelect: () => onSortBy([`${order} ASC`]) },
    { label: "Descending", onSelect: () => onSortBy([`${order} DESC`]) },
  ];
}

export function nameEntries(actions: HeaderActions): MenuEntry[] {
  return sortEntries(NAME_ORDER, actions);
}

/** The actions on a column. */
export function columnEntries(placed: Placed, around: Around): MenuEntry[] {
  const { column } = placed;
  const { spelling, kind, key, value } = column;
  const { order, fixed, actions, onMove, onResize } = around;
  const isFixed = fixed.includes(spelling);
  const at = order.findIndex((one) => one.column.spelling === spelling);
  const canMove = (step: number): boolean => {
    const neighbour = order[at + step];
    return neighbour !== undefined && fixed.includes(neighbour.column.spelling) === isFixed;
  };
  return [
    ...(column.order === undefined ? [] : [...sortEntries(column.order, actions), null]),
    ...(kind === "metric"
      ? [
          {
            label: `Value: ${value}`,
            entries: METRIC_VALUES.filter((one) => one !== value).map((one) => ({
              label: one,
              onSelect: () => actions.onReplace(spelling, spellValue(key, one)),
            })),
          },
        ]
      : []),
    ...(kind === "param" || kind === "tag"
      ? [{ label: "Group by it", onSelect: () => actions.onGroup(spelling) }]
      : []),
    {
      label: isFixed ? "Unpin column" : "Pin column",
      onSelect: () => actions.onFix(spelling, !isFixed),
    },
    { label: "Move left", shortcut: "Alt ←", isDisabled: !canMove(-1), onSelect: () => onMove(at, -1) },
    { label: "Move right", shortcut: "Alt →", isDisabled: !canMove(1), onSelect: () => onMove(at, 1) },
    { label: "Wider", shortcut: "Shift →", onSelect: () => onResize(placed, RESIZE_PX) },
    { label: "Narrower", shortcut: "Shift ←", onSelect: () => onResize(placed, -RESIZE_PX) },
    null,
    { label: "Hide column", shortcut: "Del", onSelect: () => actions.onReplace(spelling, undefined) },
  ];
}
