import { Info } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { deleteExperimentTag, type Experiment, renameExperiment, setExperimentTag } from "../../api/experiments.ts";
import { useChange } from "../../api/query-client.ts";
import { NOTE_TAG, valueFor } from "../../api/wire.ts";
import { Button, ButtonWords } from "../../parts/button.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { firstLine, formatTime } from "../../parts/format.ts";
import { TextField } from "../../parts/text-field.tsx";
import { sayFailed } from "../../parts/toast.tsx";
import { FavouriteButton } from "../../shell/favourite-button.tsx";
import { AccessButton } from "../access/access-button.tsx";
import { useRights } from "../access/rights.ts";

const Description = lazy(async () => ({ default: (await import("../../parts/description.tsx")).Description }));
const TagEditor = lazy(async () => ({ default: (await import("../../parts/tag-editor.tsx")).TagEditor }));

/** The first line of an experiment's description. One press opens all of it, and its editor. */
export function ExperimentAbout({ experiment }: { experiment: Experiment }) {
  const [isOpen, setOpen] = useState(false);
  const { experiment_id, name } = experiment;
  const note = firstLine(valueFor(experiment.tags, NOTE_TAG) ?? "");
  return (
    <span className="ml-auto flex min-w-0 items-center gap-1">
      {note !== "" && (
        <button
          type="button"
          title={note}
          onClick={() => setOpen(true)}
          className="hidden min-w-0 max-w-[48ch] truncate rounded-sm text-ink-muted hover:text-ink wide:block"
        >
          {note}
        </button>
      )}
      <FavouriteButton place={{ kind: "experiment", id: experiment_id, experimentId: experiment_id, name }} />
      <AccessButton name={name} thing={{ resource_type: "experiment", resource_id: experiment_id }} />
      <Button kind="quiet" icon={<Info size={14} aria-hidden />} onClick={() => setOpen(true)}>
        <ButtonWords>About</ButtonWords>
      </Button>
      {isOpen && <AboutDialog experiment={experiment} onClose={() => setOpen(false)} />}
    </span>
  );
}

function AboutDialog({ experiment, onClose }: { experiment: Experiment; onClose: () => void }) {
  const { experiment_id, name, artifact_location, creation_time, last_update_time, tags = [] } = experiment;
  const [draft, setDraft] = useState(name);
  const rename = useChange(renameExperiment, ["experiments"]);
  const { mayEdit } = useRights({ type: "experiment", ids: [experiment_id] });
  const setTag = useChange(setExperimentTag, ["experiments"]);
  const removeTag = useChange(deleteExperimentTag, ["experiments"]);
  const next = draft.trim();
  const facts = [
    { label: "Id", value: experiment_id, isCopied: true },
    { label: "Artifact location", value: artifact_location, isCopied: true },
    { label: "Created", value: formatTime(creation_time), isCopied: false },
    { label: "Changed", value: formatTime(last_update_time), isCopied: false },
  ];
  return (
    <Dialog isOpen onOpenChange={(isOpen) => !isOpen && onClose()} title={`About ${name}`} width="medium">
      <div className="flex flex-col gap-4">
        {mayEdit && (
          <form
            className="flex items-end gap-2"
            onSubmit={(event) => {
              event.preventDefault();
              rename.mutate(
                { experiment_id, new_name: next },
                { onError: (error) => sayFailed("The experiment could not be renamed.", error) },
              );
            }}
          >
            <TextField
              label="Name"
              hint="A slash makes a folder."
              value={draft}
              onValueChange={setDraft}
              className="flex-1"
            />
            <Button type="submit" className="mb-5" disabled={next === "" || next === name || rename.isPending}>
              Rename
            </Button>
          </form>
        )}
        <dl className="grid grid-cols-[auto_minmax(0,1fr)] items-center gap-x-4 gap-y-1">
          {facts.map(({ label, value, isCopied }) => (
            <div key={label} className="contents">
              <dt className="text-ink-muted">{label}</dt>
              <dd className="flex min-w-0 items-center gap-1">
                <span className="min-w-0 wrap-anywhere">{value}</span>
                {isCopied && <CopyButton text={value} label={`Copy: ${label.toLowerCase()}`} />}
              </dd>
            </div>
          ))}
        </dl>
        <Suspense>
          <Description
            text={valueFor(tags, NOTE_TAG)}
            {...(mayEdit && { onSave: (value) => setTag.mutateAsync({ experiment_id, key: NOTE_TAG, value }) })}
          />
          <section aria-label="Tags">
            <h3 className="mb-1 font-medium">Tags</h3>
            <TagEditor
              tags={tags}
              {...(mayEdit && {
                onSet: (tag) => setTag.mutateAsync({ experiment_id, ...tag }),
                onRemove: (key) => removeTag.mutateAsync({ experiment_id, key }),
              })}
            />
          </section>
        </Suspense>
      </div>
    </Dialog>
  );
}
