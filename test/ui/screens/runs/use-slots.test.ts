import { expect, test } from "vitest";
import { assignSlots } from "../../../../ui/src/screens/runs/use-slots.ts";

test("rows keep their elements, and others take those of the rows that have gone", () => {
  const first = assignSlots(new Map(), [0, 1, 2, 3]);
  expect(new Set(first.values()).size).toBe(4);
  const second = assignSlots(first, [2, 3, 4, 5, 0]);
  for (const index of [0, 2, 3]) expect(second.get(index)).toBe(first.get(index));
  expect(second.get(4)).toBe(first.get(1));
  expect(new Set(second.values()).size).toBe(5);
  const third = assignSlots(second, [90, 91]);
  expect(new Set(second.values())).toEqual(new Set([...third.values(), ...[...second.values()].slice(2)]));
  const fourth = assignSlots(third, [90, 91, 92, 93, 94, 95]);
  expect(new Set(fourth.values()).size).toBe(6);
});
