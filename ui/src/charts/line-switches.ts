import type { MouseEvent } from "react";
import type { ChartSettings } from "./chart-settings.ts";

/** The lines that are switched off, and the functions that switch lines. */
export interface LineSwitches {
  readonly off: ReadonlySet<string>;
  /** Switches a line off or on. With Ctrl, switches all other lines. */
  readonly press: (id: string, event: MouseEvent) => void;
}

export const PRESS_HINT = "Press to switch it off and on, with Ctrl all others";

/** @param ids the ids of all lines, including lines that are off */
export function lineSwitches({ search, change }: ChartSettings, ids: readonly string[]): LineSwitches {
  const off = new Set(search.chartOff);
  const setOff = (next: ReadonlySet<string>): void => change({ chartOff: next.size === 0 ? undefined : [...next] });
  const isolate = (id: string): void => {
    const others = new Set(ids.filter((other) => other !== id));
    const isAlone = !off.has(id) && [...others].every((other) => off.has(other));
    setOff(isAlone ? off.difference(others) : off.union(others).difference(new Set([id])));
  };
  return {
    off,
    press: (id, event) => {
      if (event.ctrlKey || event.metaKey) isolate(id);
      else setOff(off.has(id) ? off.difference(new Set([id])) : off.union(new Set([id])));
    },
  };
}
