import { expect, test } from "vitest";
import { newPanel, type Panel, titleOf } from "../../../../ui/src/charts/panels/panel-search.ts";

test("a new panel stands beside the last one where there is room, else below all", () => {
  const first = newPanel([], { metrics: ["loss"] });
  expect(first.at).toEqual([0, 0, 6, 7]);
  const second = newPanel([first], { metrics: ["acc"] });
  expect(second.at).toEqual([6, 0, 6, 7]);
  expect(newPanel([first, second], {}).at).toEqual([0, 7, 6, 7]);
  expect(first.id).not.toBe(second.id);
});

test("a panel is called by its title, else by what it shows", () => {
  const panel: Panel = { id: "a", at: [0, 0, 6, 7] };
  expect(titleOf({ ...panel, metrics: ["a", "b"] })).toBe("a, b");
  expect(titleOf({ ...panel, metrics: ["a"], formula: "1 - metrics.a" })).toBe("1 - metrics.a");
  expect(titleOf({ ...panel, text: "# Notes" })).toBe("Text");
  expect(titleOf({ ...panel, title: "Losses", metrics: ["a"] })).toBe("Losses");
});
