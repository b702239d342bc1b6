import { describe, expect, test } from "vitest";
import { readFormula } from "../../../../ui/src/charts/panels/formula.ts";

const VALUES: Readonly<Record<string, number>> = { acc: 0.75, "val/loss": 2, "train/loss": 4, x: -3 };

const reckoned = (text: string) => readFormula(text).at((metric) => VALUES[metric] ?? Number.NaN);

describe("a formula", () => {
  test.each([
    ["1 - metrics.acc", 0.25],
    ["metrics.`val/loss` / metrics.`train/loss`", 0.5],
    ['metric."val/loss"*2+1', 5],
    ["-metrics.x ^ 2", -9],
    ["(-metrics.x) ^ 2", 9],
    ["2 ^ 3 ^ 2 + 0 * metrics.acc", 512],
    ["10 - 2 - 3 + 0 * metrics.acc", 5],
    ["8 / 2 / 2 * metrics.`val/loss`", 4],
    ["max(metrics.acc, 0.9, .5)", 0.9],
    ["log(exp(metrics.`val/loss`))", 2],
    ["1e3 * metrics.acc", 750],
  ])("%s", (text, expected) => {
    expect(reckoned(text)).toBeCloseTo(expected, 12);
  });

  test("names its metrics once", () => {
    expect(readFormula("metrics.acc + metrics.acc * metrics.x").metrics).toEqual(["acc", "x"]);
  });

  test.each([
    ["", /too early/],
    ["1 + 2", /names no metric/],
    ["acc * 2", /metrics are written metrics\.acc/],
    ["metrics.acc +", /too early/],
    ["metrics.acc metrics.x", /nothing more/],
    ["(metrics.acc", /Expected “\)”/],
    ["constructor(metrics.acc)", /There is no “constructor”/],
    ["metrics.acc; alert(1)", /Cannot read “;/],
    ["metrics.acc * )", /before “\)”/],
  ])("%j is refused, with what is wrong", (text, message) => {
    expect(() => readFormula(text)).toThrow(message);
  });
});
