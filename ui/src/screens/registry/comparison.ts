/** One line of a comparison: the text of a key in each compared thing; undefined without one. */
export interface ComparedLine {
  key: string;
  values: (string | undefined)[];
  /** Whether not all are the same. */
  differs: boolean;
}

/** Lines of every key that any side has, sorted. */
export function compareSides(sides: readonly ReadonlyMap<string, string>[]): ComparedLine[] {
  const keys = [...new Set(sides.flatMap((side) => [...side.keys()]))].sort();
  return keys.map((key) => {
    const values = sides.map((side) => side.get(key));
    return { key, values, differs: values.some((value) => value !== values[0]) };
  });
}
