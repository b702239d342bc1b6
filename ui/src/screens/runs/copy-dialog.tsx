import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { copyRun } from "../../api/copy-run.ts";
import { experimentListQuery } from "../../api/experiment-list.ts";
import { useChange } from "../../api/query-client.ts";
import { deleteRun } from "../../api/runs.ts";
import { FormDialog } from "../../parts/dialog.tsx";
import { formatCount } from "../../parts/format.ts";
import { Combobox } from "../../parts/select.tsx";
import { say } from "../../parts/toast.tsx";
import { Switch } from "../../parts/toggles.tsx";

interface CopyDialogProps {
  ids: readonly string[];
  onClose: () => void;
  /** The runs are no longer in the list. */
  onGone: () => void;
}

/** Copies runs into another experiment, or moves them. A move puts the originals into the trash. */
export function CopyDialog({ ids, onClose, onGone }: CopyDialogProps) {
  const navigate = useNavigate();
  const list = useQuery(experimentListQuery()).data ?? [];
  const [name, setName] = useState<string | null>(null);
  const [isMove, setMove] = useState(false);
  const [progress, setProgress] = useState<string>();
  const copy = useChange(copyAll, ["runs", "experiments", "keys"]);
  const active = list.filter(({ lifecycle_stage }) => lifecycle_stage === "active");
  const target = active.find((experiment) => experiment.name === name)?.experiment_id;
  const many = ids.length === 1 ? "the run" : `${formatCount(ids.length)} runs`;
  const submit = async (): Promise<void> => {
    await copy
      .mutateAsync({ ids, target: target!, isMove, onProgress: setProgress })
      .finally(() => setProgress(undefined));
    if (isMove) onGone();
    say(`${isMove ? "Moved" : "Copied"} ${many}.`, {
      label: "Show",
      onSelect: () => void navigate({ to: "/experiments/$ids", params: { ids: target! } }),
    });
  };
  return (
    <FormDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`${isMove ? "Move" : "Copy"} ${many} to another experiment`}
      description="With every point of the metrics, datasets and files. A copy has an id of its own; logged models stay with the original."
      submitLabel={isMove ? "Move" : "Copy"}
      canSubmit={target !== undefined}
      onSubmit={submit}
    >
      <div className="flex flex-col gap-1">
        <span className="font-medium">Experiment</span>
        <Combobox
          label="Experiment"
          placeholder="Choose an experiment"
          value={name}
          options={active.map((experiment) => experiment.name)}
          onValueChange={setName}
        />
      </div>
      <Switch label="Put the originals into the trash" isOn={isMove} onChange={setMove} />
      <p role="status" className="min-h-5 truncate text-ink-muted">
        {progress}
      </p>
    </FormDialog>
  );
}

interface CopyInput {
  ids: readonly string[];
  target: string;
  isMove: boolean;
  onProgress: (what: string) => void;
}

/** Copies one run after the other. If one fails, the runs before it are copied, and the runs after it are unchanged. */
async function copyAll({ ids, target, isMove, onProgress }: CopyInput): Promise<void> {
  for (const id of ids) {
    await copyRun(id, target, onProgress);
    if (isMove) await deleteRun({ run_id: id });
  }
}
