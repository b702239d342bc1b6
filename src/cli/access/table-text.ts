/** Rows as aligned columns below a line of column names. */
export function tableText(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = names.map((name, i) => Math.max(name.length, ...rows.map((row) => (row[i] ?? "").length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(names), ...rows.map(line)].join("\n");
}

/** A time in milliseconds since 1970, to the minute and in UTC. */
export function timeText(ms: number | undefined, otherwise: string): string {
  return ms === undefined ? otherwise : `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")}Z`;
}
