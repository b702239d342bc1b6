import { useEffect, useRef, useSyncExternalStore } from "react";

/** An action that a reader can start from the palette or by a key. */
export interface Command {
  /** Unique among the commands on screen, such as `runs.delete`. */
  id: string;
  label: string;
  /** The heading of its group in the palette and in the list of shortcuts, such as `Runs`. */
  group: string;
  /** Chords separated by spaces, such as `mod+k`, `shift+d`, `?` or `g e`; mod is ⌘ on a Mac and Ctrl elsewhere. */
  keys?: string;
  isDisabled?: boolean;
  run: () => void;
}

let commands: readonly Command[] = [];
const sources = new Map<symbol, readonly Command[]>();
const listeners = new Set<() => void>();

function publish(): void {
  commands = [...sources.values()].flat();
  for (const tell of listeners) tell();
}

/**
 * Offers commands while the component is mounted. The commands may be new objects on each render: the latest action always
 * runs, and listeners are notified only if the shown text changes.
 */
export function useCommands(offered: readonly Command[]): void {
  const latest = useRef(offered);
  latest.current = offered;
  const shown = JSON.stringify(offered);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shown` stands for the commands themselves
  useEffect(() => {
    const source = Symbol("commands");
    const runLatest = (id: string): void => latest.current.find((command) => command.id === id)?.run();
    sources.set(
      source,
      latest.current.map((command) => ({ ...command, run: () => runLatest(command.id) })),
    );
    publish();
    return () => {
      sources.delete(source);
      publish();
    };
  }, [shown]);
}

/** All commands that are offered now. */
export function useAllCommands(): readonly Command[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => commands,
  );
}

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** A chord as shown to the reader: `mod+k` is `⌘K` or `Ctrl K`. */
export function keysLabel(keys: string): string {
  const names: Record<string, string> = { mod: IS_MAC ? "⌘" : "Ctrl ", shift: "Shift ", enter: "Enter", escape: "Esc" };
  const chord = (text: string): string =>
    text
      .split("+")
      .map((part) => names[part] ?? (part.length === 1 ? part.toUpperCase() : part))
      .join("");
  return keys.split(" ").map(chord).join(" then ");
}

const SEQUENCE_MS = 1000;

function chordOf(event: KeyboardEvent): string {
  const mod = IS_MAC ? event.metaKey : event.ctrlKey;
  const key = event.key.toLowerCase();
  // The shift that a character like `?` needs belongs to the character.
  const isShifted = event.shiftKey && (key.length > 1 || /[a-z]/.test(key));
  return `${mod ? "mod+" : ""}${isShifted ? "shift+" : ""}${key}`;
}

/** Whether a dialog or a menu is open: it then owns the keys and the focus. */
export function isOverlayOpen(): boolean {
  return document.querySelector("[role=dialog], [role=alertdialog], [role=menu]") !== null;
}

/** Runs commands by their keys, except below a dialog or menu, and except while text is typed (unless with `mod`). */
export function listenForKeys(): () => void {
  let previous = { chord: "", atMs: Number.NEGATIVE_INFINITY };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.altKey || event.isComposing) return;
    const chord = chordOf(event);
    const target = event.target instanceof Element ? event.target : null;
    const isTyping = target?.closest("input, textarea, select, [contenteditable=true]") != null;
    if ((isTyping && !chord.startsWith("mod+")) || isOverlayOpen()) return;
    // The time of the key press, however late a busy page handles the event.
    const nowMs = event.timeStamp;
    const pair = nowMs - previous.atMs < SEQUENCE_MS ? `${previous.chord} ${chord}` : "";
    previous = { chord, atMs: nowMs };
    const command = commands.find(({ keys, isDisabled }) => !isDisabled && (keys === pair || keys === chord));
    if (command === undefined) return;
    event.preventDefault();
    previous = { chord: "", atMs: Number.NEGATIVE_INFINITY };
    command.run();
  };
  document.addEventListener("keydown", onKeyDown);
  return () => document.removeEventListener("keydown", onKeyDown);
}
