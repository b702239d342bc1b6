import { expect, it } from "vitest";
import { fillRows, packSections, sectionsOf } from "../../../ui/src/charts/chart-sections.ts";

it("metrics are in sections by what stands before their last slash, held-out ones first and the system's last", () => {
  const keys = [
    "a/b/c",
    "epoch",
    "loss",
    "system/cpu",
    "train/acc",
    "train/loss",
    "val_loss",
    "val/loss",
    "/odd",
    "z/",
  ];
  expect([...sectionsOf(keys)]).toEqual([
    ["val", ["val/loss"]],
    ["", ["val_loss", "loss", "/odd", "epoch"]],
    ["a/b", ["a/b/c"]],
    ["train", ["train/acc", "train/loss"]],
    ["z", ["z/"]],
    ["system", ["system/cpu"]],
  ]);
});

it("a section that has only counters comes after the others", () => {
  const keys = ["epoch", "lr", "train/loss", "val/loss", "system/cpu"];
  expect([...sectionsOf(keys).keys()]).toEqual(["val", "train", "", "system"]);
});

const packed = (sizes: Record<string, number>, columns: number) =>
  packSections(new Map(Object.entries(sizes)), columns).map((row) =>
    row.map(({ name, span, columns: inner }) => `${name} ${span}/${inner}`),
  );

it("small sections stand side by side, and no row is half empty", () => {
  expect(packed({ val: 2, metrics: 3, train: 1 }, 6)).toEqual([["val 2/2", "metrics 3/3", "train 1/1"]]);
  expect(packed({ val: 2, metrics: 3, train: 1 }, 4)).toEqual([["val 4/2"], ["metrics 3/3", "train 1/1"]]);
  expect(packed({ a: 5 }, 4)).toEqual([["a 4/3"]]);
  expect(packed({ a: 9, b: 1 }, 4)).toEqual([["a 4/3"], ["b 4/1"]]);
  expect(packed({ a: 1, b: 1, closed: 0 }, 1)).toEqual([["a 1/1"], ["b 1/1"], ["closed 1/1"]]);
  expect(packed({}, 4)).toEqual([]);
});

it("the charts of a last row share the whole row", () => {
  const rows = (charts: number, columns: number) => {
    const { tracks, spanOf } = fillRows(charts, columns);
    const spans = Array.from({ length: charts }, (_, index) => spanOf(index));
    const found: number[][] = [[]];
    for (const span of spans) {
      if (found.at(-1)!.reduce((sum, one) => sum + one, 0) === tracks) found.push([]);
      found.at(-1)!.push(span);
    }
    for (const row of found) expect(row.reduce((sum, one) => sum + one, 0)).toBe(tracks);
    return found.map((row) => row.length);
  };
  expect(rows(3, 2)).toEqual([2, 1]);
  expect(rows(5, 3)).toEqual([3, 2]);
  expect(rows(7, 4)).toEqual([4, 3]);
  expect(rows(4, 4)).toEqual([4]);
  expect(rows(1, 1)).toEqual([1]);
});
