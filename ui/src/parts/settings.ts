/* Choices of the reader that no address should hold: theme, widths. The browser stores them if it allows that. */

const PREFIX = "trackflare.";

export function readSetting(name: string): string | undefined {
  try {
    return localStorage.getItem(PREFIX + name) ?? undefined;
  } catch {
    return undefined;
  }
}

/** undefined forgets the setting. */
export function writeSetting(name: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    // The browser stores nothing, so the setting lasts as long as the page.
  }
}
