import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { deniedTo } from "../../api/client.ts";
import { experimentListQuery } from "../../api/experiment-list.ts";
import { useChange } from "../../api/query-client.ts";
import { copyRuns, moveRuns, type Transfer } from "../../api/transfer-runs.ts";
import { FormDialog } from "../../parts/dialog.tsx";
import { formatCount } from "../../parts/format.ts";
import { Combobox } from "../../parts/select.tsx";
import { say } from "../../parts/toast.tsx";
import { useRights } from "../access/rights.ts";

interface CopyDialogProps {
  way: "copy" | "move";
  ids: readonly string[];
  onClose: () => void;
  /** The runs are no longer in the list. */
  onGone: () => void;
}

const ABOUT = {
  copy: "The copies have new ids, with every point, dataset, file and logged model, and name their originals. The originals stay.",
  move: "The runs keep their ids, and take their points, datasets, files and logged models along. A running job may go on logging.",
};

/** Copies runs into another experiment, or moves them. */
export function CopyDialog({ way, ids, onClose, onGone }: CopyDialogProps) {
  const navigate = useNavigate();
  const list = useQuery(experimentListQuery()).data ?? [];
  const [name, setName] = useState<string | null>(null);
  const [done, setDone] = useState<number>();
  // A second press after a failure continues the same copies.
  const copyId = useRef(crypto.randomUUID());
  const transfer = useChange(
    async (input: Transfer): Promise<readonly string[]> => {
      if (way === "copy") return await copyRuns(input, copyId.current);
      await moveRuns(input);
      return [];
    },
    ["runs", "experiments", "keys", "logged-models", "artifacts"],
  );
  const active = list.filter(({ lifecycle_stage }) => lifecycle_stage === "active");
  const target = active.find((experiment) => experiment.name === name)?.experiment_id;
  const rights = useRights({ type: "experiment", ids: target === undefined ? [] : [target] });
  const many = ids.length === 1 ? "the run" : `${formatCount(ids.length)} runs`;
  const submit = async (): Promise<void> => {
    setDone(0);
    const left = await transfer
      .mutateAsync({ runIds: ids, experimentId: target!, onProgress: setDone })
      .finally(() => setDone(undefined));
    if (way === "move") onGone();
    const files =
      left.length === 0 ? "" : ` Files in ${left.length} places were not copied: the server does not keep them.`;
    say(`${way === "move" ? "Moved" : "Copied"} ${many}.${files}`, {
      label: "Show",
      onSelect: () => void navigate({ to: "/experiments/$ids", params: { ids: target! } }),
    });
  };
  return (
    <FormDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`${way === "move" ? "Move" : "Copy"} ${many} to another experiment`}
      description={ABOUT[way]}
      submitLabel={way === "move" ? "Move" : "Copy"}
      canSubmit={target !== undefined && rights.mayEdit}
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
      <p role="status" className="min-h-5 text-ink-muted">
        {done !== undefined && ids.length > 1 && `${formatCount(done)} of ${formatCount(ids.length)} runs`}
        {rights.isKnown && !rights.mayEdit && deniedTo("change this experiment")}
      </p>
    </FormDialog>
  );
}
