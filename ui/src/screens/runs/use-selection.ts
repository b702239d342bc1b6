import { useCallback, useState } from "react";

/** Selections by table. They last as long as the page, so the reader finds them again after a comparison. */
const selections = new Map<string, ReadonlySet<string>>();

const NONE: ReadonlySet<string> = new Set();

/** The selected runs of a table. */
export function useSelection(table: string): [ReadonlySet<string>, (selected: ReadonlySet<string>) => void] {
  const [selected, setSelected] = useState(() => selections.get(table) ?? NONE);
  const change = useCallback(
    (next: ReadonlySet<string>) => {
      selections.set(table, next);
      setSelected(next);
    },
    [table],
  );
  return [selected, change];
}
