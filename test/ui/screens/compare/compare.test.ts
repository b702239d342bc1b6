import { describe, expect, test } from "vitest";
import { blend } from "../../../../ui/src/charts/colour-scale.ts";
import { boxes, grouping, quantile } from "../../../../ui/src/screens/compare/box.ts";
import { compareRows } from "../../../../ui/src/screens/compare/compare-rows.ts";
import { type ComparedRun, comparedRun } from "../../../../ui/src/screens/compare/compared-run.ts";
import { interpolate, regionAbove } from "../../../../ui/src/screens/compare/contour.ts";
import {
  brushed,
  defaultAxes,
  fieldChoice,
  fieldValue,
  NONE,
  placeOf,
  readField,
  scaled,
} from "../../../../ui/src/screens/compare/fields.ts";
import { explained } from "../../../../ui/src/screens/compare/importance.ts";
import { compareSearch } from "../../../../ui/src/screens/compare/search.ts";

function run(id: string, params: Record<string, string>, metrics: Record<string, number>): ComparedRun {
  const pairs = Object.entries(params).map(([key, value]) => ({ key, value }));
  const points = Object.entries(metrics).map(([key, value]) => ({ key, value, timestamp: 0, step: 0 }));
  return comparedRun({
    info: {
      ...{ run_id: id, run_name: id, experiment_id: "1", user_id: "", artifact_uri: "" },
      ...{ status: "FINISHED", lifecycle_stage: "active" },
    },
    data: { params: pairs, metrics: points, tags: [{ key: "mlflow.user", value: "hidden" }] },
  });
}

const RUNS = [
  run("a", { lr: "0.1", opt: "sgd", same: "x" }, { acc: 0.5 }),
  run("b", { lr: "0.0001", opt: "adam", same: "x" }, { acc: 0.75 }),
  run("c", { lr: "0.01", same: "x" }, { acc: Number.NaN }),
];

describe("addresses", () => {
  test("hold ids apart by commas, and take MLflow's list", () => {
    expect(compareSearch.parse({ runs: "a,b" }).runs).toBe("a,b");
    expect(compareSearch.parse({ runs: ["a", "b"] }).runs).toBe("a,b");
    expect(compareSearch.parse({ runs: 3, view: "pie" })).toEqual({ runs: undefined, view: undefined });
  });
});

describe("fields", () => {
  test("are numbers where they can be", () => {
    expect(fieldValue(RUNS[0]!, "params.lr")).toBe(0.1);
    expect(fieldValue(RUNS[0]!, "params.opt")).toBe("sgd");
    expect(fieldValue(RUNS[0]!, "metrics.acc")).toBe(0.5);
    expect(fieldValue(RUNS[0]!, "min(metrics.acc)")).toBeUndefined();
    expect(fieldValue(RUNS[0]!, "anything")).toBeUndefined();
  });

  test("are logarithmic by themselves over two orders of magnitude, unless the reader says otherwise", () => {
    expect(readField(RUNS, "params.lr").isLog).toBe(true);
    expect(readField(RUNS, "params.lr", { linear: ["params.lr"] }).isLog).toBe(false);
    expect(readField(RUNS, "metrics.acc").isLog).toBe(false);
    expect(readField(RUNS, "metrics.acc", { log: ["metrics.acc"] }).isLog).toBe(true);
    expect(readField(RUNS, "params.opt", { log: ["params.opt"] }).isLog).toBe(false);
  });

  test("of words have a place for runs without one", () => {
    const field = readField(RUNS, "params.opt");
    expect(field.words).toEqual(["adam", "sgd", NONE]);
    expect([0, 1, 2].map((index) => placeOf(field, index))).toEqual([1, 0, 2]);
  });

  test("have no place for what an axis cannot show", () => {
    expect(placeOf(readField(RUNS, "metrics.acc"), 2)).toBeUndefined();
    expect(scaled(readField(RUNS, "metrics.acc"), 3)).toEqual([0, 1, undefined]);
    expect(scaled(readField(RUNS, "params.lr"), 3)[2]).toBeCloseTo(2 / 3);
  });

  test("that differ are the axes that nobody chose", () => {
    expect(defaultAxes(fieldChoice(RUNS))).toEqual(["params.lr", "params.opt", "metrics.acc"]);
  });

  test("select runs by ranges on all brushed axes", () => {
    const fields = [readField(RUNS, "params.lr"), readField(RUNS, "metrics.acc")];
    expect(brushed(fields, {}, 3)).toEqual([0, 1, 2]);
    expect(brushed(fields, { "params.lr": [[0.01, 1]] }, 3)).toEqual([0, 2]);
    expect(brushed(fields, { "params.lr": [[0.01, 1]], "metrics.acc": [[0, 1]] }, 3)).toEqual([0]);
    expect(
      brushed(
        fields,
        {
          "params.lr": [
            [0.05, 1],
            [0, 0.001],
          ],
        },
        3,
      ),
    ).toEqual([0, 1]);
  });
});

describe("rows", () => {
  const rows = (isDifferingOnly: boolean, words = "", baseline = 0, turned: string[] = []) =>
    compareRows(RUNS, {
      ...{ words, isDifferingOnly, stats: ["last"] as const, experimentName: (id: string) => id },
      ...{ turned, baseline },
    });

  test("mark what differs from the baseline", () => {
    const opt = rows(false).find(({ id }) => id === "params.opt");
    expect(opt?.kind === "values" && opt.differs).toBe(true);
    expect(opt?.kind === "values" && opt.cells.map((cell) => cell?.isOther)).toEqual([false, true, undefined]);
    expect(rows(true).some(({ id }) => id === "params.same")).toBe(false);
  });

  test("mark the best by the metric's direction, and say how far each is from the baseline", () => {
    const acc = (baseline: number, turned: string[]) => {
      const row = rows(false, "", baseline, turned).find(({ id }) => id === "metrics.acc");
      return row?.kind === "values"
        ? row.cells.map((cell) => [cell?.isBest, cell?.delta?.text, cell?.delta?.isBetter])
        : [];
    };
    expect(acc(0, [])).toEqual([
      [false, undefined, undefined],
      [true, "+0.25", true],
      [false, undefined, undefined],
    ]);
    expect(acc(1, ["acc"])).toEqual([
      [true, "−0.25", true],
      [false, undefined, undefined],
      [false, undefined, undefined],
    ]);
  });

  test("are found by words, and sections without rows are left out", () => {
    expect(rows(false, "AC").map(({ id }) => id)).toEqual(["Metrics", "metrics.acc"]);
    expect(rows(false).some(({ id }) => id.startsWith("tags."))).toBe(false);
  });
});

describe("boxes", () => {
  test("have quartiles by interpolation, and whiskers within 1.5 times the box", () => {
    expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75);
    const values = { name: "y", values: [1, 2, 3, 4, 100, 7], words: undefined, isLog: false };
    const [all, other] = boxes(values, ["g", "g", "g", "g", "g", "h"], ["g", "h", "empty"]);
    expect(all).toMatchObject({ runs: [0, 1, 2, 3, 4], low: 1, q1: 2, median: 3, q3: 4, high: 4 });
    expect(other).toMatchObject({ low: 7, q1: 7, median: 7, q3: 7, high: 7 });
  });
});

describe("surfaces", () => {
  const area = (polygons: readonly (readonly [number, number])[][]): number =>
    polygons.reduce((sum, polygon) => {
      const twice = polygon.reduce((part, [x, y], index) => {
        const [nextX, nextY] = polygon[(index + 1) % polygon.length]!;
        return part + x * nextY - nextX * y;
      }, 0);
      return sum + Math.abs(twice) / 2;
    }, 0);

  test("go through the points and never beyond them", () => {
    const { heights } = interpolate(
      [
        { x: 0, y: 0, z: 1 },
        { x: 1, y: 1, z: 3 },
      ],
      3,
      3,
    );
    expect(heights[0]).toBeCloseTo(1);
    expect(heights[8]).toBeCloseTo(3);
    expect(heights[4]).toBeCloseTo(2);
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...heights)).toBeLessThanOrEqual(3);
  });

  test("are above a height where a slope says so", () => {
    const columns = 5;
    const heights = Float64Array.from({ length: columns * 4 }, (_, index) => (index % columns) / (columns - 1));
    const grid = { columns, rows: 4, heights };
    expect(area(regionAbove(grid, Number.NEGATIVE_INFINITY))).toBeCloseTo(1);
    expect(area(regionAbove(grid, 0.4))).toBeCloseTo(0.6);
    expect(regionAbove(grid, 2)).toEqual([]);
  });
});

test("colours blend between their stops", () => {
  const scale = blend(["rgb(0, 0, 0)", "rgb(100, 0, 0)", "rgb(100, 200, 0)"]);
  expect([0, 0.25, 0.75, 1, 7].map(scale)).toEqual([
    ...["rgb(0, 0, 0)", "rgb(50, 0, 0)", "rgb(100, 100, 0)", "rgb(100, 200, 0)", "rgb(100, 200, 0)"],
  ]);
});

describe("what explains a metric", () => {
  const runsOf = Array.from({ length: 60 }, (_, run) => run);
  const outcome = runsOf.map((run) => (run - 30) ** 2);

  test("is told for numbers without a direction, and for words", () => {
    expect(explained(runsOf, outcome)).toBeGreaterThan(0.7);
    expect(
      explained(
        runsOf.map((run) => (run < 10 || run >= 50 ? "edge" : "middle")),
        outcome,
      ),
    ).toBeGreaterThan(0.4);
  });

  test("is about nothing for what is mixed, however many groups it makes", () => {
    const mixed = runsOf.map((run) => (run * 17) % 7);
    expect(Math.abs(explained(mixed, outcome))).toBeLessThan(0.15);
    expect(explained(runsOf.map(String), outcome)).toBe(0);
  });

  test("is not told by few runs, nor of one value", () => {
    expect(explained([1, 2, 3], [1, 2, 3])).toBe(0);
    expect(
      explained(
        runsOf.map(() => "same"),
        outcome,
      ),
    ).toBe(0);
    expect(
      explained(
        runsOf,
        runsOf.map(() => Number.NaN),
      ),
    ).toBe(0);
  });

  test("comes first among the axes that nobody chose, and metrics of held-out data before others", () => {
    const sweep = runsOf.map((at) =>
      run(
        String(at),
        { a: String((at * 17) % 7), z: String(at) },
        { aaa: (at * 31) % 11, epoch: at, "val/acc": at ** 2 },
      ),
    );
    expect(defaultAxes(fieldChoice(sweep))).toEqual(["params.z", "params.a", "metrics.val/acc", "metrics.aaa"]);
  });
});

describe("groups of boxes", () => {
  test("are words and few numbers as they are", () => {
    expect(grouping(["b", 2, undefined, 10])).toEqual({
      groupOf: ["b", "2", NONE, "10"],
      groups: ["2", "10", NONE, "b"],
    });
  });

  test("are ranges of as many runs each where there are many numbers", () => {
    const { groupOf, groups } = grouping([...Array.from({ length: 60 }, (_, run) => run), undefined]);
    expect(groups).toEqual([
      ...["0 to 9.83", "9.83 to 19.7", "19.7 to 29.5", "29.5 to 39.3", "39.3 to 49.2", "49.2 to 59"],
      NONE,
    ]);
    expect(groups.map((group) => groupOf.filter((own) => own === group).length)).toEqual([10, 10, 10, 10, 10, 10, 1]);
  });
});
