import { describe, expect, test } from "vitest";
import { checkKey, checkLength, checkRunId, shorten, storedTagValue, truncate } from "../../src/domain/names.ts";
import { refusalOf } from "./refused.ts";

const CHARACTERS = "names may only contain letters, digits, underscores, dashes, periods, spaces, colons and slashes.";
const PATHS = "names must be unique when read as paths, without empty, '.' or '..' parts.";

describe("the key of a metric, param or tag", () => {
  test.each(["a", "Zz09_/-. :", "a/b", "val loss", "Größe", "損失", "a.", ".a", "a..b", "a/..b", "x".repeat(250)])(
    "%j is taken",
    (key) => {
      expect(refusalOf(() => checkKey("metric", key))).toBeUndefined();
    },
  );

  test.each(["", "a%", "a\n", "a\tb", "a+b", "a\\b", "loss!", "\u0000", "a,b", "😀"])(
    "%j has a wrong character",
    (key) => {
      expect(refusalOf(() => checkKey("param", key))).toBe(
        `INVALID_PARAMETER_VALUE: Invalid param name '${key}': ${CHARACTERS}`,
      );
    },
  );

  test.each([".", "..", "...", "..a", "a//b", "/a", "a/", "a/./b", "a/../b", "a/..", "a/."])("%j is no path", (key) => {
    expect(refusalOf(() => checkKey("tag", key))).toBe(`INVALID_PARAMETER_VALUE: Invalid tag name '${key}': ${PATHS}`);
  });

  test("has at most 250 characters", () => {
    expect(refusalOf(() => checkKey("metric", "x".repeat(251)))).toBe(
      `INVALID_PARAMETER_VALUE: The metric name '${"x".repeat(250)}…' exceeds the maximum length of 250 characters.`,
    );
  });
});

test.each(["a", "A1-_b", "0".repeat(256)])("%j may be a run id", (id) => {
  expect(refusalOf(() => checkRunId(id))).toBeUndefined();
});

test.each(["", "-a", "_a", "a b", "a/b", "é", "0".repeat(257), "a\n", "a.b"])("%j is no run id", (id) => {
  expect(refusalOf(() => checkRunId(id))).toMatch(/^INVALID_PARAMETER_VALUE: Invalid run ID: '/);
});

test("lengths count code points, and long texts are cut where they are told", () => {
  expect(refusalOf(() => checkLength("x", "😀".repeat(5), 5))).toBeUndefined();
  expect(refusalOf(() => checkLength("x", "abcdef", 5))).toBe(
    "INVALID_PARAMETER_VALUE: The x 'abcdef' exceeds the maximum length of 5 characters.",
  );
  expect(refusalOf(() => checkLength("x", "😀".repeat(6), 5))).toContain("exceeds the maximum length of 5");
  expect(shorten("x".repeat(250))).toBe("x".repeat(250));
  expect(shorten("x".repeat(251))).toBe(`${"x".repeat(250)}…`);
  expect(truncate("abc", 3)).toBe("abc");
  expect(truncate("abcd", 3)).toBe("abc");
  expect(truncate("😀😀😀", 2)).toBe("😀😀");
});

describe("a tag's value", () => {
  test("is cut at 8,000 characters", () => {
    expect(storedTagValue({ key: "note", value: "é".repeat(8001) })).toBe("é".repeat(8000));
    expect(storedTagValue({ key: "note", value: "a".repeat(8000) })).toBe("a".repeat(8000));
  });

  test.each(["mlflow.loggedArtifacts", "mlflow.log-model.history"])("of %s is kept whole, or refused", (key) => {
    expect(storedTagValue({ key, value: "x".repeat(250_000) })).toHaveLength(250_000);
    expect(refusalOf(() => storedTagValue({ key, value: "x".repeat(250_001) }))).toBe(
      `INVALID_PARAMETER_VALUE: The value of tag ${key} '${"x".repeat(250)}…' exceeds the maximum length of 250000 characters.`,
    );
  });
});
