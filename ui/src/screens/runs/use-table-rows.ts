import { useMemo, useRef } from "react";
import type { DistinctKeys } from "../../api/keys.ts";
import { areSameGroups, type ChartGroup } from "../../charts/group-store.ts";
import type { OwnGroups } from "../../charts/panels/panel-card.tsx";
import type { Query } from "./filter-words.ts";
import { groupableFields, type RunColumn } from "./run-columns.ts";
import {
  type Group,
  groupRows,
  groupRuns,
  holdsNumbers,
  nest,
  orderGroups,
  type RunRow,
  type TableRow,
} from "./run-rows.ts";
import { type LoadedRuns, MAX_ROWS } from "./use-runs.ts";
import type { RunsSearch } from "./use-runs-view.ts";

const NONE: readonly string[] = [];

export interface TableRows {
  /** The runs that are not hidden; pinned runs come first. */
  runs: readonly RunRow[];
  groups: readonly Group[];
  rows: readonly TableRow[];
  /** Whether children are listed below their parents. */
  isNested: boolean;
  /** How many of the first rows are pinned. */
  pinned: number;
  isTree: boolean;
}

/** The table's rows from the loaded runs: without hidden runs, in groups or below their parents. */
export function useTableRows(loaded: readonly RunRow[], search: RunsSearch): TableRows {
  const { group = NONE, pinned = NONE, hidden = NONE, open = NONE, sort = NONE } = search;
  const runs = useMemo(() => {
    if (hidden.length === 0 && pinned.length === 0) return loaded;
    const [out, first] = [new Set(hidden), new Set(pinned)];
    const seen = loaded.filter((row) => !out.has(row.id));
    return [...seen.filter((row) => first.has(row.id)), ...seen.filter((row) => !first.has(row.id))];
  }, [loaded, hidden, pinned]);
  // By default children are below their parents, unless the reader orders all runs.
  const nested = search.nested ?? (sort.length === 0 && hasChildren(runs));
  const groups = useMemo(
    () => (group.length === 0 ? [] : orderGroups(groupRuns(runs, group), sort[0])),
    [runs, group, sort],
  );
  const rows = useMemo(() => {
    if (group.length > 0) return groupRows(groups, new Set(open));
    return nested ? nest(runs, new Set(open)) : runs;
  }, [runs, groups, group, nested, open]);
  const isTree = group.length > 0 || nested;
  const first = new Set(pinned);
  const rest = isTree ? 0 : rows.findIndex((row) => !first.has(row.id));
  return { runs, groups, rows, isTree, isNested: nested, pinned: rest < 0 ? rows.length : rest };
}

const known = new WeakMap<readonly RunRow[], boolean>();

/** Whether the list contains both a run and its parent. */
function hasChildren(runs: readonly RunRow[]): boolean {
  let answer = known.get(runs);
  if (answer === undefined) {
    const ids = new Set(runs.map(({ id }) => id));
    answer = runs.some(({ parentId }) => parentId !== null && ids.has(parentId));
    known.set(runs, answer);
  }
  return answer;
}

/** The loaded runs whose names match the pattern. The server has no such search. */
export function useNamed(loaded: LoadedRuns, query: Query): LoadedRuns {
  const rows = useMemo(
    () => (query.kind === "name" ? loaded.rows.filter(({ name }) => query.pattern.test(name)) : loaded.rows),
    [loaded.rows, query],
  );
  if (query.kind === "filter") return loaded;
  if (query.kind === "mistake") return { ...loaded, mistake: new Error(query.message), isPrevious: true };
  return { ...loaded, rows, total: loaded.isComplete ? rows.length : loaded.total };
}

/** The groups for charts, of the selected runs if some are selected. Undefined without groups, and while runs load. */
export function useChartGroups(
  { isComplete, rows }: Pick<LoadedRuns, "isComplete" | "rows">,
  groups: readonly Group[],
  selected: ReadonlySet<string> | undefined,
): readonly ChartGroup[] | undefined {
  const isThere = (isComplete || rows.length >= MAX_ROWS) && groups.length > 0;
  const kept = useRef<readonly ChartGroup[]>(undefined);
  return useMemo(() => {
    const next = isThere ? chartGroupsOf(groups, selected) : undefined;
    // News of a live run make new rows. The same groups again would read every curve again.
    if (next === undefined || kept.current === undefined || !areSameGroups(next, kept.current)) kept.current = next;
    return kept.current;
  }, [isThere, groups, selected]);
}

/** Sorted by label, so that a group keeps its place and its colour whatever the table's order and selection. */
function chartGroupsOf(groups: readonly Group[], selected: ReadonlySet<string> | undefined): ChartGroup[] {
  const isIn = (id: string): boolean => selected?.has(id) ?? true;
  return groups
    .toSorted((a, b) => a.label.localeCompare(b.label, "en", { numeric: true }))
    .map(({ label, members }) => {
      const runs = members.filter(({ id }) => isIn(id));
      return { label, runIds: runs.map(({ id }) => id), isLive: runs.some(({ status }) => status === "RUNNING") };
    });
}

/** The groups of panels that have their own, of the selected runs where some are. */
export function useOwnGroups(
  { isComplete, rows }: Pick<LoadedRuns, "isComplete" | "rows">,
  runs: readonly RunRow[],
  keys: DistinctKeys | undefined,
  selected: ReadonlySet<string> | undefined,
): OwnGroups {
  const isThere = isComplete || rows.length >= MAX_ROWS;
  return useMemo(
    () => ({
      fields: groupableFields(keys),
      by: (fields) => (isThere ? chartGroupsOf(groupRuns(runs, fields), selected) : undefined),
    }),
    [isThere, runs, keys, selected],
  );
}

/** The columns, with a mark on params whose loaded values are numbers. */
export function useNumberColumns(columns: readonly RunColumn[], loaded: readonly RunRow[]): readonly RunColumn[] {
  const numbers = useMemo(() => {
    const found = columns.filter(({ kind, field }) => kind === "param" && holdsNumbers(loaded, field!));
    return found.map(({ spelling }) => spelling).join("\n");
  }, [columns, loaded]);
  return useMemo(() => {
    const are = new Set(numbers.split("\n"));
    return columns.map((column) => (are.has(column.spelling) ? { ...column, isNumber: true } : column));
  }, [columns, numbers]);
}

/**
 * The selection as the table shows it: a group is selected if all its runs are.
 * @returns the selected ids, and a function that applies a change of them to the selected runs
 */
export function selectionOf(groups: readonly Group[], selected: ReadonlySet<string>) {
  const whole = groups.filter(({ members }) => members.every((row) => selected.has(row.id)));
  const shown = new Set([...selected, ...whole.map(({ id }) => id)]);
  const take = (next: ReadonlySet<string>): Set<string> => {
    const runs = new Set(next);
    for (const { id, members } of groups) {
      runs.delete(id);
      if (next.has(id) === shown.has(id)) continue;
      for (const row of members) {
        if (next.has(id)) runs.add(row.id);
        else runs.delete(row.id);
      }
    }
    return runs;
  };
  return { shown, take };
}
