/** Names of held-out data, whose metrics most readers look for first. */
const HELD_OUT = /(^|[/_.\s-])(val|valid|validation|eval|test)([/_.\s-]|$)/i;
/** Names of counters, which tell the progress of a training rather than its quality. */
const COUNTER = /(^|[/_.\s-])(epoch|step|global_step|iteration|lr|learning_rate)$/i;

/** Whether a metric only counts, so that no value is better than another. */
export const isCounter = (key: string): boolean => COUNTER.test(key);

/** Whether the name of a metric says that it was measured on held-out data. */
export const isHeldOut = (key: string): boolean => HELD_OUT.test(key);

/**
 * Sections by their names: what was measured on held-out data first, then metrics without a section. Sections of counters
 * only come after the others, and those of the system last. Within a section held-out metrics come first, and counters such as the epoch last.
 */
export function sectionsOf(metricKeys: readonly string[]): Map<string, string[]> {
  const rank = (name: string, keys: readonly string[]): number => {
    if (name === "system") return 4;
    if (keys.every(isCounter)) return 3;
    return isHeldOut(name) ? 0 : name === "" ? 1 : 2;
  };
  const keyRank = (key: string): number => (isCounter(key) ? 2 : isHeldOut(key) ? 0 : 1);
  const sections = [...Map.groupBy(metricKeys, sectionOf)];
  const sorted = sections.sort(([a, ofA], [b, ofB]) => rank(a, ofA) - rank(b, ofB) || (a < b ? -1 : 1));
  return new Map(sorted.map(([name, keys]) => [name, keys.toSorted((a, b) => keyRank(a) - keyRank(b))]));
}

/** `train/loss` is in `train`; a key without `/` is in the first section, which has no name. */
export function sectionOf(key: string): string {
  const slash = key.lastIndexOf("/");
  return slash <= 0 ? "" : key.slice(0, slash);
}

/** A grid in which the charts of the last row are wider, so that the row is full. */
export interface FilledGrid {
  /** The number of the grid's equal tracks. */
  readonly tracks: number;
  /** How many tracks a chart takes. */
  readonly spanOf: (index: number) => number;
}

/** @param columns how many charts stand side by side in the rows before the last one */
export function fillRows(charts: number, columns: number): FilledGrid {
  const rest = charts % columns || columns;
  const full = charts - rest;
  return { tracks: columns * rest, spanOf: (index) => (index < full ? rest : columns) };
}

/** A section's place in a row of sections. */
export interface PlacedSection {
  readonly name: string;
  /** The number of the page's columns. */
  readonly span: number;
  /** The number of charts side by side in the section. */
  readonly columns: number;
}

/**
 * Sections in rows of a page with so many columns: small sections stand side by side, and the last one of a row takes
 * the remaining columns. The rows of a larger section are as full as possible.
 * @param sizes how many charts each section has, 0 where it is closed
 */
export function packSections(sizes: ReadonlyMap<string, number>, columns: number): PlacedSection[][] {
  const rows: { name: string; size: number; span: number }[][] = [];
  let left = 0;
  for (const [name, size] of sizes) {
    const span = Math.min(Math.max(size, 1), columns);
    if (span > left) {
      rows.push([]);
      left = columns;
    }
    rows.at(-1)!.push({ name, size, span });
    left -= span;
  }
  return rows.map((row) => {
    const free = columns - row.reduce((sum, { span }) => sum + span, 0);
    return row.map(({ name, size, span }, index) => {
      const own = index === row.length - 1 ? span + free : span;
      const lines = Math.ceil(size / own);
      return { name, span: own, columns: Math.max(1, Math.ceil(size / Math.max(1, lines))) };
    });
  });
}
