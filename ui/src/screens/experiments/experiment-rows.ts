import type { ListedExperiment } from "../../api/experiment-list.ts";
import { NOTE_TAG, valueFor } from "../../api/wire.ts";
import { firstLine } from "../../parts/format.ts";

export interface FolderRow {
  kind: "folder";
  /** The whole path, without a slash at the end. */
  path: string;
  /** The last part of the path. */
  name: string;
  /** The number of experiments at any depth below. */
  experiments: number;
  runs: number;
  running: number;
  lastActivity: number | null;
  creationTime: number;
}

export interface ExperimentRow {
  kind: "experiment";
  experiment: ListedExperiment;
  /** The experiment's name below the folder. */
  name: string;
}

export type Row = FolderRow | ExperimentRow;

export const SORTS = ["name", "runs", "activity", "created"] as const;

export type SortColumn = (typeof SORTS)[number];

export interface RowQuery {
  /** Words that must all occur in a name, a tag or a description. The results are listed without folders. */
  words: string;
  /** "" is the root. */
  folder: string;
  isFlat: boolean;
  /** Such as `name`, `-activity`. */
  sort: string;
}

export function rowId(row: Row): string {
  return row.kind === "folder" ? `folder ${row.path}` : row.experiment.experiment_id;
}

/** The rows of one folder, folders first, without the trash. Slashes in names make the folders. */
export function listRows(experiments: readonly ListedExperiment[], query: RowQuery): Row[] {
  const prefix = query.folder === "" ? "" : `${query.folder}/`;
  const words = query.words.toLowerCase().split(/\s+/).filter(Boolean);
  const folders = new Map<string, FolderRow>();
  const rows: ExperimentRow[] = [];
  for (const experiment of experiments) {
    if (experiment.lifecycle_stage !== "active" || !experiment.name.startsWith(prefix)) continue;
    if (words.length > 0 && !matches(experiment, words)) continue;
    const name = experiment.name.slice(prefix.length);
    const folder = words.length > 0 || query.isFlat ? undefined : firstFolder(name);
    if (folder === undefined) rows.push({ kind: "experiment", experiment, name });
    else addTo(folders, prefix + folder, folder, experiment);
  }
  const order = comparison(query.sort);
  return [...[...folders.values()].sort(order), ...rows.sort(order)];
}

/** Whether any name contains a folder. */
export function hasFolders(experiments: readonly ListedExperiment[]): boolean {
  return experiments.some((experiment) => firstFolder(experiment.name) !== undefined);
}

/** A slash at the start or at the end of a name makes no folder. */
function firstFolder(name: string): string | undefined {
  const slash = name.indexOf("/", 1);
  return slash < 0 || slash === name.length - 1 ? undefined : name.slice(0, slash);
}

function matches(experiment: ListedExperiment, words: readonly string[]): boolean {
  const tags = experiment.tags.filter(({ key }) => key === NOTE_TAG || !key.startsWith("mlflow."));
  const text = [experiment.name, experiment.experiment_id, ...tags.map(({ key, value }) => `${key}:${value}`)]
    .join("\n")
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

function addTo(folders: Map<string, FolderRow>, path: string, name: string, experiment: ListedExperiment): void {
  const folder = folders.get(path);
  const empty = { experiments: 0, runs: 0, running: 0, lastActivity: null, creationTime: Number.POSITIVE_INFINITY };
  const before = folder ?? { kind: "folder", path, name, ...empty };
  folders.set(path, {
    ...before,
    experiments: before.experiments + 1,
    runs: before.runs + experiment.active_runs,
    running: before.running + experiment.running_runs,
    lastActivity: latest(before.lastActivity, experiment.last_activity),
    creationTime: Math.min(before.creationTime, experiment.creation_time),
  });
}

function latest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}

const BY_NAME = new Intl.Collator(undefined, { numeric: true });

/** Ties are ordered by name. Rows without activity come last, in either direction. */
function comparison(sort: string): (a: Row, b: Row) => number {
  const sign = sort.startsWith("-") ? -1 : 1;
  const column = sort.replace(/^-/, "");
  const byName = (a: Row, b: Row): number => BY_NAME.compare(a.name, b.name);
  if (column === "name") return (a, b) => sign * byName(a, b);
  const of = (row: Row): number | null => sortValue(row, column);
  return (a, b) => {
    const [left, right] = [of(a), of(b)];
    if (left === null || right === null) return Number(left === null) - Number(right === null) || byName(a, b);
    return sign * (left - right) || byName(a, b);
  };
}

function sortValue(row: Row, column: string): number | null {
  if (row.kind === "folder") {
    return { runs: row.runs, activity: row.lastActivity, created: row.creationTime }[column] ?? null;
  }
  const { active_runs, last_activity, creation_time } = row.experiment;
  return { runs: active_runs, activity: last_activity, created: creation_time }[column] ?? null;
}

/** The folders from the root to a folder, for breadcrumb links: `a/b` gives `a` and `a/b`. */
export function foldersTo(folder: string): { path: string; name: string }[] {
  const found: { path: string; name: string }[] = [];
  for (let start = 0; start < folder.length; ) {
    const slash = folder.indexOf("/", start + 1);
    const end = slash < 0 ? folder.length : slash;
    found.push({ path: folder.slice(0, end), name: folder.slice(start, end) });
    start = end + 1;
  }
  return found;
}

/** The first line of a description. */
export function noteLine(experiment: ListedExperiment): string {
  return firstLine(valueFor(experiment.tags, NOTE_TAG) ?? "");
}
