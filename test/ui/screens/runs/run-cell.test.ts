import { expect, test } from "vitest";
import { groupCell, runCell } from "../../../../ui/src/screens/runs/run-cell.ts";
import { parseColumn } from "../../../../ui/src/screens/runs/run-columns.ts";
import { type GroupRow, groupRows, groupRuns } from "../../../../ui/src/screens/runs/run-rows.ts";
import { rows } from "./rows.ts";

const CONTEXT = { nowMs: 1_000_000, experimentNames: { "1": "sweep" }, sharedNames: new Set<string>() };

const [first, second] = rows(["a", "b"], {
  "metrics.acc": [0.123456789, "NaN"],
  "params.lr": ["1", "2"],
  "params.seed": ["7", "7"],
  "tags.none": [null, null],
});

const text = (spelling: string, row = first!) => runCell(row, parseColumn(spelling)!, CONTEXT);

test("numbers are shortened, with all digits in the title", () => {
  expect(text("metrics.acc")).toEqual({ text: "0.12346", title: "0.123456789" });
  expect(text("metrics.acc", second).text).toBe("NaN");
});

test("no value is no text; one that is on its way is empty", () => {
  expect(text("tags.none").text).toBeUndefined();
  expect(text("metrics.other").text).toBe("");
});

test("a run's span grows while it goes on, and is none where it ended unseen", () => {
  expect(text("duration").text).toBe("2.5s");
  expect(text("duration", { ...first!, endMs: null, status: "RUNNING" }).text).toBe("16m 39s");
  expect(text("duration", { ...first!, endMs: null, status: "FAILED" }).text).toBeUndefined();
});

test("times are relative, with the exact one in the title; a run that goes on has not ended", () => {
  expect(text("attributes.end_time").text).toBe("16m ago");
  expect(text("attributes.end_time").title).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:03$/);
  expect(text("attributes.end_time", { ...first!, endMs: null }).text).toBeUndefined();
  expect(text("attributes.status").text).toBe("Finished");
  expect(text("attributes.status", { ...first!, status: "RUNNING" }).text).toBe("Stalled");
  expect(text("attributes.status", { ...first!, status: "RUNNING", heardMs: 999_000 }).text).toBe("Running");
});

test("an experiment is told by its name where it is known", () => {
  expect(text("attributes.experiment_id").text).toBe("sweep");
  expect(text("attributes.experiment_id", { ...first!, experimentId: "2" }).text).toBe("2");
});

test("long texts are cut", () => {
  expect(text("attributes.user_id", { ...first!, user: "x".repeat(5000) })).toEqual({
    text: "x".repeat(300),
    title: "x".repeat(2000),
  });
});

test("groups tell mean and deviation or bounds of numbers, and the text that their runs share", () => {
  const logged = rows(["a", "b"], { "metrics.acc": [1, 2], "params.lr": ["1", "2"], "params.seed": ["7", "7"] });
  const [group] = groupRows(groupRuns(logged, ["params.seed"]), new Set());
  const cell = (spelling: string, spread: "std" | "range" = "std") =>
    groupCell(group as GroupRow, parseColumn(spelling)!, spread).text;
  expect(cell("metrics.acc")).toBe("1.5 ± 0.71");
  expect(cell("metrics.acc", "range")).toBe("1 … 2");
  expect(cell("params.seed")).toBe("7");
  expect(cell("params.lr")).toBe("2 values");
});
