import type { Experiment } from "../../api/experiments.ts";
import { IS_SHARED } from "../../api/shared-link.ts";
import { Button } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import type { Rights } from "../access/rights.ts";
import type { Doing } from "./bulk-dialogs.tsx";
import { ExperimentAbout } from "./experiment-about.tsx";
import type { RunRow } from "./run-rows.ts";
import { type LoadedRuns, MAX_ROWS } from "./use-runs.ts";
import type { RunsView } from "./use-runs-view.ts";

interface SelectionBarProps {
  /** The runs' experiments, shown on phones, which have no breadcrumbs. */
  title: string;
  /** The runs' experiment, if it is only one. */
  experiment: Experiment | undefined;
  loaded: LoadedRuns;
  view: RunsView;
  chosen: readonly RunRow[];
  rights: Rights;
  /** All listed runs. */
  runs: readonly RunRow[];
  onDo: (doing: Doing) => void;
  onCompare: (ids: readonly string[]) => void;
  onClear: () => void;
}

/** The number of runs, and the actions on the selected runs. */
export function SelectionBar({
  title,
  experiment,
  loaded,
  view,
  chosen,
  rights,
  runs,
  onDo,
  onCompare,
  onClear,
}: SelectionBarProps) {
  const { pinned = [], hidden = [] } = view.search;
  const ids = chosen.map((row) => row.id);
  const canCompare = ids.length > 1;
  return (
    <div className="flex h-9 shrink-0 items-center gap-2 overflow-x-auto px-3 pb-1 wide:px-4">
      {ids.length === 0 && (
        <span aria-hidden className="min-w-0 truncate font-medium wide:hidden">
          {title}
        </span>
      )}
      <span role="status" className="whitespace-nowrap text-ink-muted">
        {ids.length > 0 ? `${formatCount(ids.length)} selected` : countText(loaded)}
      </span>
      {ids.length === 0 && hidden.length > 0 && (
        <Button kind="quiet" onClick={() => view.change({ hidden: undefined })}>
          Show the {formatCount(hidden.length)} hidden
        </Button>
      )}
      {ids.length === 0 && runs.length > 1 && loaded.isComplete && (
        <Button kind="quiet" onClick={() => onCompare(runs.map(({ id }) => id))}>
          Compare all
        </Button>
      )}
      {ids.length === 0 && experiment !== undefined && view.search.view === "deleted" && !IS_SHARED && (
        <a href={`#/experiments/${experiment.experiment_id}/trash`} className="whitespace-nowrap">
          Trash of the experiment
        </a>
      )}
      {ids.length === 0 && experiment !== undefined && !IS_SHARED && <ExperimentAbout experiment={experiment} />}
      {ids.length > 0 && (
        <>
          <Button disabled={!canCompare} onClick={() => onCompare(ids)}>
            Compare
          </Button>
          <Button onClick={() => view.onPin(ids)}>{ids.every((id) => pinned.includes(id)) ? "Unpin" : "Pin"}</Button>
          <Button
            onClick={() => {
              view.onHide(ids);
              onClear();
            }}
          >
            Hide
          </Button>
          <Changes {...{ ids, rights, onDo }} isDeleted={view.search.view === "deleted"} />
          <Button kind="quiet" onClick={onClear}>
            Clear
          </Button>
        </>
      )}
    </div>
  );
}

interface ChangesProps {
  ids: string[];
  isDeleted: boolean;
  rights: Rights;
  onDo: (doing: Doing) => void;
}

/** The buttons that change the selected runs, as far as the reader may. */
function Changes({ ids, isDeleted, rights: { mayEdit, mayManage }, onDo }: ChangesProps) {
  return (
    <>
      {mayEdit && <Button onClick={() => onDo({ kind: "tag", ids })}>Tag</Button>}
      {mayEdit && !isDeleted && <Button onClick={() => onDo({ kind: "copy", ids })}>Copy to…</Button>}
      {mayManage && !isDeleted && <Button onClick={() => onDo({ kind: "move", ids })}>Move to…</Button>}
      {!mayManage ? null : isDeleted ? (
        <Button onClick={() => onDo({ kind: "restore", ids })}>Restore</Button>
      ) : (
        <Button kind="danger" onClick={() => onDo({ kind: "delete", ids })}>
          Delete
        </Button>
      )}
    </>
  );
}

function countText({ total, rows, isPrevious, error, isExact }: LoadedRuns): string {
  if (total === undefined || error !== undefined) return "";
  const isCapped = total > MAX_ROWS && rows.length >= MAX_ROWS;
  const parts = [
    `${formatCount(total)} ${total === 1 ? "run" : "runs"}`,
    rows.length < Math.min(total, MAX_ROWS) && `${formatCount(rows.length)} loaded`,
    isCapped && `the first ${formatCount(MAX_ROWS)} are listed`,
    !isExact && "metrics of running ones may be minutes old",
    isPrevious && "showing the previous results",
  ];
  return parts.filter(Boolean).join(", ");
}
