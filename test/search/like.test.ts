import { expect, test } from "vitest";
import { asciiLower, likeMatcher, planLike } from "../../src/search/like.ts";

test.each([
  ["abc", "abc", true],
  ["abc", "abcd", false],
  ["abc", "ABC", false],
  ["%", "", true],
  ["", "", true],
  ["", "a", false],
  ["a%", "abc", true],
  ["%c", "abc", true],
  ["%b%", "abc", true],
  ["a_c", "a🙂c", true],
  ["a__", "ab", false],
  ["%a%b%", "xaxbx", true],
  ["%a%b%", "xbxax", false],
  ["%ab_d%", "abcabed", true],
  ["a%%b", "ab", true],
  ["%_", "", false],
  ["aa%aa", "aaa", false],
])("LIKE %j of %j is %j", (pattern, text, expected) => {
  expect(likeMatcher(pattern)(text)).toBe(expected);
});

test("matching takes at most pattern × text steps", () => {
  expect(likeMatcher(`${"%a".repeat(2000)}%b`)("a".repeat(8000))).toBe(false);
});

test.each([
  ["abc", true],
  ["a_c", true],
  ["a%", true],
  ["%c", true],
  ["%b%", true],
  ["a%b%c", true],
  ["%%a%%", true],
  ["%🙂%", true],
  ["%a_c%", false],
  ["%a%b%", false],
  ["a_b_c_d", false],
])("whether tests of places say all of %j: %j", (pattern, exact) => {
  expect(planLike(pattern).exact).toBe(exact);
});

test("ILIKE ignores the case of ASCII letters only, as SQLite's lower() does", () => {
  expect(asciiLower("AbÄ")).toBe("abÄ");
});
