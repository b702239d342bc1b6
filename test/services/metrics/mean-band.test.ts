import { describe, expect, it } from "vitest";
import { type Line, meanBand } from "../../../src/services/metrics/mean-band.ts";

function line(...points: readonly (readonly [x: number, value: number])[]): Line {
  return { x: Float64Array.from(points, ([x]) => x), values: Float64Array.from(points, ([, value]) => value) };
}

const told = (lines: readonly Line[]) => {
  const { x, means, counts } = meanBand(lines);
  return Array.from(x, (at, index) => [at, means[index], counts[index]]);
};

describe("the mean of lines", () => {
  it("has the standard deviation of a sample", () => {
    const { means, spreads } = meanBand([line([0, 1], [1, 2]), line([0, 3], [1, 2])]);
    expect([...means]).toEqual([2, 2]);
    expect([...spreads]).toEqual([Math.SQRT2, 0]);
  });

  it("reads lines between their points, and only where they are", () => {
    expect(told([line([0, 0], [2, 2]), line([1, 3], [3, 3])])).toEqual([
      [0, 0, 1],
      [1, 2, 2],
      [2, 2.5, 2],
      [3, 3, 1],
    ]);
  });

  it("leaves out what is no number, and places that nothing is known of", () => {
    expect(told([line([0, 1], [1, Number.NaN], [2, 3]), line([0, 3], [2, Number.POSITIVE_INFINITY])])).toEqual([
      [0, 2, 2],
      [2, 3, 1],
    ]);
    expect(told([])).toEqual([]);
    expect(told([line([0, Number.NaN])])).toEqual([]);
  });

  it("counts the last of several points with one x as where the line goes on", () => {
    expect(told([line([0, 1], [1, 2], [1, 4], [2, 6])])).toEqual([
      [0, 1, 1],
      [1, 2, 1],
      [2, 6, 1],
    ]);
  });

  it("has as many places as can be drawn, from the first x to the last", () => {
    const long = Float64Array.from({ length: 5000 }, (_, index) => index / 7);
    const { x, means } = meanBand([{ x: long, values: long }, line([0, 0], [900, 900])]);
    expect(x.length).toBeLessThan(1000);
    expect([x[0], x.at(-1)]).toEqual([0, 900]);
    expect(means[300]).toBeCloseTo(x[300]!, 6);
  });
});
