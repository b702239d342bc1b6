import { expect, test } from "vitest";
import { mulberry32 } from "../../../../ui/src/screens/compare/matters/forest.ts";
import { compact, type Question, ranksOf, whatMatters } from "../../../../ui/src/screens/compare/matters/matters.ts";

/** A sweep whose result falls with the learning rate, depends on the model, and on nothing else. */
function sweep(runs: number): Question {
  const random = mulberry32(3);
  const lr = Array.from({ length: runs }, () => 10 ** (-5 * random()));
  const model = Array.from({ length: runs }, () => (random() < 0.5 ? "cnn" : "vit"));
  const idle = Array.from({ length: runs }, () => Math.floor(random() * 100));
  const result = Float64Array.from(
    lr,
    (rate, run) => -Math.log10(rate) + (model[run] === "vit" ? 2 : 0) + 0.1 * random(),
  );
  return {
    columns: [
      { name: "idle", values: idle },
      { name: "lr", values: lr },
      { name: "model", values: model },
      { name: "constant", values: lr.map(() => 7) },
    ],
    result,
  };
}

test("what a result depends on is told from what it does not, with the way that it goes", () => {
  const answer = whatMatters(sweep(300))!;
  const byName = new Map(answer.matters.map((matter) => [matter.name, matter]));
  expect(answer.matters.slice(0, 2).map(({ name }) => name)).toEqual(["lr", "model"]);
  expect(byName.get("lr")!.correlation).toBeLessThan(-0.7);
  expect(byName.get("model")!.correlation).toBeUndefined();
  expect(Math.abs(byName.get("idle")!.correlation!)).toBeLessThan(0.2);
  expect(byName.get("idle")!.importance).toBeLessThan(0.1);
  expect(byName.get("model")!.importance).toBeGreaterThan(2 * answer.chance);
  expect(byName.get("constant")).toMatchObject({ importance: 0, correlation: undefined });
  expect(answer.explained).toBeGreaterThan(0.8);
  expect(answer.runs).toBe(300);
});

test("the same question has the same answer", () => {
  expect(whatMatters(sweep(60))).toEqual(whatMatters(sweep(60)));
});

test("a param that tells nothing stays below chance, however many words it has", () => {
  const { columns, result } = sweep(60);
  const random = mulberry32(5);
  const idle = [
    // All different, as paths of outputs are; and numbers with a few words among them.
    { name: "folder", values: Array.from(result, (_, run) => `/out/${run}`) },
    { name: "kind", values: Array.from(result, () => "abcdefghijklmnop"[Math.floor(16 * random())]!) },
    {
      name: "dropout",
      values: Array.from(result, (_, run) => (run % 9 === 0 ? "None" : Math.round(50 * random()) / 100)),
    },
  ];
  const answer = whatMatters({ columns: [...columns.slice(1, 3), ...idle], result })!;
  const byName = new Map(answer.matters.map((matter) => [matter.name, matter]));
  expect(answer.matters[0]!.name).toBe("lr");
  expect(answer.matters[1]!.name).toBe("model");
  for (const { name } of idle) expect(byName.get(name)!.importance, name).toBeLessThan(2 * answer.chance + 0.03);
  expect(byName.get("dropout")!.correlation).toBeDefined();
});

test("words that matter are found, in whatever order they come", () => {
  const random = mulberry32(9);
  const kinds = Array.from({ length: 400 }, () => "abcdefgh"[Math.floor(8 * random())]!);
  const result = Float64Array.from(kinds, (kind) => ("bdfh".includes(kind) ? 1 : 0) + 0.1 * random());
  const idle = Array.from({ length: 400 }, random);
  const answer = whatMatters({
    columns: [
      { name: "idle", values: idle },
      { name: "kind", values: kinds },
    ],
    result,
  })!;
  expect(answer.matters[0]).toMatchObject({ name: "kind" });
  expect(answer.matters[0]!.importance).toBeGreaterThan(0.8);
  expect(answer.explained).toBeGreaterThan(0.8);
});

test("mere chance explains nothing, and says so", () => {
  const random = mulberry32(11);
  const noise = (): number[] => Array.from({ length: 80 }, random);
  const answer = whatMatters({
    columns: [
      { name: "a", values: noise() },
      { name: "b", values: noise() },
    ],
    result: Float64Array.from(noise()),
  })!;
  expect(answer.explained).toBeLessThan(0.1);
});

test("runs without a finite result do not count; too few say nothing", () => {
  const { columns, result } = sweep(30);
  const some = result.map((value, run) => (run < 8 ? value : run % 2 ? Number.NaN : Number.POSITIVE_INFINITY));
  expect(whatMatters({ columns, result: some })).toBeUndefined();
  expect(whatMatters({ columns, result: result.map((value, run) => (run < 12 ? value : Number.NaN)) })!.runs).toBe(12);
});

test("missing values and words among numbers are places of their own", () => {
  const { result } = sweep(100);
  const mixed = Array.from(result, (value, run) => (run % 3 === 0 ? undefined : run % 3 === 1 ? "None" : value));
  const answer = whatMatters({ columns: [{ name: "mixed", values: mixed }], result })!;
  expect(answer.matters[0]!.runs).toBe(mixed.filter((value) => value !== undefined).length);
});

test("columns of numbers are the same question in their compact form, whatever is missing", () => {
  const { columns, result } = sweep(120);
  const gaps = columns.map(({ name, values }) => ({
    name,
    values: Array.from<string | number | undefined>(values).map((value, run) => (run % 7 === 0 ? undefined : value)),
  }));
  const compacted = gaps.map(({ name, values }) => ({ name, values: compact(values) }));
  expect(compacted.map(({ values }) => values instanceof Float64Array)).toEqual([true, true, false, true]);
  expect(whatMatters({ columns: compacted, result })).toEqual(whatMatters({ columns: gaps, result }));
  // A param may be the text NaN, which is no missing value.
  expect(compact([1, Number.NaN])).toEqual([1, Number.NaN]);
});

test("equal values share their ranks", () => {
  expect(ranksOf([10, 20, 10, 5])).toEqual([1.5, 3, 1.5, 0]);
});
