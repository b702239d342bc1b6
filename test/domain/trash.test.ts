import { expect, test } from "vitest";
import { parseAge } from "../../src/domain/trash.ts";
import { refusalOf } from "./refused.ts";

test.each([
  ["1d", 86_400_000],
  ["8h", 28_800_000],
  ["30m", 1_800_000],
  ["20s", 20_000],
  ["2d8h5m20s", 2 * 86_400_000 + 8 * 3_600_000 + 5 * 60_000 + 20_000],
  ["2m4s", 124_000],
  ["1d1s", 86_401_000],
  ["0s", 0],
  ["1.5d", 129_600_000],
  ["12.h", 43_200_000],
  [".5m", 30_000],
  ["0.0019s", 1],
])("%s is %d ms", (text, age) => {
  expect(parseAge(text)).toBe(age);
});

test.each(["", " ", "5", "d", "1s1m", "1m1m", "-1d", "1w", "1d ", " 1d", "1d x", "x1d", ".h", "1..5h", "1e3s"])(
  "%j is no age",
  (text) => {
    expect(refusalOf(() => parseAge(text))).toBe(
      `INVALID_PARAMETER_VALUE: Could not parse any time information from '${text}'. Examples of valid strings: '8h', '2d8h5m20s', '2m4s'`,
    );
  },
);
