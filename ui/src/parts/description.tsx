import { Pencil } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { Button, IconButton } from "./button.tsx";
import { Markdown } from "./markdown.tsx";
import { TextArea } from "./text-field.tsx";
import { sayFailed } from "./toast.tsx";

interface DescriptionProps {
  text: string | undefined;
  /** Absent for readers who may not change it. */
  onSave?: (text: string) => Promise<unknown>;
  /** The address of an image with a path. Keep the same function. */
  imageUrl?: (path: string) => string | undefined;
}

/** A description in markdown, edited in place. Ctrl or ⌘ with Enter saves it. Escape restores it. */
export function Description({ text = "", onSave, imageUrl }: DescriptionProps) {
  const [draft, setDraft] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  if (onSave === undefined) {
    return text === "" ? null : (
      <section aria-label="Description">
        <Markdown text={text} imageUrl={imageUrl} className="min-w-0 max-w-[80ch]" />
      </section>
    );
  }
  if (draft === undefined) {
    return (
      <section aria-label="Description" className="flex items-start gap-1">
        {text === "" ? (
          <Button kind="quiet" className="-ml-2.5 text-ink-muted" onClick={() => setDraft("")}>
            Add a description
          </Button>
        ) : (
          <>
            <Markdown text={text} imageUrl={imageUrl} className="min-w-0 max-w-[80ch]" />
            <IconButton
              label="Edit the description"
              icon={<Pencil size={14} aria-hidden />}
              className="-my-1"
              onClick={() => setDraft(text)}
            />
          </>
        )}
      </section>
    );
  }
  const save = (): void => {
    setBusy(true);
    onSave(draft)
      .then(
        () => setDraft(undefined),
        (error: unknown) => sayFailed("The description could not be saved.", error),
      )
      .finally(() => setBusy(false));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") setDraft(undefined);
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <section aria-label="Description" className="flex max-w-[80ch] flex-col gap-2">
      <TextArea
        label="Description"
        hint="In markdown."
        value={draft}
        onValueChange={setDraft}
        onKeyDown={onKeyDown}
        autoFocus
      />
      <div className="flex gap-2">
        <Button kind="primary" isBusy={isBusy} onClick={save}>
          Save
        </Button>
        <Button onClick={() => setDraft(undefined)}>Cancel</Button>
      </div>
    </section>
  );
}
