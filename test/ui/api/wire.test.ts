import { expect, test } from "vitest";
import { toDouble } from "../../../ui/src/api/wire.ts";

test.each([
  [0.25, 0.25],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  [Number.MAX_VALUE, Number.POSITIVE_INFINITY],
  [-Number.MAX_VALUE, Number.NEGATIVE_INFINITY],
  [1e308, 1e308],
] as const)("a metric's %s is %s", (wire, value) => {
  expect(toDouble(wire)).toBe(value);
});
