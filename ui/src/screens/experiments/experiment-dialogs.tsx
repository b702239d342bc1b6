import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { experimentListQuery, type ListedExperiment } from "../../api/experiment-list.ts";
import {
  createExperiment,
  deleteExperiment,
  deleteExperimentTag,
  renameExperiment,
  restoreExperiment,
  setExperimentTag,
} from "../../api/experiments.ts";
import { useChange } from "../../api/query-client.ts";
import { NOTE_TAG, valueFor } from "../../api/wire.ts";
import { ConfirmDialog, Dialog, FormDialog, type OverlayProps } from "../../parts/dialog.tsx";
import { Markdown } from "../../parts/markdown.tsx";
import { Segmented } from "../../parts/segmented.tsx";
import { TagEditor } from "../../parts/tag-editor.tsx";
import { TextArea, TextField } from "../../parts/text-field.tsx";
import { say, sayFailed } from "../../parts/toast.tsx";
import { useIsAdmin } from "../access/rights.ts";

/** The action that the open dialog confirms. */
export type Doing =
  | { kind: "create"; folder: string }
  | { kind: "rename" | "describe" | "tags"; experiment: ListedExperiment }
  | { kind: "delete"; experiments: readonly ListedExperiment[] };

interface DialogsProps {
  doing: Doing;
  onClose: () => void;
  onCreated: (experimentId: string) => void;
}

export default function ExperimentDialogs({ doing, onClose, onCreated }: DialogsProps) {
  const dialog = { isOpen: true, onOpenChange: (isOpen: boolean) => !isOpen && onClose() };
  if (doing.kind === "create") return <CreateDialog {...dialog} folder={doing.folder} onCreated={onCreated} />;
  if (doing.kind === "delete") return <DeleteDialog {...dialog} experiments={doing.experiments} />;
  if (doing.kind === "rename") return <RenameDialog {...dialog} experiment={doing.experiment} />;
  if (doing.kind === "describe") return <DescribeDialog {...dialog} experiment={doing.experiment} />;
  return <TagsDialog {...dialog} experiment={doing.experiment} />;
}

interface OneProps extends OverlayProps {
  experiment: ListedExperiment;
}

function CreateDialog({
  folder,
  onCreated,
  ...dialog
}: OverlayProps & Pick<DialogsProps, "onCreated"> & { folder: string }) {
  const [name, setName] = useState(folder === "" ? "" : `${folder}/`);
  const [location, setLocation] = useState("");
  const isAdmin = useIsAdmin();
  const create = useChange(createExperiment, ["experiments"]);
  const submit = async (): Promise<void> => {
    onCreated(await create.mutateAsync({ name, ...(location !== "" && { artifact_location: location }) }));
  };
  return (
    <FormDialog
      {...dialog}
      title="New experiment"
      submitLabel="Create"
      onSubmit={submit}
      canSubmit={name.trim() !== ""}
    >
      <TextField label="Name" hint="A slash makes a folder." value={name} onValueChange={setName} required autoFocus />
      {isAdmin && (
        <TextField
          label="Artifact location"
          hint="Where its runs keep their files. Leave it empty for this server's own store."
          value={location}
          onValueChange={setLocation}
        />
      )}
    </FormDialog>
  );
}

function RenameDialog({ experiment, ...dialog }: OneProps) {
  const [name, setName] = useState(experiment.name);
  const rename = useChange(renameExperiment, ["experiments"]);
  return (
    <FormDialog
      {...dialog}
      title="Rename the experiment"
      submitLabel="Rename"
      onSubmit={() => rename.mutateAsync({ experiment_id: experiment.experiment_id, new_name: name })}
      canSubmit={name.trim() !== "" && name !== experiment.name}
    >
      <TextField label="Name" hint="A slash makes a folder." value={name} onValueChange={setName} required autoFocus />
    </FormDialog>
  );
}

function DescribeDialog({ experiment, ...dialog }: OneProps) {
  const before = valueFor(experiment.tags, NOTE_TAG) ?? "";
  const [text, setText] = useState(before);
  const [view, setView] = useState<"write" | "read">("write");
  const setTag = useChange(setExperimentTag, ["experiments"]);
  return (
    <FormDialog
      {...dialog}
      title={`Description of ${experiment.name}`}
      width="medium"
      submitLabel="Save"
      onSubmit={() => setTag.mutateAsync({ experiment_id: experiment.experiment_id, key: NOTE_TAG, value: text })}
      canSubmit={text !== before}
    >
      <Segmented
        label="View"
        value={view}
        onValueChange={setView}
        segments={[
          { value: "write", label: "Write" },
          { value: "read", label: "Preview" },
        ]}
        className="self-start"
      />
      {view === "write" ? (
        <TextArea label="Description" hint="In markdown." rows={12} value={text} onValueChange={setText} />
      ) : (
        <Markdown text={text} className="min-h-60" />
      )}
    </FormDialog>
  );
}

function TagsDialog({ experiment, ...dialog }: OneProps) {
  const client = useQueryClient();
  const set = useChange(setExperimentTag, ["experiments"]);
  const remove = useChange(deleteExperimentTag, ["experiments"]);
  const { experiment_id } = experiment;
  const now = client
    .getQueryData(experimentListQuery().queryKey)
    ?.find((listed) => listed.experiment_id === experiment_id);
  return (
    <Dialog {...dialog} title={`Tags of ${experiment.name}`}>
      <TagEditor
        tags={(now ?? experiment).tags}
        onSet={(tag) => set.mutateAsync({ experiment_id, ...tag })}
        onRemove={(key) => remove.mutateAsync({ experiment_id, key })}
      />
    </Dialog>
  );
}

function DeleteDialog({ experiments, ...dialog }: OverlayProps & { experiments: readonly ListedExperiment[] }) {
  const remove = useChange(deleteAll, ["experiments", "runs"]);
  const restore = useChange(restoreAll, ["experiments", "runs"]);
  const ids = experiments.map((experiment) => experiment.experiment_id);
  const runs = experiments.reduce((sum, experiment) => sum + experiment.active_runs, 0);
  const what = experiments.length === 1 ? experiments[0]!.name : `${experiments.length} experiments`;
  const submit = async (): Promise<void> => {
    await remove.mutateAsync(ids);
    const undo = (): void => {
      restore.mutate(ids, { onError: (error) => sayFailed("Not everything could be restored.", error) });
    };
    say(`Deleted ${what}.`, { label: "Undo", onSelect: undo });
  };
  return (
    <ConfirmDialog
      {...dialog}
      title={`Delete ${what}?`}
      description={`${runs === 1 ? "Its run goes" : `${runs} runs go`} to the trash too. Both can be restored from there.`}
      confirmLabel="Delete"
      isDangerous
      onConfirm={submit}
    />
  );
}

async function deleteAll(ids: readonly string[]): Promise<void> {
  for (const experiment_id of ids) await deleteExperiment({ experiment_id });
}

async function restoreAll(ids: readonly string[]): Promise<void> {
  for (const experiment_id of ids) await restoreExperiment({ experiment_id });
}
