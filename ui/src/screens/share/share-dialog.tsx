import { useRef, useState } from "react";
import { createLink, type LinkedThing } from "../../api/links.ts";
import { useChange } from "../../api/query-client.ts";
import { buttonClass } from "../../parts/button.tsx";
import { classNames } from "../../parts/class-names.ts";
import { CodeLines } from "../../parts/code-lines.tsx";
import { Dialog, FormDialog } from "../../parts/dialog.tsx";
import { SelectField } from "../../parts/select.tsx";
import { TextField } from "../../parts/text-field.tsx";
import { Time } from "../../parts/values.tsx";

const DAY_SECONDS = 86_400;

const LIFETIMES = [
  { value: "1", label: "A day" },
  { value: "7", label: "A week" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "A year" },
] as const;

interface ShareDialogProps {
  name: string;
  thing: LinkedThing;
  onClose: () => void;
}

/** What whoever has the link sees. */
function reachWords({ path, run_ids, experiment_ids, address }: LinkedThing): string {
  if (path !== undefined) return "this file";
  if (run_ids?.length === 1 && address !== undefined) return "this model, and the run that made it, with their files";
  if (run_ids !== undefined) return run_ids.length === 1 ? "this run with its files" : `these ${run_ids.length} runs`;
  const experiments = experiment_ids?.length === 1 ? "this experiment" : "these experiments";
  return `${experiments} with all runs and files${address === undefined ? "" : ", and opens this view"}`;
}

/** Makes a signed link. The link is shown once. */
export default function ShareDialog({ name, thing, onClose }: ShareDialogProps) {
  const [words, setWords] = useState(name.slice(0, 200));
  const [lifetime, setLifetime] = useState<(typeof LIFETIMES)[number]["value"]>("7");
  const create = useChange(createLink, ["links"]);
  const isMade = useRef(false);
  const [made, setMade] = useState<Awaited<ReturnType<typeof createLink>>>();
  if (made !== undefined) {
    return (
      <Dialog
        isOpen
        onOpenChange={onClose}
        title={made.link.name === "" ? "The link" : `The link “${made.link.name}”`}
        description="It is shown this once. Whoever has it needs no account."
        width="medium"
      >
        <CodeLines text={made.url} label="Copy the link" />
        <p className="mt-3 text-ink-muted">
          It ends <Time timeMs={made.link.expiration_time} isExact />, or when you revoke it.
        </p>
        <a href="#/links" className={classNames(buttonClass(), "mt-3")}>
          See your links
        </a>
      </Dialog>
    );
  }
  return (
    <FormDialog
      isOpen
      onOpenChange={(isOpen) => {
        // The dialog with the link takes the place of the form.
        if (!isOpen && !isMade.current) onClose();
      }}
      title="Share by a link"
      description={`Whoever has the link sees ${reachWords(thing)}, without an account, and can change nothing. Nothing else of this server can be seen by it.`}
      submitLabel="Make the link"
      onSubmit={async () => {
        const expires_in_seconds = Number(lifetime) * DAY_SECONDS;
        const answer = await create.mutateAsync({ ...thing, name: words.trim(), expires_in_seconds });
        isMade.current = true;
        setMade(answer);
      }}
    >
      <TextField
        label="Name"
        hint="Shown above the page, and in the list of your links."
        autoFocus
        maxLength={200}
        value={words}
        onValueChange={setWords}
      />
      <SelectField label="Ends after" value={lifetime} onValueChange={setLifetime} options={LIFETIMES} />
    </FormDialog>
  );
}
