import { Dialog } from "@base-ui/react/dialog";
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useDeferredValue, useEffect, useRef, useState } from "react";
import { classNames, FIELD, OVERLAY } from "../parts/class-names.ts";
import type { OverlayProps } from "../parts/dialog.tsx";
import { keysLabel, useAllCommands } from "./commands.ts";
import { findThings } from "./find-things.ts";

interface Line {
  id: string;
  group: string;
  label: string;
  note: string;
  act: () => void;
}

const LIST_ID = "palette-list";

/** Finds commands, experiments, runs and models by the typed text. */
export default function CommandPalette({ isOpen, onOpenChange }: OverlayProps) {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  /** Whether Enter was pressed before the results for the typed text arrived. */
  const [isHurried, setHurried] = useState(false);
  const commands = useAllCommands();
  const box = useRef<HTMLInputElement>(null);
  const wanted = useDeferredValue(text.trim());
  const found = useQuery({
    queryKey: ["experiments", "palette", wanted],
    queryFn: ({ signal }) => findThings(wanted, signal),
    enabled: wanted !== "",
    placeholderData: (previous) => (wanted === "" ? undefined : previous),
  });
  const things = wanted === "" ? [] : (found.data ?? []);
  const words = text.trim().toLowerCase().split(/\s+/);
  const lines: Line[] = [
    ...commands
      .filter((command) => !command.isDisabled && command.id !== "go.search")
      .filter((command) => words.every((word) => `${command.group} ${command.label}`.toLowerCase().includes(word)))
      .map((command) => ({ ...command, note: command.keys ? keysLabel(command.keys) : "", act: command.run })),
    ...things.map((thing) => ({
      ...thing,
      id: thing.href,
      act: () => {
        location.hash = thing.href;
      },
    })),
  ];
  const current = Math.min(chosen, lines.length - 1);
  // The shown results may belong to an earlier text, so Enter takes only a command from them.
  const isSettled = wanted === text.trim() && !found.isFetching;
  const isCommand = current >= 0 && current < lines.length - things.length;
  const choose = (line: Line | undefined): void => {
    if (line === undefined) return;
    onOpenChange(false);
    // Runs after the dialog has returned the focus.
    setTimeout(line.act);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const moves: Record<string, number> = { ArrowDown: current + 1, ArrowUp: current - 1 };
    const move = moves[event.key];
    if (move !== undefined && lines.length > 0) {
      event.preventDefault();
      setChosen((move + lines.length) % lines.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (isSettled || isCommand) choose(lines[current]);
      else setHurried(true);
    }
  };
  useEffect(() => {
    // The dialog focuses the box one frame after it is visible, and a press beside the box takes the focus away.
    const typeIntoBox = ({ key, ctrlKey, metaKey, altKey }: globalThis.KeyboardEvent): void => {
      if (key.length === 1 && !ctrlKey && !metaKey && !altKey) box.current?.focus();
    };
    document.addEventListener("keydown", typeIntoBox, true);
    return () => document.removeEventListener("keydown", typeIntoBox, true);
  }, []);
  useEffect(() => {
    if (!isHurried || !isSettled) return;
    setHurried(false);
    choose(lines[current]);
  });
  useEffect(() => {
    document.getElementById(`${LIST_ID}-${current}`)?.scrollIntoView({ block: "nearest" });
  }, [current]);
  return (
    <Dialog.Root open={isOpen} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 bg-scrim" />
        <Dialog.Popup
          className={classNames(
            OVERLAY,
            "fixed top-[12vh] left-1/2 flex max-h-[70vh] w-[min(600px,calc(100vw-24px))] -translate-x-1/2 flex-col p-2",
          )}
        >
          <Dialog.Title className="sr-only">Search and commands</Dialog.Title>
          <input
            ref={box}
            role="combobox"
            aria-label="Search experiments, runs, models and commands"
            aria-expanded
            aria-controls={LIST_ID}
            aria-activedescendant={lines.length > 0 ? `${LIST_ID}-${current}` : undefined}
            placeholder="Experiment, run name or id, model, command…"
            spellCheck={false}
            autoComplete="off"
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setChosen(0);
              setHurried(false);
            }}
            onKeyDown={onKeyDown}
            className={classNames(FIELD, "h-9 shrink-0 px-3")}
          />
          <div id={LIST_ID} role="listbox" aria-label="Matches" tabIndex={-1} className="mt-2 min-h-0 overflow-y-auto">
            {lines.map((line, index) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/useFocusableInteractive: the keys belong to the box above
              <div
                key={`${line.group} ${line.id}`}
                id={`${LIST_ID}-${index}`}
                role="option"
                aria-selected={index === current}
                onClick={() => choose(line)}
                onMouseMove={() => setChosen(index)}
                className="flex min-h-8 items-center gap-3 rounded-sm px-2 aria-selected:bg-selected"
              >
                <span className="w-24 shrink-0 text-ink-muted text-sm">{line.group}</span>
                <span className="min-w-0 flex-1 truncate">{line.label}</span>
                <span className="shrink-0 text-ink-muted text-sm">{line.note}</span>
              </div>
            ))}
          </div>
          <p role="status" className="px-2 py-1 text-ink-muted text-sm empty:hidden">
            {lines.length === 0 && (found.isFetching ? "Searching…" : "Nothing matches.")}
          </p>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
