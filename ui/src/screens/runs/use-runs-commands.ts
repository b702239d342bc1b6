import { useCommands } from "../../shell/commands.ts";
import type { RunsView } from "./use-runs-view.ts";

interface RunsCommands {
  view: RunsView;
  onFilter: () => void;
  /** Undefined if too few runs are selected. */
  onCompare: (() => void) | undefined;
  onReport: () => void;
  /** Undefined until all rows have loaded. */
  onDownload: (() => void) | undefined;
}

/** The table's commands for the palette and the keyboard. */
export function useRunsCommands({ view, onFilter, onCompare, onReport, onDownload }: RunsCommands): void {
  const { search, change } = view;
  const group = "Runs";
  useCommands([
    { id: "runs.filter", label: "Filter the runs", group, keys: "/", run: onFilter },
    {
      id: "runs.charts",
      label: search.charts ? "Close the charts" : "Show charts beside the table",
      ...{ group, keys: "v" },
      run: () => change({ charts: search.charts ? undefined : true }),
    },
    {
      id: "runs.compare",
      label: "Compare the selected runs",
      ...{ group, keys: "m" },
      isDisabled: onCompare === undefined,
      run: () => onCompare?.(),
    },
    { id: "runs.report", label: "Make a report", group, isDisabled: search.report !== undefined, run: onReport },
    {
      id: "runs.diff",
      label: search.diff ? "All columns" : "Only columns that differ",
      group,
      run: () => change({ diff: search.diff ? undefined : true }),
    },
    {
      id: "runs.csv",
      label: "Download the runs as CSV",
      group,
      isDisabled: onDownload === undefined,
      run: () => onDownload?.(),
    },
  ]);
}
