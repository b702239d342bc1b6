import { expect, test } from "vitest";
import { newRunId } from "../../../../src/domain/ids.ts";
import { type CellSettings, cellOfNewRun } from "../../../../src/stores/run/placement.ts";

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
