import { useEffect, useRef, useSyncExternalStore } from "react";

/** Something that a reader can do from the palette or by a key. */
export interface Command {
  /** Unique among what is on screen, such as `runs.delete`. */
  id: string;
  label: string;
  /** Heads its lines in the palette and in the list of shortcuts, such as `Runs`. */
  group: string;
  /** Chords apart by spaces, each `mod+k`, `shift+d`, `?` or `g`; mod is ⌘ on a Mac, Ctrl elsewhere. `g e` is one after the other. */
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
 * Offers commands while the component is mounted. They may be made anew on each render: what they do is always that of
 * the latest, and only a change of what is shown is told on.
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

/** Every command on offer now. */
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

/** `mod+k` as a reader knows it: `⌘K`, `Ctrl K`. */
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

/** Whether a dialog or a menu is over the page: keys and the focus are its own. */
export function isOverlayOpen(): boolean {
  return document.querySelector("[role=dialog], [role=alertdialog], [role=menu]") !== null;
}

/** Runs commands by their keys; not while text is typed (but for `mod`) nor below a dialog or menu. */
export function listenForKeys(): () => void {
  let previous = { chord: "", atMs: Number.NEGATIVE_INFINITY };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.altKey || event.isComposing) return;
    const chord = chordOf(event);
    const target = event.target instanceof Element ? event.target : null;
    const isTyping = target?.closest("input, textarea, select, [contenteditable=true]") != null;
    if ((isTyping && !chord.startsWith("mod+")) || isOverlayOpen()) return;
    // When the key was pressed, however late a busy page hears of it.
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
