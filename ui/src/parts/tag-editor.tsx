import { Plus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Tag } from "./badges.tsx";
import { Button } from "./button.tsx";
import { classNames } from "./class-names.ts";
import { ownTags, type TagPair } from "./own-tags.ts";
import { Popover } from "./popover.tsx";
import { TextField } from "./text-field.tsx";
import { sayFailed } from "./toast.tsx";
import { Dash } from "./values.tsx";

interface TagEditorProps {
  tags: readonly TagPair[] | undefined;
  /** Absent for readers who may not change them. */
  onSet?: (tag: TagPair) => Promise<unknown>;
  /** Absent for readers who may not remove them. */
  onRemove?: (key: string) => Promise<unknown>;
}

/** The tags of something, to add, change and remove. */
export function TagEditor({ tags, onSet, onRemove }: TagEditorProps) {
  const [isOpen, setOpen] = useState(false);
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const [problem, setProblem] = useState<string>();
  const open = (tag: TagPair): void => {
    setProblem(undefined);
    setKey(tag.key);
    setValue(tag.value);
    setOpen(true);
  };
  const save = (event: FormEvent): void => {
    event.preventDefault();
    // A form of React within a dialog's form is still within it.
    event.stopPropagation();
    if (key.trim() === "" || onSet === undefined) return;
    onSet({ key: key.trim(), value }).then(
      () => setOpen(false),
      (error: Error) => setProblem(error.message),
    );
  };
  if (onSet === undefined) {
    return (
      <div className="flex min-w-0 flex-wrap items-center gap-1">
        {ownTags(tags).length === 0 && <Dash />}
        {ownTags(tags).map((tag) => (
          <Tag key={tag.key} name={tag.key} value={tag.value} />
        ))}
      </div>
    );
  }
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-1">
      {ownTags(tags).map((tag) => (
        <Tag
          key={tag.key}
          name={tag.key}
          value={tag.value}
          onSelect={() => open(tag)}
          {...(onRemove && {
            onRemove: () =>
              void onRemove(tag.key).catch((error: unknown) => sayFailed("The tag could not be removed.", error)),
          })}
        />
      ))}
      <Popover
        title="Set a tag"
        isOpen={isOpen}
        onOpenChange={(next) => (next ? open({ key: "", value: "" }) : setOpen(false))}
        trigger={
          <Button
            kind="quiet"
            icon={<Plus size={14} aria-hidden />}
            className={classNames("h-6 text-ink-muted text-sm", ownTags(tags).length === 0 && "-ml-2.5")}
          >
            Add tag
          </Button>
        }
      >
        <form onSubmit={save} className="flex w-60 flex-col gap-2">
          <TextField label="Name" value={key} onValueChange={setKey} required />
          <TextField label="Value" error={problem} value={value} onValueChange={setValue} />
          <Button type="submit" kind="primary" disabled={key.trim() === ""} className="self-end">
            Set tag
          </Button>
        </form>
      </Popover>
    </div>
  );
}
