import { describe, expect, test } from "vitest";
import { joinBytes, joinUpTo } from "../../src/domain/bytes.ts";
import { compareCodePoints } from "../../src/domain/code-points.ts";
import { alreadyExists, doesNotExist, invalidParameter, MlflowError } from "../../src/domain/errors.ts";
import { isExperimentId, isRunId, newRunId } from "../../src/domain/ids.ts";
import { parseInt64, toInt64 } from "../../src/domain/int64.ts";
import { asStored } from "../../src/domain/key-values.ts";
import { checkModelName, newModelId } from "../../src/domain/logged-model.ts";
import { isPrompt } from "../../src/domain/prompts.ts";
import { randomRunName } from "../../src/domain/run-names.ts";
import { refusalOf } from "./refused.ts";

describe("a 64-bit integer", () => {
  test.each([
    ["0", 0],
    ["-0", 0],
    ["+7", 7],
    ["-12", -12],
    ["9007199254740991", 9_007_199_254_740_991],
    ["9007199254740992", 9_007_199_254_740_992n],
    ["+9007199254740993", 9_007_199_254_740_993n],
    ["-9223372036854775808", -9_223_372_036_854_775_808n],
    ["9223372036854775807", 9_223_372_036_854_775_807n],
    ["1.5525508e+12", 1_552_550_800_000],
    ["1.", 1],
    ["100e-2", 1],
    [".5e1", 5],
    ["-1.0", -1],
    ["1e16", 10_000_000_000_000_000n],
    ["0".repeat(400), 0],
  ])("%s is an integer", (text, value) => {
    expect(Object.is(parseInt64(text), value)).toBe(true);
  });

  test.each([
    "",
    " 1",
    "1 ",
    "a",
    "1a",
    "a1",
    "1.5",
    "1e-1",
    "1e400",
    "--1",
    ".",
    "e5",
    "1e",
    "0x1f",
    "9223372036854775808",
    "-9223372036854775809",
    "1e19",
    "0".repeat(401),
  ])("%j is none", (text) => {
    expect(parseInt64(text)).toBeUndefined();
  });

  test("is a bigint only where a number rounds", () => {
    expect(toInt64(9_007_199_254_740_991n)).toBe(9_007_199_254_740_991);
    expect(toInt64(-9_007_199_254_740_992n)).toBe(-9_007_199_254_740_992n);
    expect(toInt64(9_223_372_036_854_775_807n)).toBe(9_223_372_036_854_775_807n);
    expect(toInt64(9_223_372_036_854_775_808n)).toBeUndefined();
    expect(toInt64(-9_223_372_036_854_775_808n)).toBe(-9_223_372_036_854_775_808n);
    expect(toInt64(-9_223_372_036_854_775_809n)).toBeUndefined();
  });
});

test("texts are in the order of their code points, not of their UTF-16 units", () => {
  const ordered = ["", "a", "aa", "ab", "b", "é", "\ud7ff", "\ue000", "\uffff", "😀", "😁"];
  const bySort = ordered.toReversed().sort(compareCodePoints);
  expect(bySort).toEqual(ordered);
  expect(compareCodePoints("a", "a")).toBe(0);
  expect(compareCodePoints("\udfff", "\ue000")).toBeGreaterThan(0);
  expect(compareCodePoints("\ud7ff", "\ud800")).toBeLessThan(0);
});

test("ids", () => {
  expect(newRunId()).toMatch(/^[0-9a-f]{32}$/);
  expect(newModelId()).toMatch(/^m-[0-9a-f]{32}$/);
  expect(["0", "1", "10", "9".repeat(18)].map(isExperimentId)).not.toContain(false);
  expect(["", "00", "01", "-1", "1a", "a1", " 1", "9".repeat(19)].map(isExperimentId)).not.toContain(true);
  expect([isRunId("a"), isRunId("-a")]).toEqual([true, false]);
});

test("bytes are joined in order", () => {
  const joined = joinBytes([new Uint8Array([1, 2]), new Uint8Array(), new Uint8Array([3])]);
  expect([...joined]).toEqual([1, 2, 3]);
});

test("bytes are joined into as few chunks as a limit allows", () => {
  const chunks = [[1, 2], [3], [4, 5, 6, 7], [8, 9], [10]].map((bytes) => new Uint8Array(bytes));
  expect(Array.from(joinUpTo(3, chunks), (chunk) => [...chunk])).toEqual([
    [1, 2, 3],
    [4, 5, 6, 7],
    [8, 9, 10],
  ]);
  expect([...joinUpTo(7, chunks)].map(({ length }) => length)).toEqual([7, 3]);
  expect([...joinUpTo(3, [])]).toEqual([]);
});

test("of pairs with one key the last is stored, in the order of the keys", () => {
  expect(
    asStored([
      { key: "b", value: "1" },
      { key: "a", value: "2" },
      { key: "b", value: "3" },
      { key: "B", value: "4" },
    ]),
  ).toEqual([
    { key: "B", value: "4" },
    { key: "a", value: "2" },
    { key: "b", value: "3" },
  ]);
});

test("a prompt is told by its tag, of which the last counts", () => {
  const tag = (value: string, key = "mlflow.prompt.is_prompt") => ({ key, value });
  expect(isPrompt([tag("true")])).toBe(true);
  expect(isPrompt([tag("TRUE")])).toBe(true);
  expect(isPrompt([tag("false"), tag("true")])).toBe(true);
  expect(isPrompt([tag("true"), tag("false")])).toBe(false);
  expect(isPrompt([tag("true", "other")])).toBe(false);
  expect(isPrompt([])).toBe(false);
});

test.each(["/", ":", ".", "%", '"', "'"])("a logged model's name has no %s", (mark) => {
  const name = `a${mark}b`;
  expect(refusalOf(() => checkModelName(name))).toBe(
    `INVALID_PARAMETER_VALUE: Invalid model name ${JSON.stringify(name)}: it may not contain / : . % " or '.`,
  );
  expect(refusalOf(() => checkModelName("a b-c_é"))).toBeUndefined();
});

test("a run without a name gets one of two words and a number below 1,000", () => {
  for (let i = 0; i < 100; i++) expect(randomRunName()).toMatch(/^[a-z]+-[a-z]+-\d{1,3}$/);
  expect(new Set(Array.from({ length: 100 }, randomRunName)).size).toBeGreaterThan(50);
});

describe("an error", () => {
  test("has its code, its status and its name", () => {
    const errors = [
      invalidParameter("a"),
      doesNotExist("b"),
      alreadyExists("c"),
      new MlflowError("INTERNAL_ERROR", "d"),
    ];
    expect(errors.map(({ code, status, name, message }) => [code, status, name, message])).toEqual([
      ["INVALID_PARAMETER_VALUE", 400, "MlflowError", "a"],
      ["RESOURCE_DOES_NOT_EXIST", 404, "MlflowError", "b"],
      ["RESOURCE_ALREADY_EXISTS", 400, "MlflowError", "c"],
      ["INTERNAL_ERROR", 500, "MlflowError", "d"],
    ]);
  });

  test("keeps 1,500 characters: the start of its message and the end", () => {
    expect(invalidParameter("x".repeat(1500)).message).toBe("x".repeat(1500));
    const { message } = invalidParameter(`${"a".repeat(2000)}${"b".repeat(2000)}`);
    expect(message).toBe(`${"a".repeat(999)}…${"b".repeat(500)}`);
    // A cut within a surrogate pair removes the whole pair.
    expect(invalidParameter("😀".repeat(2000)).message.isWellFormed()).toBe(true);
  });
});
