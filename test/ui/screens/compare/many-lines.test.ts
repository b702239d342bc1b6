import { expect, test } from "vitest";
import type { Field } from "../../../../ui/src/screens/compare/fields.ts";
import { linePlaces, nearestLine, runsAtEnds } from "../../../../ui/src/screens/compare/many-lines.ts";

const numbers = (name: string, values: readonly (number | undefined)[], isLog = false): Field => ({
  ...{ name, values, isLog },
  words: undefined,
});

const FIELDS: readonly Field[] = [
  numbers("lr", [0.001, 0.1, 0.01, undefined], true),
  { name: "model", values: ["cnn", "vit", "cnn", "mlp"], words: ["cnn", "mlp", "vit"], isLog: false },
  numbers("acc", [0.5, 0.5, 0.5, 0.5]),
];

/** Axes 100 px apart. The first is logarithmic, from 10⁻³ (300 px) to 10⁻¹ (0 px); the places of words are 100 px apart. */
const placeOn = (axis: number, value: number): readonly [number, number] => [
  100 * axis,
  axis === 0 ? -150 * (Math.log10(value) + 1) : axis === 1 ? 200 - 100 * value : 150,
];

test("every line is where the axes have its values; a run without a value has no point on that axis", () => {
  const { x, y } = linePlaces(FIELDS, 4, placeOn);
  expect([...x]).toEqual([0, 100, 200]);
  const rows = [0, 1, 2, 3].map((run) => [...y.subarray(3 * run, 3 * run + 3)].map(Math.round));
  expect(rows).toEqual([
    [300, 200, 150],
    [0, 0, 150],
    [150, 200, 150],
    [Number.NaN, 100, 150],
  ]);
});

test("the runs at the ends of all axes are found, each once", () => {
  expect(runsAtEnds(FIELDS, 4)).toEqual([0, 1]);
  expect(runsAtEnds([numbers("none", [undefined, Number.NaN])], 2)).toEqual([]);
});

test("the nearest line is told within a few px, of the runs that are asked about", () => {
  const places = linePlaces(FIELDS, 4, placeOn);
  expect(nearestLine(places, [0, 1, 2, 3], [50, 252])).toBe(0);
  expect(nearestLine(places, [0, 1, 2, 3], [50, 173])).toBe(2);
  expect(nearestLine(places, [1, 3], [50, 173])).toBeUndefined();
  expect(nearestLine(places, [0, 1, 2, 3], [50, 100])).toBeUndefined();
  expect(nearestLine(places, [0, 1, 2, 3], [150, 126])).toBe(3);
  expect(nearestLine(places, [0, 1, 2, 3], [250, 150])).toBeUndefined();
});
