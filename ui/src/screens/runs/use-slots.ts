import { useRef } from "react";

/**
 * Names an element for each row in sight: the one that it has, or that of a row that has gone. Scrolling then changes what
 * the elements say in place of making others, which is what scrolling costs most.
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
