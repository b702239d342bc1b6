import { expect, test } from "vitest";
import { newRunId } from "../../../../src/domain/ids.ts";
import { type CellSettings, cellOfNewRun, hintNear } from "../../../../src/stores/run/placement.ts";

const NONE_FULL = () => false;

const cellsOf = (settings: CellSettings, experimentId: string, isFull: (cell: string) => boolean = NONE_FULL) =>
  new Set(Array.from({ length: 500 }, () => cellOfNewRun(newRunId(), experimentId, settings, isFull)));

test("without cells each run has an object of its own", () => {
  expect(cellsOf({ ofAll: 0, ofExperiment: 0 }, "3")).toEqual(new Set([""]));
});

test("cells for all runs are shared by the experiments, and count before those of each experiment", () => {
  const four = new Set(["cell-0", "cell-1", "cell-2", "cell-3"]);
  expect(cellsOf({ ofAll: 4, ofExperiment: 0 }, "3")).toEqual(four);
  expect(cellsOf({ ofAll: 4, ofExperiment: 2 }, "4")).toEqual(four);
});

test("an experiment's cells are its own", () => {
  expect(cellsOf({ ofAll: 0, ofExperiment: 2 }, "3")).toEqual(new Set(["cell-3-0", "cell-3-1"]));
});

test("the same run goes to the same cell, whoever places it", () => {
  const place = () => cellOfNewRun("0000000a00000000000000000000000f", "3", { ofAll: 16, ofExperiment: 0 }, NONE_FULL);
  expect([place(), place()]).toEqual(["cell-10", "cell-10"]);
});

test("of a full cell the next one takes the place, and of that the one after", () => {
  const full = new Set(["cell-0"]);
  const settings = { ofAll: 1, ofExperiment: 0 };
  expect(cellsOf(settings, "3", (cell) => full.has(cell))).toEqual(new Set(["cell-0.2"]));
  full.add("cell-0.2");
  expect(cellsOf(settings, "3", (cell) => full.has(cell))).toEqual(new Set(["cell-0.3"]));
});

test.each([
  ["OC", "151.2", "oc"],
  ["EU", "2.35", "weur"],
  ["EU", "21", "eeur"],
  ["EU", "14.9", "weur"],
  ["EU", "15", "eeur"],
  ["NA", "-122.4", "wnam"],
  ["NA", "-100.1", "wnam"],
  ["NA", "-100", "enam"],
  ["NA", "-74", "enam"],
  ["SA", "-46.6", "sam"],
  ["AF", "18.4", "afr"],
  ["AS", "46.7", "me"],
  ["AS", "139.7", "apac"],
  ["AS", "61.9", "me"],
  ["AS", "62", "apac"],
  ["AS", undefined, "apac"],
  ["AN", "0", "oc"],
  ["T1", "0", undefined],
  [undefined, undefined, undefined],
])("a client in %s at %s° is near %s", (continent, longitude, hint) => {
  expect(hintNear({ continent, longitude })).toBe(hint);
});
