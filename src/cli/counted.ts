/** A number of things in words: `1 run`, `2,000 runs`. @param name of one thing */
export function counted(number: number, name: string): string {
  return `${number.toLocaleString("en")} ${name}${number === 1 ? "" : "s"}`;
}
