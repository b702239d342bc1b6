import { useEffect, useRef } from "react";

interface NameFieldProps {
  name: string;
  /** Called with the new name, or with undefined if the name is unchanged. */
  onEnd: (name: string | undefined) => void;
}

/** Edits a run's name in place. Enter and leaving the field keep the new name, Escape keeps the old name. */
export function NameField({ name, onEnd }: NameFieldProps) {
  const field = useRef<HTMLInputElement>(null);
  const isOver = useRef(false);
  useEffect(() => field.current?.select(), []);
  const end = (next: string | undefined): void => {
    if (isOver.current) return;
    isOver.current = true;
    onEnd(next === undefined || next.trim() === "" || next.trim() === name ? undefined : next.trim());
  };
  return (
    <input
      ref={field}
      aria-label={`New name of ${name}`}
      defaultValue={name}
      onClick={(event) => event.stopPropagation()}
      onBlur={(event) => end(event.target.value)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== "Escape") return;
        event.stopPropagation();
        event.preventDefault();
        // Returns the focus to the row, so that keys continue there.
        const row = event.currentTarget.closest<HTMLElement>("[data-index]");
        end(event.key === "Enter" ? event.currentTarget.value : undefined);
        row?.focus({ preventScroll: true });
      }}
      className="h-6 min-w-0 flex-1 rounded-sm border border-line-strong bg-page px-1"
    />
  );
}
