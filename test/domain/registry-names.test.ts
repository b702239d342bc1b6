import { describe, expect, test } from "vitest";
import {
  checkAlias,
  checkNotReserved,
  checkRegisteredModelName,
  isLatestAlias,
  parseStage,
  parseVersion,
} from "../../src/domain/registry-names.ts";
import { refusalOf } from "./refused.ts";

describe("a registered model's name", () => {
  test.each(["a", " a ", "a b", "a%20b", "..".padStart(3, "a"), ".a", "x".repeat(10_000), "😀"])(
    "%j is taken",
    (name) => {
      expect(refusalOf(() => checkRegisteredModelName(name))).toBeUndefined();
    },
  );

  test.each(["", " ", "\t\n"])("%j is missing", (name) => {
    expect(refusalOf(() => checkRegisteredModelName(name))).toBe(
      "INVALID_PARAMETER_VALUE: Missing value for required parameter 'name'.",
    );
    expect(refusalOf(() => checkRegisteredModelName(name, "new_name"))).toContain("'new_name'");
  });

  test.each(["a/b", "a:b", "/", ":"])("%j has a character that a URI splits at", (name) => {
    expect(refusalOf(() => checkRegisteredModelName(name))).toBe(
      `INVALID_PARAMETER_VALUE: Invalid model name '${name}'. Names cannot contain '/' or ':'.`,
    );
  });

  test.each([".", "..", "..a", "..."])("%j leads elsewhere", (name) => {
    expect(refusalOf(() => checkRegisteredModelName(name))).toBe(
      `INVALID_PARAMETER_VALUE: Invalid model name '${name}'. Names may not be read as a path that leads elsewhere.`,
    );
  });

  test("has at most 10,000 characters", () => {
    expect(refusalOf(() => checkRegisteredModelName("x".repeat(10_001)))).toContain(
      "INVALID_PARAMETER_VALUE: The model name 'xxx",
    );
  });
});

describe("an alias", () => {
  test.each(["champion", "a-b_1", "Größe", "latest2", "v", "v1a", "av1", "x".repeat(255)])("%j is taken", (alias) => {
    expect(refusalOf(() => checkAlias(alias))).toBeUndefined();
    expect(refusalOf(() => checkNotReserved(alias))).toBeUndefined();
  });

  test.each(["", " ", "a b", "a.b", "a/b", "a@b", "a\n"])("%j has a wrong character", (alias) => {
    expect(refusalOf(() => checkAlias(alias))).toBe(
      `INVALID_PARAMETER_VALUE: Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-).`,
    );
  });

  test("has at most 255 characters", () => {
    expect(refusalOf(() => checkAlias("x".repeat(256)))).toContain("The alias name 'xxx");
  });

  test("may not be one that means a version already", () => {
    for (const alias of ["latest", "Latest", "LATEST"]) {
      expect(isLatestAlias(alias)).toBe(true);
      expect(refusalOf(() => checkNotReserved(alias))).toBe(
        "INVALID_PARAMETER_VALUE: 'latest' alias name (case insensitive) is reserved.",
      );
    }
    expect(isLatestAlias("latest1")).toBe(false);
    for (const alias of ["v1", "V23", "v٣"]) {
      expect(refusalOf(() => checkNotReserved(alias))).toBe(
        `INVALID_PARAMETER_VALUE: Version alias name '${alias}' is reserved.`,
      );
    }
  });
});

test.each([
  ["1", 1],
  [" 12 ", 12],
  ["+3", 3],
  ["007", 7],
  ["9007199254740991", 9_007_199_254_740_991],
  ["0", undefined],
  ["-1", undefined],
  ["9007199254740993", undefined],
])("the version %j is %j", (text, version) => {
  expect(parseVersion(text)).toBe(version);
});

test.each(["", "a", "1.0", "1 2", "--1", "1a", "a1", "1e3"])("%j is no version", (text) => {
  expect(refusalOf(() => parseVersion(text))).toBe(
    `INVALID_PARAMETER_VALUE: Invalid value '${text}' for parameter 'version' supplied: it must be an integer.`,
  );
});

test("a stage is meant in any case", () => {
  expect(["none", "STAGING", "Production", "archived"].map(parseStage)).toEqual([
    "None",
    "Staging",
    "Production",
    "Archived",
  ]);
  for (const text of ["", "Deleted_Internal", "prod"]) {
    expect(refusalOf(() => parseStage(text))).toBe(
      `INVALID_PARAMETER_VALUE: Invalid Model Version stage: ${text}. Value must be one of None, Staging, Production, Archived.`,
    );
  }
});
