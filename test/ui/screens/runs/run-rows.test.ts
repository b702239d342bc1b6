import { describe, expect, test } from "vitest";
import { parseColumn } from "../../../../ui/src/screens/runs/run-columns.ts";
import {
  cellOf,
  groupRows,
  groupRuns,
  nest,
  numbersOf,
  orderGroups,
  type RunRow,
} from "../../../../ui/src/screens/runs/run-rows.ts";
import { runsCsv } from "../../../../ui/src/screens/runs/runs-csv.ts";
import { selectionOf } from "../../../../ui/src/screens/runs/use-table-rows.ts";
import { rows } from "./rows.ts";

const shape = (found: readonly RunRow[]) => found.map(({ id, depth }) => `${"-".repeat(depth)}${id}`);

describe("nested runs", () => {
  const family = rows(["a", "b<a", "c<b", "d", "e<gone"]);

  test("children are below the parents that are open", () => {
    expect(shape(nest(family, new Set()))).toEqual(["a", "d", "e"]);
    expect(shape(nest(family, new Set(["a"])))).toEqual(["a", "-b", "d", "e"]);
    expect(shape(nest(family, new Set(["a", "b"])))).toEqual(["a", "-b", "--c", "d", "e"]);
  });

  test("whatever the tags say it ends, and no run is listed twice", () => {
    const circle = rows(["a<b", "b<a", "s<s", "d"]);
    const found = nest(circle, new Set(["a", "b", "s"])).map(({ id }) => id);
    expect(new Set(found).size).toBe(found.length);
    expect(found).toContain("d");
  });
});

test("a cell is null where the run has none, and undefined where nobody asked", () => {
  const [, second] = rows(["a", "b"], { "metrics.acc": [1, null] });
  expect(cellOf(second!, "metrics.acc")).toBeNull();
  expect(cellOf(second!, "metrics.f1")).toBeUndefined();
});

describe("groups", () => {
  const logged = rows(["a", "b", "c", "d"], {
    "params.lr": ["1", "2", "1", null],
    "metrics.acc": [1, 5, 3, "NaN"],
  });
  const groups = groupRuns(logged, ["params.lr"]);
  const [one, two, none] = groups;

  test("have the runs of equal values, listed where they are open", () => {
    expect(groupRows(groups, new Set(["group:lr: 1"])).map((row) => row.id)).toEqual([
      ...["group:lr: 1", "a", "c", "group:lr: 2", "group:lr: –"],
    ]);
  });

  test("tell mean, spread of the sample and bounds, of finite numbers only", () => {
    expect(numbersOf(one!.members, "metrics.acc")).toEqual({ count: 2, mean: 2, std: Math.SQRT2, min: 1, max: 3 });
    expect(numbersOf(two!.members, "metrics.acc")?.std).toBe(0);
    expect(numbersOf(none!.members, "metrics.acc")).toBeUndefined();
    expect(numbersOf(one!.members, "params.lr")).toMatchObject({ count: 2, mean: 1 });
  });

  test("are ordered by their means, those without one last; by what is no number as the runs are", () => {
    const labels = (order?: string) => orderGroups(groups, order).map(({ label }) => label);
    expect(labels("metrics.acc DESC")).toEqual(["lr: 2", "lr: 1", "lr: –"]);
    expect(labels("metrics.acc ASC")).toEqual(["lr: 1", "lr: 2", "lr: –"]);
    expect(labels("number(params.lr) DESC")).toEqual(["lr: 2", "lr: 1", "lr: –"]);
    for (const order of ["attributes.status DESC", undefined])
      expect(labels(order)).toEqual(["lr: 1", "lr: 2", "lr: –"]);
  });

  test("stand for their runs in the selection", () => {
    const { shown, take } = selectionOf(groups, new Set(["a", "c"]));
    expect([...shown]).toEqual(["a", "c", one!.id]);
    expect([...take(new Set(["a", "c"]))]).toEqual([]);
    expect([...take(new Set([...shown, two!.id]))].sort()).toEqual(["a", "b", "c"]);
    expect([...take(new Set(["c", one!.id]))]).toEqual(["c"]);
  });
});

test("CSV: no text becomes a formula, numbers stay numbers, quotes are doubled", () => {
  const hostile = ["=1+1", "@x", "+cmd|x", "-2+3", "-2.5", 'a "b", c', "line\nbreak", "\tx"];
  const logged = rows(
    hostile.map((_, at) => `r${at}`),
    { "params.p": hostile, "metrics.m": [-1, "NaN", "-Infinity", "Infinity", 1e-7, 0, null, 3] },
  );
  const columns = ["params.p", "metrics.m", "duration", "attributes.start_time"].map((text) => parseColumn(text)!);
  const text = runsCsv(logged, columns);
  expect(text.split("\r\n")[0]).toBe("run_id,run_name,status,p,m,Duration,Created");
  for (const safe of ["'=1+1", "'@x", "'+cmd|x", "'-2+3", ",-2.5,", '"a ""b"", c"', '"line\nbreak"', "'\tx"]) {
    expect(text).toContain(safe);
  }
  expect(text).toContain("r2,r2,FINISHED,'+cmd|x,-Infinity,2.5,1970-01-01T00:00:01.000Z");
});
