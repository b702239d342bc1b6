/** The address that the page shows now, within the UI: what follows the `#`, as a link's `address`. */
export function shownAddress(): string {
  return location.hash.slice(1).replaceAll(/\s/g, encodeURIComponent);
}
