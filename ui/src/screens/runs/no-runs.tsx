import { ApiError } from "../../api/client.ts";
import { Button, buttonClass } from "../../parts/button.tsx";
import { EmptyState, ErrorState } from "../../parts/states.tsx";
import type { LoadedRuns } from "./use-runs.ts";
import type { RunsView } from "./use-runs-view.ts";

interface NoRunsProps {
  loaded: LoadedRuns;
  view: RunsView;
  /** The error if an experiment could not be read. */
  missing: Error | null | undefined;
}

/** Shown instead of an empty table: says why there are no rows, and what to do. */
export function NoRuns({ loaded, view: { search, change }, missing }: NoRunsProps) {
  const { q = "", hidden = [] } = search;
  if (loaded.error !== undefined || missing) {
    return (
      <ErrorState title={titleOf(missing)} error={missing ?? loaded.error} onRetry={loaded.retry}>
        {missing && (
          <a href="#/experiments" className={buttonClass()}>
            All experiments
          </a>
        )}
        {search.sort !== undefined && !missing && (
          <Button onClick={() => change({ sort: undefined, columns: undefined })}>Reset order and columns</Button>
        )}
      </ErrorState>
    );
  }
  if (loaded.mistake !== undefined) {
    return (
      <EmptyState
        title="The filter could not be read"
        actions={<Button onClick={() => change({ q: undefined })}>Empty the filter</Button>}
      >
        What is wrong is said below it.
      </EmptyState>
    );
  }
  if (hidden.length > 0 && loaded.rows.length > 0) {
    return (
      <EmptyState
        title="All runs are hidden"
        actions={<Button onClick={() => change({ hidden: undefined })}>Show all runs</Button>}
      />
    );
  }
  if (q !== "") {
    return (
      <EmptyState
        title="No run matches"
        actions={<Button onClick={() => change({ q: undefined })}>Empty the filter</Button>}
      >
        {search.view === "deleted"
          ? "Only the trash was searched."
          : "Filters are written as mlflow.search_runs takes them, with OR, NOT, brackets and min(), max(), first() as well."}
      </EmptyState>
    );
  }
  if (search.view === "deleted") {
    return <EmptyState title="The trash is empty">Deleted runs can be restored here.</EmptyState>;
  }
  return (
    <EmptyState title="No runs yet">
      Log one into this experiment: <code className="whitespace-nowrap">with mlflow.start_run(): …</code>. It appears
      here by itself. The plug above opens lines to paste for Python, R, Java, the command line and REST.
    </EmptyState>
  );
}

function titleOf(missing: Error | null | undefined): string {
  if (!missing) return "The runs could not be loaded";
  const isGone = missing instanceof ApiError && missing.code === "RESOURCE_DOES_NOT_EXIST";
  return isGone ? "There is no such experiment" : "The experiment could not be loaded";
}
