import type { Experiment } from "../../api/experiments.ts";
import { runsSearch } from "./search.ts";
import type { RunsSearch } from "./use-runs-view.ts";

/** A saved view: a named state of the table. */
export interface SavedView {
  /** The key of the tag that holds the view, in each of its experiments. */
  key: string;
  name: string;
  experimentIds: readonly string[];
  search: RunsSearch;
}

const PREFIX = "trackflare.view.";

/** The greatest length of an experiment tag's value, in characters. */
export const MAX_VIEW_LENGTH = 20_000;

/** The views in the experiments' tags, each once, ordered by name. Anyone may have written the tags. */
export function viewsOf(experiments: readonly Experiment[]): SavedView[] {
  const tags = experiments.flatMap((experiment) =>
    (experiment.tags ?? [])
      .filter(({ key }) => key.startsWith(PREFIX))
      .flatMap(({ key, value }) => readView(key, value, experiment.experiment_id) ?? []),
  );
  return [...new Map(tags.map((view) => [view.key, view])).values()].sort((a, b) => a.name.localeCompare(b.name));
}

function readView(key: string, value: string, experimentId: string): SavedView | undefined {
  try {
    const { name, experiments, search } = JSON.parse(value) as Record<string, unknown>;
    if (typeof name !== "string") return undefined;
    const ids = Array.isArray(experiments) ? experiments.filter((id) => typeof id === "string") : [];
    return { key, name, experimentIds: ids.length > 0 ? ids : [experimentId], search: runsSearch.parse(search) };
  } catch {
    return undefined;
  }
}

/** The experiment's tag with the default view of its table. It leaves out which runs are hidden, pinned or open. */
export const DEFAULT_VIEW_TAG = "trackflare.default-view";

export function defaultViewOf(experiment: Experiment | undefined): RunsSearch | undefined {
  const value = experiment?.tags?.find(({ key }) => key === DEFAULT_VIEW_TAG)?.value;
  if (value === undefined) return undefined;
  try {
    return runsSearch.parse(JSON.parse(value));
  } catch {
    return undefined;
  }
}

export function writeDefaultView({ hidden: _hidden, pinned: _pinned, open: _open, ...search }: RunsSearch): string {
  return JSON.stringify(search);
}

/** Whether the address holds no state of the table. */
export function isBare(search: RunsSearch): boolean {
  return Object.values(search).every((value) => value === undefined);
}

export function writeView({ name, experimentIds, search }: Omit<SavedView, "key">): string {
  return JSON.stringify({ name, experiments: experimentIds, search });
}

/** The key of the existing view with this name, which the new view replaces, or a new key. */
export function keyFor(views: readonly SavedView[], name: string): string {
  const [suffix] = crypto.getRandomValues(new Uint32Array(1));
  return views.find((view) => view.name === name)?.key ?? `${PREFIX}${suffix!.toString(16).padStart(8, "0")}`;
}
