import type { Cell, RunTable } from "../../api/run-table.ts";
import type { RunStatus } from "../../api/runs.ts";

/** A run in the table. Times are in ms since 1970. */
export interface RunRow {
  kind: "run";
  id: string;
  experimentId: string;
  name: string;
  status: RunStatus;
  isDeleted: boolean;
  startMs: number | null;
  endMs: number | null;
  user: string;
  source: string | null;
  parentId: string | null;
  /** By spelling. */
  cells: ReadonlyMap<string, Cell>;
  depth: number;
  /** Undefined where nothing is below it. */
  isOpen?: boolean;
}

/** What runs of one group have in common: for each numeric column mean and spread. */
export interface GroupRow {
  kind: "group";
  id: string;
  label: string;
  count: number;
  isOpen: boolean;
  aggregates: ReadonlyMap<string, Aggregated>;
}

export interface Aggregated {
  mean: number;
  /** Of the sample; 0 for one value. */
  std: number;
  min: number;
  max: number;
}

export type TableRow = RunRow | GroupRow;

/** The rows of a columnar answer. */
export function rowsOf({ runs, columns }: RunTable): RunRow[] {
  const spellings = Object.entries(columns);
  return runs.run_id.map((id, at) => ({
    kind: "run",
    id,
    experimentId: runs.experiment_id[at]!,
    name: runs.run_name[at] || id,
    status: runs.status[at]!,
    isDeleted: runs.lifecycle_stage[at] === "deleted",
    startMs: runs.start_time[at] ?? null,
    endMs: runs.end_time[at] ?? null,
    user: runs.user_id[at] ?? "",
    source: runs.source_name[at] ?? null,
    parentId: runs.parent_run_id[at] ?? null,
    cells: new Map(spellings.map(([spelling, cells]) => [spelling, cells[at] ?? null])),
    depth: 0,
  }));
}

/** Pinned runs first; then each parent that is in the list, followed by its children where it is open. */
export function nest(rows: readonly RunRow[], open: ReadonlySet<string>): RunRow[] {
  const ids = new Set(rows.map((row) => row.id));
  const children = Map.groupBy(
    rows.filter((row) => row.parentId !== null && ids.has(row.parentId)),
    (row) => row.parentId!,
  );
  const placed = new Set<string>();
  const place = (row: RunRow, depth: number): RunRow[] => {
    // A tag says who the parent is, and tags can say anything: also a circle.
    if (placed.has(row.id)) return [];
    placed.add(row.id);
    const below = children.get(row.id) ?? [];
    const isOpen = open.has(row.id);
    const head: RunRow = { ...row, depth, ...(below.length > 0 && { isOpen }) };
    return [head, ...(isOpen ? below.flatMap((child) => place(child, depth + 1)) : [])];
  };
  const roots = rows.filter((row) => row.parentId === null || !ids.has(row.parentId));
  const tree = roots.flatMap((row) => place(row, 0));
  const closed = new Set([...children.values()].flatMap((below) => below.map((row) => row.id)));
  return [...tree, ...rows.filter((row) => !placed.has(row.id) && !closed.has(row.id)).flatMap((row) => place(row, 0))];
}

/** A group for each combination of values, in the order in which the runs name them; open ones with their runs. */
export function groupRows(rows: readonly RunRow[], by: readonly string[], open: ReadonlySet<string>): TableRow[] {
  const groups = Map.groupBy(rows, (row) => groupLabel(row, by));
  return [...groups].flatMap(([label, members]): TableRow[] => {
    const id = `group:${label}`;
    const isOpen = open.has(id);
    const group: GroupRow = {
      ...{ kind: "group", id, label, count: members.length, isOpen },
      aggregates: aggregate(members),
    };
    return [group, ...(isOpen ? members.map((row) => ({ ...row, depth: 1 })) : [])];
  });
}

/** `lr: 0.1, model: mlp`. */
export function groupLabel(row: RunRow, by: readonly string[]): string {
  return by.map((spelling) => `${spelling.replace(/^\w+\./, "")}: ${row.cells.get(spelling) ?? "–"}`).join(", ");
}

function aggregate(rows: readonly RunRow[]): Map<string, Aggregated> {
  const numbers = new Map<string, number[]>();
  for (const row of rows) {
    for (const [spelling, cell] of row.cells) {
      if (typeof cell !== "number") continue;
      const known = numbers.get(spelling);
      if (known) known.push(cell);
      else numbers.set(spelling, [cell]);
    }
  }
  return new Map([...numbers].map(([spelling, values]) => [spelling, describe(values)]));
}

function describe(values: readonly number[]): Aggregated {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const std = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0;
  let min = values[0]!;
  let max = values[0]!;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { mean, std, min, max };
}
