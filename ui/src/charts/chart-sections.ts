/** Sections by their names; metrics without one come first, those of the system last. */
export function sectionsOf(metricKeys: readonly string[]): Map<string, string[]> {
  const rank = (name: string): number => (name === "" ? 0 : name === "system" ? 2 : 1);
  const sections = [...Map.groupBy(metricKeys, sectionOf)];
  return new Map(sections.sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1)));
}

/** `train/loss` is in `train`; a key without `/` is in the first section, which has no name. */
export function sectionOf(key: string): string {
  const slash = key.lastIndexOf("/");
  return slash <= 0 ? "" : key.slice(0, slash);
}
