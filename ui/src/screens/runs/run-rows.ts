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
  /** When the run last logged: the time of its latest metric, or its start. */
  heardMs: number;
  user: string;
  source: string | null;
  parentId: string | null;
  /** The columns of the answer that contains the run, by field. The run's values are at index `at`. */
  columns: Readonly<Record<string, readonly Cell[]>>;
  at: number;
  depth: number;
  /** Whether the children are listed; undefined without children. */
  isOpen?: boolean;
}

/** Runs with the same values of some params and tags. */
export interface Group {
  id: string;
  label: string;
  members: readonly RunRow[];
}

export interface GroupRow extends Group {
  kind: "group";
  depth: 0;
  isOpen: boolean;
}

export type TableRow = RunRow | GroupRow;

/** The rows of a columnar answer. */
export function rowsOf({ runs, columns }: RunTable): RunRow[] {
  return runs.run_id.map((id, at) => ({
    kind: "run",
    id,
    experimentId: runs.experiment_id[at]!,
    name: runs.run_name[at] || id,
    status: runs.status[at]!,
    isDeleted: runs.lifecycle_stage[at] === "deleted",
    startMs: runs.start_time[at] ?? null,
    endMs: runs.end_time[at] ?? null,
    heardMs: Math.max(runs.start_time[at] ?? 0, runs.last_metric_time[at] ?? 0),
    user: runs.user_id[at] ?? "",
    source: runs.source_name[at] ?? null,
    parentId: runs.parent_run_id[at] ?? null,
    columns,
    at,
    depth: 0,
  }));
}

/** The number in a cell. A text counts as a number if the whole text is one, because params are texts. */
export function numberOf(cell: Cell | undefined): number | undefined {
  if (typeof cell === "number") return cell;
  if (typeof cell !== "string" || !DECIMAL.test(cell)) return undefined;
  const value = Number(cell);
  return Number.isFinite(value) ? value : undefined;
}

/** The texts that `number(…)` of a search reads as numbers. */
const DECIMAL = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;

/** The number of values that decide whether a column holds numbers. */
const SAMPLE = 500;

/** Whether most of a param's values are numbers. A few may be texts such as None. */
export function holdsNumbers(rows: readonly RunRow[], field: string): boolean {
  const cells = rows.slice(0, SAMPLE).flatMap((row) => cellOf(row, field) ?? []);
  const numbers = cells.filter((cell) => numberOf(cell) !== undefined);
  return numbers.length > 0 && 2 * numbers.length >= cells.length;
}

/** The run's value in a column: null if the run has none, undefined if the page did not request it. */
export function cellOf({ columns, at }: RunRow, field: string): Cell | undefined {
  return columns[field]?.[at];
}

/** The rows as a tree: each open parent is followed by its children. */
export function nest(rows: readonly RunRow[], open: ReadonlySet<string>): RunRow[] {
  const ids = new Set(rows.map((row) => row.id));
  const children = Map.groupBy(
    rows.filter((row) => row.parentId !== null && ids.has(row.parentId)),
    (row) => row.parentId!,
  );
  const placed = new Set<string>();
  const place = (row: RunRow, depth: number): RunRow[] => {
    // A tag names the parent, and anyone may write tags. So parents may form a circle.
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

/** One group for each combination of values, in the order of the runs. */
export function groupRuns(rows: readonly RunRow[], by: readonly string[]): Group[] {
  const groups = Map.groupBy(rows, (row) => groupLabel(row, by));
  return [...groups].map(([label, members]) => ({ id: `group:${label}`, label, members }));
}

/** `lr: 0.1, model: mlp`. */
export function groupLabel(row: RunRow, by: readonly string[]): string {
  return by.map((field) => `${field.replace(/^\w+\./, "")}: ${cellOf(row, field) ?? "–"}`).join(", ");
}

/** Orders the groups by their means. @param order such as `metrics.acc DESC`; groups without a mean come last. */
export function orderGroups(groups: readonly Group[], order: string | undefined): readonly Group[] {
  const [, ordered = "", way] = /^(.*) (ASC|DESC)$/s.exec(order ?? "") ?? [];
  const [, field = ordered] = /^number\((.*)\)$/s.exec(ordered) ?? [];
  const means = new Map(groups.map((group) => [group, numbersOf(group.members, field)?.mean]));
  if ([...means.values()].every((mean) => mean === undefined)) return groups;
  const worst = way === "ASC" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  const place = (group: Group): number => means.get(group) ?? worst;
  return groups.toSorted((a, b) => (place(a) === place(b) ? 0 : (place(a) - place(b)) * (way === "ASC" ? 1 : -1)));
}

/** The groups as rows. An open group is followed by its runs. */
export function groupRows(groups: readonly Group[], open: ReadonlySet<string>): TableRow[] {
  return groups.flatMap((group): TableRow[] => {
    const isOpen = open.has(group.id);
    const head: GroupRow = { ...group, kind: "group", depth: 0, isOpen };
    return isOpen ? [head, ...group.members.map((row) => ({ ...row, depth: 1 }))] : [head];
  });
}

/** Statistics of one column over a group's runs. */
export interface Numbers {
  count: number;
  mean: number;
  /** The sample standard deviation; 0 for one value. */
  std: number;
  min: number;
  max: number;
}

const knownNumbers = new WeakMap<readonly RunRow[], Map<string, Numbers | undefined>>();

/** The statistics of the finite values; undefined without any. Computed once per visible column. */
export function numbersOf(members: readonly RunRow[], field: string): Numbers | undefined {
  const known = knownNumbers.get(members) ?? new Map<string, Numbers | undefined>();
  knownNumbers.set(members, known);
  if (!known.has(field)) {
    const values = members.flatMap((row) => numberOf(cellOf(row, field)) ?? []);
    known.set(field, values.length === 0 ? undefined : describe(values));
  }
  return known.get(field);
}

function describe(values: readonly number[]): Numbers {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    ...{ count, mean, std: count > 1 ? Math.sqrt(squares / (count - 1)) : 0 },
    min: values.reduce((least, value) => Math.min(least, value)),
    max: values.reduce((most, value) => Math.max(most, value)),
  };
}
