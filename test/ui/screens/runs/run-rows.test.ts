import { describe, expect, test } from "vitest";
import type { Cell, RunTable } from "../../../../ui/src/api/run-table.ts";
import { parseColumn } from "../../../../ui/src/screens/runs/run-columns.ts";
import { groupRows, nest, type RunRow, rowsOf } from "../../../../ui/src/screens/runs/run-rows.ts";
import { runsCsv } from "../../../../ui/src/screens/runs/runs-csv.ts";

/** Runs named by their ids, children by `child<parent`. */
function rows(names: readonly string[], columns: Record<string, Cell[]> = {}): RunRow[] {
  const [ids, parents] = [0, 1].map((part) => names.map((name) => name.split("<")[part] ?? null));
  const table: RunTable = {
    is_exact: true,
    runs: {
      run_id: ids as string[],
      experiment_id: names.map(() => "1"),
      run_name: ids as string[],
      status: names.map(() => "FINISHED"),
      lifecycle_stage: names.map(() => "active"),
      start_time: names.map(() => 1_000),
      end_time: names.map(() => 3_500),
      user_id: names.map(() => "ann"),
      parent_run_id: parents!,
      source_name: names.map(() => null),
    },
    columns,
  };
  return rowsOf(table);
}

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

test("groups tell count, mean, spread of the sample and bounds, of numbers only", () => {
  const logged = rows(["a", "b", "c", "d"], {
    "params.lr": ["1", "2", "1", null],
    "metrics.acc": [1, 5, 3, "NaN"],
  });
  const groups = groupRows(logged, ["params.lr"], new Set(["group:lr: 1"]));
  expect(groups.map((row) => row.id)).toEqual(["group:lr: 1", "a", "c", "group:lr: 2", "group:lr: –"]);
  const [first, , , second, none] = groups;
  expect(first?.kind === "group" && first.count).toBe(2);
  expect(first?.kind === "group" && first.aggregates.get("metrics.acc")).toEqual({
    ...{ mean: 2, std: Math.SQRT2, min: 1, max: 3 },
  });
  expect(second?.kind === "group" && second.aggregates.get("metrics.acc")?.std).toBe(0);
  expect(none?.kind === "group" && none.aggregates.get("metrics.acc")).toBeUndefined();
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
