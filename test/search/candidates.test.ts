import { expect, test } from "vitest";
import { ExperimentCandidates, isByTime, RUNS } from "../../src/search/experiment-candidates.ts";

/** A column of an order of runs: with a minus, descending. */
const column = (name: string) => ({
  ...{ sql: `r.${name.replace("-", "")}`, ascending: !name.startsWith("-") },
  ...{ type: "text" as const, nullable: false },
});

test.each([
  [["-start_time", "run_id"], true],
  [["-start_time", "run_id", "status"], true],
  [["start_time", "run_id"], false],
  [["-start_time", "-run_id"], false],
  [["-start_time", "status"], false],
  [["-status", "run_id"], false],
  [["-start_time"], false],
  [[], false],
])("whether candidates come in the order of %j: %s", (names, is) => {
  expect(isByTime(names.map(column), RUNS, "r")).toBe(is);
});

const candidates = (isByTime: boolean) => new ExperimentCandidates(RUNS, { experimentIds: [3, 1, 2], isByTime });
const notFull = () => false;

test("a search goes through the experiments in the order of their ids", () => {
  expect(candidates(false).from).toEqual({ experimentIds: [1, 2, 3] });
  expect(new ExperimentCandidates(RUNS, { experimentIds: [] }).from).toBeUndefined();
});

test("a search goes on in the experiment of the last candidate", () => {
  const last = { experiment_id: "2", time: "5", id: "b" };
  const after = ["5", "b"];
  expect(candidates(false).next({ experimentIds: [1, 2, 3] }, last, notFull)).toEqual({ experimentIds: [2, 3], after });
});

test("a search leaves an experiment at its end, or if nothing in the rest of it can be on the page", () => {
  const cursor = { experimentIds: [2, 3], after: ["5", "b"] as const };
  expect(candidates(false).next(cursor, undefined, notFull)).toEqual({ experimentIds: [3] });
  expect(candidates(false).next({ ...cursor, experimentIds: [3] }, undefined, notFull)).toBeUndefined();
  expect(candidates(false).next({ experimentIds: [2, 3] }, undefined, notFull)).toBeUndefined();
  const last = { experiment_id: "2", time: null, id: "c" };
  const isFull = (position: readonly unknown[]) => position[0] === null && position[1] === "c";
  expect(candidates(true).next(cursor, last, isFull)).toEqual({ experimentIds: [3] });
  // In another order, the rest of the experiment may come first.
  expect(candidates(false).next(cursor, last, isFull)).toEqual({ experimentIds: [2, 3], after: [null, "c"] });
});
