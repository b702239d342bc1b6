import { useState } from "react";
import { useChange } from "../../api/query-client.ts";
import { deleteRun, restoreRun, setRunTag } from "../../api/runs.ts";
import { ConfirmDialog, FormDialog } from "../../parts/dialog.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { say } from "../../parts/toast.tsx";

export type Doing = { kind: "tag" | "delete" | "restore"; ids: readonly string[] };

/** Calls at a time, so that a thousand runs do not arrive at once. */
const AT_ONCE = 8;

async function forEach(ids: readonly string[], change: (id: string) => Promise<unknown>): Promise<void> {
  const waiting = ids.values();
  const work = async (): Promise<void> => {
    for (const id of waiting) await change(id);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

const runsText = (count: number): string => (count === 1 ? "1 run" : `${count} runs`);

/** What is done to the selected runs, after a word with the reader. */
export default function BulkDialogs({ doing, onClose }: { doing: Doing; onClose: () => void }) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const { ids } = doing;
  const change = useChange(
    (act: (id: string) => Promise<unknown>) => forEach(ids, act),
    ["runs", "experiments", "keys"],
  );
  const close = (isOpen: boolean): void => {
    if (!isOpen) onClose();
  };
  if (doing.kind === "tag") {
    return (
      <FormDialog
        isOpen
        onOpenChange={close}
        title={`Tag ${runsText(ids.length)}`}
        submitLabel="Set tag"
        canSubmit={key.trim() !== ""}
        onSubmit={async () => {
          await change.mutateAsync((run_id) => setRunTag({ run_id, key: key.trim(), value }));
          say(`Tagged ${runsText(ids.length)}.`);
        }}
      >
        <TextField label="Key" value={key} onValueChange={setKey} autoFocus />
        <TextField label="Value" value={value} onValueChange={setValue} />
      </FormDialog>
    );
  }
  const isDelete = doing.kind === "delete";
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={close}
      title={`${isDelete ? "Delete" : "Restore"} ${runsText(ids.length)}?`}
      description={isDelete ? "They go to the trash and can be restored." : "They are listed and found again."}
      confirmLabel={isDelete ? "Delete" : "Restore"}
      isDangerous={isDelete}
      onConfirm={async () => {
        await change.mutateAsync((run_id) => (isDelete ? deleteRun({ run_id }) : restoreRun({ run_id })));
        say(`${isDelete ? "Deleted" : "Restored"} ${runsText(ids.length)}.`);
      }}
    />
  );
}
