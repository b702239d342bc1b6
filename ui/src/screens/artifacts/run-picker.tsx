import { useQuery } from "@tanstack/react-query";
import { Images } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { runQuery, runSearchQuery } from "../../api/runs.ts";
import { RunMark } from "../../charts/run-mark.tsx";
import { Button } from "../../parts/button.tsx";
import { Popover } from "../../parts/popover.tsx";
import { SearchField } from "../../parts/text-field.tsx";
import { Checkbox } from "../../parts/toggles.tsx";

const MAX_LISTED = 50;
/** More columns of images than this are no comparison. */
const MAX_CHOSEN = 24;

interface RunPickerProps {
  /** The run whose files are shown: others of its experiment are offered. */
  runId: string;
  chosen: readonly string[];
  onChange: (runIds: readonly string[]) => void;
}

/** Chooses the runs whose images are shown beside this run's. */
export function RunPicker({ runId, chosen, onChange }: RunPickerProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover
      title="Images of other runs"
      className="w-80"
      isOpen={isOpen}
      onOpenChange={setOpen}
      align="end"
      trigger={
        <Button icon={<Images size={14} aria-hidden />} className="ml-auto">
          {chosen.length === 0 ? "Other runs" : `Other runs (${chosen.length})`}
        </Button>
      }
    >
      {isOpen && <RunList runId={runId} chosen={chosen} onChange={onChange} />}
    </Popover>
  );
}

function RunList({ runId, chosen, onChange }: RunPickerProps) {
  const [words, setWords] = useState("");
  const searched = useDeferredValue(words.trim());
  const own = useQuery(runQuery(runId));
  const experimentId = own.data?.info.experiment_id ?? "";
  const found = useQuery({
    ...runSearchQuery({
      experiment_ids: [experimentId],
      max_results: MAX_LISTED,
      ...(searched !== "" && { filter: `attributes.run_name ILIKE '%${searched.replaceAll("'", "''")}%'` }),
    }),
    enabled: experimentId !== "",
  });
  const runs = (found.data?.runs ?? []).map(({ info }) => info).filter((info) => info.run_id !== runId);
  return (
    <div className="flex flex-col gap-2">
      <SearchField label="Find a run by its name" value={words} onValueChange={setWords} />
      {found.error !== null && <p className="text-danger">{found.error.message}</p>}
      <ul aria-label="Runs" className="flex max-h-72 flex-col overflow-y-auto">
        {runs.map(({ run_id, run_name }) => {
          const isOn = chosen.includes(run_id);
          return (
            <li key={run_id} className="flex min-w-0 items-center gap-2">
              <Checkbox
                label={run_name || run_id}
                isOn={isOn}
                isDisabled={!isOn && chosen.length >= MAX_CHOSEN}
                onChange={(next) => onChange(next ? [...chosen, run_id] : chosen.filter((id) => id !== run_id))}
                className="min-w-0 flex-1 wrap-anywhere"
              />
              <RunMark runId={run_id} />
            </li>
          );
        })}
      </ul>
      {found.isSuccess && runs.length === 0 && (
        <p className="text-ink-muted">
          {searched === "" ? "The experiment has no other run." : "No run has this name."}
        </p>
      )}
      {found.data?.next_page_token !== undefined && (
        <p className="text-ink-muted text-sm">The latest {MAX_LISTED} are listed; search for others.</p>
      )}
      {chosen.length > 0 && (
        <Button kind="quiet" className="self-start" onClick={() => onChange([])}>
          Show this run alone
        </Button>
      )}
    </div>
  );
}
