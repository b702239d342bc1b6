import { useState } from "react";
import { useChange } from "../../api/query-client.ts";
import { deleteRun, type Run, updateRun } from "../../api/runs.ts";
import { ConfirmDialog, FormDialog } from "../../parts/dialog.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { say } from "../../parts/toast.tsx";
import { RegisterDialog } from "../registry/register-dialog.tsx";

/** The action on the run that has a dialog open. */
export type Doing = { kind: "rename" } | { kind: "delete" } | { kind: "register"; folder?: string };

interface RunDialogProps {
  run: Run;
  onClose: () => void;
}

export default function RunDialogs({ doing, ...props }: RunDialogProps & { doing: Doing }) {
  const { run, onClose } = props;
  switch (doing.kind) {
    case "rename":
      return <Rename {...props} />;
    case "delete":
      return <Delete {...props} />;
    case "register":
      return (
        <RegisterDialog
          isOpen
          onOpenChange={onClose}
          runId={run.info.run_id}
          {...(doing.folder !== undefined && { initialPath: doing.folder })}
        />
      );
  }
}

function Rename({ run, onClose }: RunDialogProps) {
  const [name, setName] = useState(run.info.run_name);
  const rename = useChange(updateRun, ["runs"]);
  return (
    <FormDialog
      isOpen
      onOpenChange={onClose}
      title="Rename the run"
      submitLabel="Rename"
      canSubmit={name.trim() !== ""}
      onSubmit={() => rename.mutateAsync({ run_id: run.info.run_id, run_name: name.trim() })}
    >
      <TextField label="Name" value={name} onValueChange={setName} autoFocus />
    </FormDialog>
  );
}

function Delete({ run, onClose }: RunDialogProps) {
  const remove = useChange(deleteRun, ["runs", "experiments", "keys"]);
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={onClose}
      title={`Delete the run ${run.info.run_name}?`}
      description="It leaves lists and searches. It can be restored from here, or from the deleted runs of its experiment."
      confirmLabel="Delete"
      isDangerous
      onConfirm={async () => {
        await remove.mutateAsync({ run_id: run.info.run_id });
        say("The run was deleted.");
      }}
    />
  );
}
