import { useEffect, useRef } from "react";
import type { Experiment } from "../../api/experiments.ts";
import { notePlace } from "../../shell/places.ts";
import type { RunsSearch } from "./use-runs-view.ts";
import { defaultViewOf, isBare } from "./view-tags.ts";

/** Shows the experiment's default view if the address holds no view, and notes the visit. */
export function useFirstView(
  experiment: Experiment | undefined,
  search: RunsSearch,
  change: (patch: Partial<RunsSearch>) => void,
): void {
  useEffect(() => {
    if (experiment === undefined) return;
    const { experiment_id: id, name } = experiment;
    notePlace({ kind: "experiment", id, experimentId: id, name });
  }, [experiment]);
  const isDue = useRef(isBare(search));
  useEffect(() => {
    if (!isDue.current || experiment === undefined) return;
    isDue.current = false;
    const view = defaultViewOf(experiment);
    if (view !== undefined) change(view);
  }, [experiment, change]);
}
