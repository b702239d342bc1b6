import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useChange } from "../../api/query-client.ts";
import { deleteRun, restoreRun, runQuery, setRunTag } from "../../api/runs.ts";
import { NOTE_TAG, valueFor } from "../../api/wire.ts";
import { ConfirmDialog, FormDialog } from "../../parts/dialog.tsx";
import { formatCount } from "../../parts/format.ts";
import { TextArea, TextField } from "../../parts/text-field.tsx";
import { say, sayFailed } from "../../parts/toast.tsx";
import { CopyDialog } from "./copy-dialog.tsx";

export type Doing = { kind: "tag" | "delete" | "restore" | "describe" | "copy" | "move"; ids: readonly string[] };

/** Calls at a time, so that a thousand runs do not make a thousand concurrent calls. */
const AT_ONCE = 8;

interface Outcome {
  done: readonly string[];
  /** The first error. */
  error: unknown;
}

/** Continues after a failure: one missing run does not prevent the changes of the others. */
async function forEach(ids: readonly string[], change: (id: string) => Promise<unknown>): Promise<Outcome> {
  const waiting = ids.values();
  const done: string[] = [];
  let error: unknown;
  const work = async (): Promise<void> => {
    for (const id of waiting) {
      await change(id).then(
        () => done.push(id),
        (reason: unknown) => {
          error ??= reason;
        },
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { done, error };
}

const runsText = (count: number): string => (count === 1 ? "1 run" : `${formatCount(count)} runs`);

const WORDS = {
  tag: { did: "Tagged", could: "tagged" },
  delete: { did: "Deleted", could: "deleted" },
  restore: { did: "Restored", could: "restored" },
};

interface BulkDialogsProps {
  doing: Doing;
  onClose: () => void;
  /** The runs are no longer in the list. */
  onGone: () => void;
}

/** Actions on the selected runs, after the reader confirms. */
export default function BulkDialogs({ doing, ...props }: BulkDialogsProps) {
  const { kind, ids } = doing;
  if (kind === "describe") return <DescribeDialog runId={ids[0]!} onClose={props.onClose} />;
  if (kind === "copy" || kind === "move") return <CopyDialog way={kind} ids={ids} {...props} />;
  return <BulkDialog doing={{ kind, ids }} {...props} />;
}

type BulkDoing = Doing & { kind: Exclude<Doing["kind"], "describe" | "copy" | "move"> };

function BulkDialog({ doing, onClose, onGone }: BulkDialogsProps & { doing: BulkDoing }) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const { kind, ids } = doing;
  const change = useChange(
    ({ of, act }: { of: readonly string[]; act: (id: string) => Promise<unknown> }) => forEach(of, act),
    ["runs", "experiments", "keys"],
  );
  const perform = async (act: (id: string) => Promise<unknown>, undo?: (id: string) => Promise<unknown>) => {
    const { done, error } = await change.mutateAsync({ of: ids, act });
    const failed = ids.length - done.length;
    if (done.length === 0 && failed > 0) throw error;
    const action = undo && { label: "Undo", onSelect: () => change.mutate({ of: done, act: undo }) };
    say(`${WORDS[kind].did} ${runsText(done.length)}.`, action);
    if (kind !== "tag" && failed === 0) onGone();
    if (failed > 0) sayFailed(`${runsText(failed)} could not be ${WORDS[kind].could}.`, error);
  };
  const close = (isOpen: boolean): void => {
    if (!isOpen) onClose();
  };
  if (kind === "tag") {
    return (
      <FormDialog
        isOpen
        onOpenChange={close}
        title={`Tag ${runsText(ids.length)}`}
        submitLabel="Set tag"
        canSubmit={key.trim() !== ""}
        onSubmit={() => perform((run_id) => setRunTag({ run_id, key: key.trim(), value }))}
      >
        <TextField label="Key" value={key} onValueChange={setKey} autoFocus />
        <TextField label="Value" value={value} onValueChange={setValue} />
      </FormDialog>
    );
  }
  const isDelete = kind === "delete";
  const remove = (run_id: string): Promise<object> => deleteRun({ run_id });
  const restore = (run_id: string): Promise<object> => restoreRun({ run_id });
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={close}
      title={`${isDelete ? "Delete" : "Restore"} ${runsText(ids.length)}?`}
      description={describe(isDelete, ids.length === 1)}
      confirmLabel={isDelete ? "Delete" : "Restore"}
      isDangerous={isDelete}
      onConfirm={() => (isDelete ? perform(remove, restore) : perform(restore))}
    />
  );
}

/** The description of one run, in markdown. */
function DescribeDialog({ runId, onClose }: { runId: string; onClose: () => void }) {
  const run = useQuery(runQuery(runId));
  const [draft, setDraft] = useState<string>();
  const save = useChange(setRunTag, ["runs", "keys"]);
  const text = draft ?? valueFor(run.data?.data.tags, NOTE_TAG) ?? "";
  return (
    <FormDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Description of ${run.data?.info.run_name ?? "the run"}`}
      width="medium"
      submitLabel="Save"
      canSubmit={run.data !== undefined && draft !== undefined}
      onSubmit={() => save.mutateAsync({ run_id: runId, key: NOTE_TAG, value: text })}
    >
      <TextArea label="Description, in markdown" value={text} onValueChange={setDraft} rows={10} autoFocus />
    </FormDialog>
  );
}

function describe(isDelete: boolean, isOne: boolean): string {
  if (isDelete)
    return isOne ? "It goes to the trash and can be restored." : "They go to the trash and can be restored.";
  return isOne ? "It is listed and found again." : "They are listed and found again.";
}
