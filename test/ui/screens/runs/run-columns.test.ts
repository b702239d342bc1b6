import { describe, expect, test } from "vitest";
import { spell } from "../../../../ui/src/api/field-spelling.ts";
import type { DistinctKeys } from "../../../../ui/src/api/keys.ts";
import {
  columnLabel,
  defaultColumns,
  differs,
  nextSort,
  parseColumn,
} from "../../../../ui/src/screens/runs/run-columns.ts";

describe("spellings", () => {
  test.each(["acc", "val/acc", "a b", "a`b", "schöne", "min(x)", "x.y", '<img src="x">'])("%s is read back", (key) => {
    for (const aggregate of ["last", "min", "max", "first"] as const) {
      const spelling = spell("metric", key, aggregate);
      expect(parseColumn(spelling)).toEqual({ spelling, kind: "metric", key, aggregate });
    }
    for (const kind of ["param", "tag"] as const) expect(parseColumn(spell(kind, key))?.key).toBe(key);
  });

  test("what is no column is undefined", () => {
    for (const text of ["", "metrics", "min(params.lr)", "nothing.x", "attributes.toString", "constructor"]) {
      expect(parseColumn(text)).toBeUndefined();
    }
  });

  test("labels say which value of a metric it is", () => {
    expect(columnLabel(parseColumn("max(metrics.acc)")!)).toBe("max acc");
    expect(columnLabel(parseColumn("metrics.acc")!)).toBe("acc");
  });
});

const key = (name: string, isDiffering: boolean) => ({ key: name, runs: 2, differs: isDiffering });

const KEYS: DistinctKeys = {
  metrics: [key("acc", true), key("flat", false), key("system/cpu", true)],
  params: [key("lr", true), key("seed", false)],
  tags: [],
  runs: 2,
};

test("a reader who chose nothing sees what differs, without the system's metrics", () => {
  const columns = defaultColumns(KEYS, false);
  expect(columns).toContain("metrics.acc");
  expect(columns).toContain("params.lr");
  for (const absent of ["metrics.flat", "params.seed", "metrics.`system/cpu`"]) expect(columns).not.toContain(absent);
  expect(defaultColumns(KEYS, true)).toContain("attributes.experiment_id");
});

test("columns that differ: by the server's word, attributes always", () => {
  expect(differs(parseColumn("params.lr")!, KEYS)).toBe(true);
  expect(differs(parseColumn("params.seed")!, KEYS)).toBe(false);
  expect(differs(parseColumn("duration")!, KEYS)).toBe(true);
});

test("a header sorts one way, the other, not at all; with Shift beside what sorts already", () => {
  const first = nextSort([], "metrics.a", false);
  expect(first).toEqual(["metrics.a DESC"]);
  expect(nextSort(first, "metrics.a", false)).toEqual(["metrics.a ASC"]);
  expect(nextSort(["metrics.a ASC"], "metrics.a", false)).toEqual([]);
  expect(nextSort(first, "params.b", true)).toEqual(["metrics.a DESC", "params.b DESC"]);
  expect(nextSort(first, "params.b", false)).toEqual(["params.b DESC"]);
});
