import { useSyncExternalStore } from "react";
import { readSetting, writeSetting } from "./settings.ts";

/** The reader's choice; `system` follows the machine. */
export type ThemeChoice = "system" | "light" | "dark";

const SETTING = "theme";
const DARK = "(prefers-color-scheme: dark)";

const listeners = new Set<() => void>();
let choice: ThemeChoice = "system";

/** Applies the stored choice. Called before anything is drawn. */
export function initTheme(): void {
  const kept = readSetting(SETTING);
  apply(kept === "light" || kept === "dark" ? kept : "system");
}

export function setTheme(next: ThemeChoice): void {
  writeSetting(SETTING, next === "system" ? undefined : next);
  apply(next);
}

function apply(next: ThemeChoice): void {
  choice = next;
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  for (const tell of listeners) tell();
}

function subscribe(listener: () => void): () => void {
  const query = matchMedia(DARK);
  listeners.add(listener);
  query.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    query.removeEventListener("change", listener);
  };
}

export function useThemeChoice(): ThemeChoice {
  return useSyncExternalStore(subscribe, () => choice);
}

/** The theme on the screen. A canvas must be drawn again when the theme changes. */
export function useTheme(): "light" | "dark" {
  return useSyncExternalStore(subscribe, shownTheme);
}

function shownTheme(): "light" | "dark" {
  if (choice !== "system") return choice;
  return matchMedia(DARK).matches ? "dark" : "light";
}

/** By theme and token. Reading a colour makes the page compute its styles, which takes milliseconds on a full page. */
const readColours = new Map<string, string>();

/** A token's colour now, as `rgb(…)`: a canvas knows no variables. `readColour("--color-ink-muted")` */
export function readColour(token: `--color-${string}`): string {
  const key = shownTheme() + token;
  const known = readColours.get(key);
  if (known !== undefined) return known;
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  readColours.set(key, colour);
  return colour;
}
