import type { Panel } from "../../charts/panels/panel-search.ts";
import type { CompareSearch } from "../compare/search.ts";
import { foldersTo } from "../experiments/experiment-rows.ts";
import type { RunsSearch, RunsView } from "./use-runs-view.ts";

/** The most runs that a comparison reads by their ids. It reads more runs by a search. */
const MAX_READ_ONE_BY_ONE = 100;
export const MAX_COMPARED = 10_000;

interface Compared {
  view: RunsView;
  /** A filter that finds exactly these runs; undefined if only their ids do. */
  filter: string | undefined;
}

/** The address of a comparison of runs of the table. */
export function comparisonOf(ids: readonly string[], { view, filter }: Compared): CompareSearch {
  if (ids.length <= MAX_READ_ONE_BY_ONE) return { runs: ids.join(",") } as CompareSearch;
  const { sort = [], view: stage } = view.search;
  return {
    ...{ experiments: view.experimentIds.join(","), view: "parallel" },
    ...(filter === undefined ? { runs: ids.slice(0, MAX_COMPARED).join(",") } : filter !== "" && { filter }),
    ...(sort.length > 0 && { sort: [...sort] }),
    ...(stage === "deleted" && { deleted: true }),
  } as CompareSearch;
}

const FIRST_TEXT = "Say what was tried, and what came of it: this panel is text in markdown. Its menu edits it.";

/** The search parameters of a report on the table. A table without panels gets a text and two panels. */
export function reportOf(title: string, { panels = [] }: RunsSearch): Partial<RunsSearch> {
  const first: Panel[] = [
    { id: "text", at: [0, 0, 12, 3], text: FIRST_TEXT },
    { id: "matters", at: [0, 3, 6, 8], kind: "matters" },
    { id: "best", at: [6, 3, 6, 8], kind: "best" },
  ];
  return { report: `Report on ${title}`, panels: panels.length > 0 ? panels : first };
}

/** The breadcrumbs of an experiment: its folders are links. */
export function crumbsOf(name: string): { label: string; href?: string }[] {
  const steps = foldersTo(name);
  return steps.map(({ path, name: label }, index) =>
    index === steps.length - 1 ? { label } : { label, href: `#/experiments?folder=${encodeURIComponent(path)}` },
  );
}
