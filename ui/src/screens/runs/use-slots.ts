import { useRef } from "react";

/**
 * Assigns an element to each visible row: its current element, or the element of a row that scrolled out. So scrolling
 * changes the content of elements instead of creating new elements, which is the greatest cost of scrolling.
 * @returns the element's key, by the row's index.
 */
export function useSlots(indices: readonly number[]): ReadonlyMap<number, number> {
  const slots = useRef<ReadonlyMap<number, number>>(new Map());
  slots.current = assignSlots(slots.current, indices);
  return slots.current;
}

export function assignSlots(before: ReadonlyMap<number, number>, indices: readonly number[]): Map<number, number> {
  const kept = new Set(indices);
  const free = [...before].filter(([index]) => !kept.has(index)).map(([, slot]) => slot);
  const taken = new Set(before.values());
  let fresh = 0;
  const next = (): number => {
    const slot = free.shift();
    if (slot !== undefined) return slot;
    while (taken.has(fresh)) fresh++;
    taken.add(fresh);
    return fresh;
  };
  return new Map(indices.map((index) => [index, before.get(index) ?? next()]));
}
