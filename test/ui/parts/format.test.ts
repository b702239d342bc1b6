import { describe, expect, it, test } from "vitest";
import {
  firstLine,
  formatBytes,
  formatCount,
  formatDuration,
  formatExact,
  formatMetric,
  formatRelative,
} from "../../../ui/src/parts/format.ts";

describe("formatMetric", () => {
  it.each([
    [0, "0"],
    [-0, "−0"],
    [0.1 + 0.2, "0.3"],
    [0.123456789, "0.12346"],
    [-1.5, "−1.5"],
    [100, "100"],
    [123456, "123456"],
    [1234567, "1.2346e6"],
    [0.00001234, "1.234e-5"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "∞"],
    [Number.NEGATIVE_INFINITY, "−∞"],
    [1e300, "1e300"],
  ])("%d → %s", (value, text) => expect(formatMetric(value)).toBe(text));
});

it("exact values read back the same", () => {
  for (const value of [0.1 + 0.2, 1e21, -5e-324, 2 ** 53]) expect(Number(formatExact(value))).toBe(value);
  expect(Object.is(Number(formatExact(-0)), -0)).toBe(true);
});

describe("formatDuration", () => {
  it.each([
    [85, "85ms"],
    [4200, "4.2s"],
    [59_999, "1m"],
    [200_000, "3m 20s"],
    [7_500_000, "2h 5m"],
    [90_000_000, "1d 1h"],
    [-5, "0ms"],
    [Number.NaN, "–"],
  ])("%d ms → %s", (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe("formatRelative", () => {
  const now = Date.UTC(2026, 10, 21, 12);
  it.each([
    [now - 3000, "now"],
    [now - 300_000, "5m ago"],
    [now - 3 * 86_400_000, "3d ago"],
    [now + 7_200_000, "in 2h"],
    [Date.UTC(2026, 4, 1, 12), "2026-05-01"],
  ])("%d → %s", (time, text) => expect(formatRelative(time, now)).toBe(text));
});

it("sizes and counts", () => {
  expect([0, 512, 1500, 52_428_800, 3e12].map(formatBytes)).toEqual(["0 B", "512 B", "1.5 kB", "52 MB", "3 TB"]);
  expect(formatCount(10_000)).toBe("10,000");
});

test("the first line of a description, without the marks of markdown", () => {
  expect(firstLine("\n# A **bold** `name`, [linked](https://example.com)\nmore")).toBe("A bold name, linked");
  expect(firstLine("a_b * <img>")).toBe("a_b  <img>");
  expect(firstLine("")).toBe("");
});
