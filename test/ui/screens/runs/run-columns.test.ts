import { describe, expect, test } from "vitest";
import { spell } from "../../../../ui/src/api/field-spelling.ts";
import type { DistinctKeys } from "../../../../ui/src/api/keys.ts";
import {
  columnLabels,
  defaultColumns,
  defaultCount,
  differs,
  moveColumn,
  nextSort,
  parseColumn,
  spellValue,
} from "../../../../ui/src/screens/runs/run-columns.ts";

const labels = (...spellings: string[]) => [
  ...columnLabels(spellings.map((spelling) => parseColumn(spelling)!)).values(),
];

describe("spellings", () => {
  test.each(["acc", "val/acc", "a b", "a`b", "schöne", "min(x)", "x.y", '<img src="x">'])("%s is read back", (key) => {
    for (const aggregate of ["last", "min", "max", "first"] as const) {
      const spelling = spell("metric", key, aggregate);
      expect(parseColumn(spelling)).toMatchObject({ spelling, kind: "metric", key, value: aggregate, field: spelling });
    }
    for (const kind of ["param", "tag"] as const) expect(parseColumn(spell(kind, key))?.key).toBe(key);
  });

  test("what is no column is undefined", () => {
    const none = ["", "metrics", "min(params.lr)", "nothing.x", "attributes.toString", "constructor"];
    for (const text of [...none, "best(params.lr)", "best(min(metrics.x))", "best(metrics)", "best()"]) {
      expect(parseColumn(text)).toBeUndefined();
    }
  });

  test("labels say which value of a metric it is, and what it is where others are called the same", () => {
    expect(labels("max(metrics.acc)", "metrics.acc", "metrics.lr")).toEqual(["max acc", "acc", "lr"]);
    expect(labels("metrics.lr", "params.lr", "params.a")).toEqual(["lr (metric)", "lr (param)", "a"]);
  });
});

const key = (name: string, isDiffering: boolean) => ({ key: name, runs: 2, differs: isDiffering });

const KEYS: DistinctKeys = {
  metrics: [key("acc", true), key("flat", false), key("system/cpu", true)],
  params: [key("lr", true), key("seed", false)],
  tags: [],
  runs: 2,
};

test("the best value of a metric is the least where its name says that less is better", () => {
  for (const less of ["val/loss", "RMSE", "train_mae", "loss"]) {
    expect(parseColumn(spellValue(less, "best"))).toMatchObject({ value: "best", field: spell("metric", less, "min") });
  }
  for (const more of ["acc", "map", "timeline", "team", "f1"]) {
    expect(parseColumn(spellValue(more, "best"))).toMatchObject({ key: more, field: spell("metric", more, "max") });
  }
  expect(labels("best(metrics.acc)")).toEqual(["best acc"]);
});

const RUNS = { isSeveral: false, isGrouped: false };

test("a reader who chose nothing sees what differs, without the system's metrics", () => {
  const columns = defaultColumns(KEYS, { ...RUNS, count: 12 });
  expect(columns).toContain("metrics.acc");
  expect(columns).toContain("params.lr");
  for (const absent of ["metrics.flat", "params.seed", "metrics.`system/cpu`"]) expect(columns).not.toContain(absent);
  expect(defaultColumns(KEYS, { ...RUNS, isSeveral: true, count: 12 })).toContain("attributes.experiment_id");
});

test("of many metrics, those of held-out data, then those that most runs have; counters last", () => {
  const metrics = ["val/acc", "epoch", ...Array.from({ length: 40 }, (_, index) => `m${10 + index}`)].map((name) => ({
    ...key(name, true),
    runs: name.endsWith("3") ? 9 : 1,
  }));
  const columns = defaultColumns({ ...KEYS, metrics }, { ...RUNS, count: 12 }).filter((column) =>
    column.startsWith("metrics."),
  );
  expect(columns.slice(0, 5)).toEqual(["metrics.`val/acc`", ...[13, 23, 33, 43].map((at) => `metrics.m${at}`)]);
  expect(columns).not.toContain("metrics.epoch");
});

test("groups have the time, which they lack, after what tells them apart; seeds are the last params", () => {
  const params = ["random_state", "lr"].map((name) => key(name, true));
  const columns = defaultColumns({ ...KEYS, params }, { ...RUNS, isGrouped: true, count: 12 });
  expect(columns.slice(-4)).toEqual(["params.lr", "params.random_state", "attributes.start_time", "duration"]);
});

test("params by how much they matter, as many as the width has room for", () => {
  const params = Array.from({ length: 30 }, (_, index) => key(`p${10 + index}`, true));
  const of = (widthPx: number) =>
    defaultColumns({ ...KEYS, params }, { ...RUNS, count: defaultCount(widthPx), important: ["p33", "p12"] });
  expect(
    of(1440)
      .filter((column) => column.startsWith("params."))
      .slice(0, 3),
  ).toEqual([...["params.p33", "params.p12", "params.p10"]]);
  expect(of(390).length).toBeLessThan(of(1440).length);
  expect(of(1440).length).toBeLessThan(of(2560).length);
});

test("columns that differ: by the server's word, attributes always", () => {
  expect(differs(parseColumn("params.lr")!, KEYS)).toBe(true);
  expect(differs(parseColumn("params.seed")!, KEYS)).toBe(false);
  expect(differs(parseColumn("duration")!, KEYS)).toBe(true);
});

test("a header sorts best first, the other way, not at all; with Shift beside what sorts already", () => {
  const first = nextSort([], "metrics.a", false);
  expect(first).toEqual(["metrics.a DESC"]);
  expect(nextSort(first, "metrics.a", false)).toEqual(["metrics.a ASC"]);
  expect(nextSort(["metrics.a ASC"], "metrics.a", false)).toEqual([]);
  expect(nextSort([], "metrics.loss", false)).toEqual(["metrics.loss ASC"]);
  expect(nextSort(["metrics.loss ASC"], "metrics.loss", false)).toEqual(["metrics.loss DESC"]);
  expect(nextSort(["metrics.loss DESC"], "metrics.loss", false)).toEqual([]);
  expect(nextSort(first, "params.b", true)).toEqual(["metrics.a DESC", "params.b ASC"]);
  expect(nextSort(["metrics.a DESC", "params.b ASC"], "metrics.a", true)).toEqual(["metrics.a ASC", "params.b ASC"]);
  expect(nextSort(["metrics.a ASC", "params.b ASC"], "metrics.a", true)).toEqual(["params.b ASC"]);
  expect(nextSort(first, "params.b", false)).toEqual(["params.b ASC"]);
});

test("a column is put before another, or last", () => {
  expect(moveColumn(["a", "b", "c"], "c", "a")).toEqual(["c", "a", "b"]);
  expect(moveColumn(["a", "b", "c"], "a", "c")).toEqual(["b", "a", "c"]);
  expect(moveColumn(["a", "b", "c"], "a", undefined)).toEqual(["b", "c", "a"]);
  expect(moveColumn(["a", "b", "c"], "b", "b")).toEqual(["a", "b", "c"]);
});
