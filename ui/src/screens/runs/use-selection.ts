import { useCallback, useState } from "react";

/** Selections by table, as long as the page lives: coming back from a comparison finds them again. */
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
