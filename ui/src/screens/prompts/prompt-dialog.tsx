import { useState } from "react";
import { useChange } from "../../api/query-client.ts";
import { FormDialog } from "../../parts/dialog.tsx";
import { TextArea, TextField } from "../../parts/text-field.tsx";
import { say } from "../../parts/toast.tsx";
import { writePrompt } from "./prompts.ts";

interface PromptDialogProps {
  /** Of the prompt that gets a version; undefined of a new one. */
  name?: string;
  /** The initial text of the new version. */
  text?: string;
  onClose: () => void;
  onWritten: (name: string, version: string) => void;
}

/** A new prompt, or a new version of one. */
export function PromptDialog({ name: given, text: before = "", onClose, onWritten }: PromptDialogProps) {
  const [name, setName] = useState(given ?? "");
  const [text, setText] = useState(before);
  const [message, setMessage] = useState("");
  const write = useChange(writePrompt, ["registered-models", "model-versions"]);
  const isNew = given === undefined;
  return (
    <FormDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={isNew ? "New prompt" : `New version of ${given}`}
      width="medium"
      submitLabel={isNew ? "Create" : "Save"}
      canSubmit={name.trim() !== "" && text.trim() !== "" && text !== before}
      onSubmit={async () => {
        const { version } = await write.mutateAsync({ name: name.trim(), text, message: message.trim(), isNew });
        say(`Saved version ${version}.`);
        onWritten(name.trim(), version);
      }}
    >
      {isNew && <TextField label="Name" value={name} onValueChange={setName} autoFocus />}
      <TextArea
        label="Text"
        hint="{{name}} is a variable."
        rows={12}
        value={text}
        onValueChange={setText}
        className="font-mono"
      />
      <TextField label="What changed" value={message} onValueChange={setMessage} />
    </FormDialog>
  );
}
