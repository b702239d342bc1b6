import { expect, it } from "vitest";
import { sectionsOf } from "../../../ui/src/charts/chart-sections.ts";

it("metrics are in sections by what stands before their last slash, the nameless one first and the system's last", () => {
  const keys = ["a/b/c", "loss", "system/cpu", "train/acc", "train/loss", "/odd", "z/"];
  expect([...sectionsOf(keys)]).toEqual([
    ["", ["loss", "/odd"]],
    ["a/b", ["a/b/c"]],
    ["train", ["train/acc", "train/loss"]],
    ["z", ["z/"]],
    ["system", ["system/cpu"]],
  ]);
});
