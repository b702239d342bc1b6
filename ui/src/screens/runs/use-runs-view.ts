import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import type * as z from "zod/mini";
import { moveColumn, nextSort } from "./run-columns.ts";
import type { runsSearch } from "./search.ts";

export type RunsSearch = z.infer<typeof runsSearch>;

/** The table's state in the address, and the functions that change it. */
export interface RunsView {
  experimentIds: readonly string[];
  search: RunsSearch;
  change: (patch: Partial<RunsSearch>) => void;
  /** Opens or closes a group or a parent. */
  onToggle: (id: string) => void;
  onPin: (ids: readonly string[]) => void;
  onHide: (ids: readonly string[]) => void;
  /** Shows runs or groups in charts, or hides them there only. */
  onEye: (ids: readonly string[], isOn: boolean) => void;
  onGroup: (spelling: string) => void;
  /** The actions of headers on the shown columns. */
  columnActions: (columns: readonly string[]) => {
    onSort: (order: string, isAdded: boolean) => void;
    onSortBy: (sort: string[]) => void;
    onMove: (spelling: string, before: string | undefined) => void;
    onReplace: (spelling: string, next: string | undefined) => void;
    onFix: (spelling: string, isFixed: boolean) => void;
    onGroup: (spelling: string) => void;
  };
}

/** Turns an empty list into undefined, so that the address leaves it out. */
const orNothing = (list: readonly string[]): string[] | undefined => (list.length > 0 ? [...list] : undefined);

const without = (list: readonly string[] | undefined, item: string): string[] =>
  (list ?? []).filter((one) => one !== item);

function toggled(list: readonly string[] = [], item: string): string[] | undefined {
  return orNothing(list.includes(item) ? without(list, item) : [...list, item]);
}

export function useRunsView(): RunsView {
  const { ids } = useParams({ from: "/experiments/$ids" });
  const search = useSearch({ from: "/experiments/$ids" });
  const navigate = useNavigate({ from: "/experiments/$ids" });
  const experimentIds = useMemo(() => [...new Set(ids.split(",").filter(Boolean))], [ids]);
  const update = useCallback(
    (patch: (before: RunsSearch) => Partial<RunsSearch>): void => {
      void navigate({ search: (before) => ({ ...before, ...patch(before) }), replace: true });
    },
    [navigate],
  );
  const change = useCallback((patch: Partial<RunsSearch>) => update(() => patch), [update]);
  const onToggle = useCallback((id: string) => update(({ open }) => ({ open: toggled(open, id) })), [update]);
  const onEye = useCallback(
    (of: readonly string[], isOn: boolean) =>
      update(({ chartOff = [] }) => {
        const others = chartOff.filter((id) => !of.includes(id));
        return { chartOff: orNothing(isOn ? others : [...others, ...of]) };
      }),
    [update],
  );
  const onGroup = (spelling: string): void =>
    update(({ group }) => ({ group: toggled(group, spelling), open: undefined, nested: undefined }));
  return {
    ...{ experimentIds, search, change, onToggle, onEye, onGroup },
    onPin: (of) =>
      update(({ pinned = [] }) => {
        const others = pinned.filter((id) => !of.includes(id));
        return { pinned: orNothing(of.every((id) => pinned.includes(id)) ? others : [...others, ...of]) };
      }),
    onHide: (of) => update(({ hidden = [] }) => ({ hidden: [...new Set([...hidden, ...of])] })),
    columnActions: (columns) => ({
      onGroup,
      onSort: (order, isAdded) => update(({ sort = [] }) => ({ sort: orNothing(nextSort(sort, order, isAdded)) })),
      onSortBy: (sort) => change({ sort: orNothing(sort) }),
      onMove: (spelling, before) => change({ columns: moveColumn(columns, spelling, before) }),
      onReplace: (spelling, next) =>
        update(({ fixed }) => ({
          columns: columns
            .filter((column) => column !== next)
            .flatMap((column) => (column !== spelling ? [column] : next === undefined ? [] : [next])),
          fixed: orNothing(
            fixed?.includes(spelling) && next !== undefined
              ? [...without(fixed, spelling), next]
              : without(fixed, spelling),
          ),
        })),
      onFix: (spelling, isFixed) =>
        update(({ fixed }) => ({ fixed: orNothing([...without(fixed, spelling), ...(isFixed ? [spelling] : [])]) })),
    }),
  };
}
