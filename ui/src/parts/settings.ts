/* What a reader chose that no address should carry: theme, widths. Kept by the browser where it allows that. */

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
    // A browser that keeps nothing: the setting lasts as long as the page.
  }
}
