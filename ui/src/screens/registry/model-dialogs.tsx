import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Entity } from "../../api/query-client.ts";
import { deleteRegisteredModel, renameRegisteredModel } from "../../api/registered-models.ts";
import { ConfirmDialog, FormDialog } from "../../parts/dialog.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { say } from "../../parts/toast.tsx";

/** Makes lists stale without asking for this page's own model again, which is gone by its name. */
function useForget(): () => void {
  const client = useQueryClient();
  return () => {
    for (const entity of ["registered-models", "model-versions"] satisfies Entity[]) {
      void client.invalidateQueries({ queryKey: [entity], refetchType: "none" });
    }
  };
}

interface ModelDialogProps {
  name: string;
  onClose: () => void;
}

export function RenameDialog({ name, onClose, onRenamed }: ModelDialogProps & { onRenamed: (name: string) => void }) {
  const [next, setNext] = useState(name);
  const forget = useForget();
  const submit = async (): Promise<void> => {
    await renameRegisteredModel({ name, new_name: next });
    forget();
    onRenamed(next);
  };
  return (
    <FormDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title="Rename the model"
      description="Code that loads it by the old name stops working."
      submitLabel="Rename"
      onSubmit={submit}
      canSubmit={next.trim() !== "" && next !== name}
    >
      <TextField label="Name" value={next} onValueChange={setNext} required autoFocus />
    </FormDialog>
  );
}

interface DeleteProps extends ModelDialogProps {
  versions: number;
  onDeleted: () => void;
}

export function DeleteDialog({ name, versions, onClose, onDeleted }: DeleteProps) {
  const forget = useForget();
  const submit = async (): Promise<void> => {
    await deleteRegisteredModel({ name });
    forget();
    say(`Deleted ${name}.`);
    onDeleted();
  };
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Delete ${name}?`}
      description={`The model and its ${versions} ${versions === 1 ? "version" : "versions"} are gone for good. Files of runs stay.`}
      confirmLabel="Delete"
      isDangerous
      onConfirm={submit}
    />
  );
}
