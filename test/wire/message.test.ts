import { expect, test } from "vitest";
import { RUN_STATUSES } from "../../src/domain/entities.ts";
import { MlflowError } from "../../src/domain/errors.ts";
import { MAX_ERROR_LENGTH, MAX_LIST_LENGTH, MAX_STRING_LENGTH } from "../../src/domain/limits.ts";
import { parseJsonExactly } from "../../src/wire/json.ts";
import {
  alsoNamed,
  bool,
  double,
  id,
  int32,
  int64,
  longText,
  message,
  nested,
  oneOf,
  orElse,
  queryToRaw,
  repeated,
  required,
  string,
  text,
} from "../../src/wire/message.ts";

const runId = message({ runId: required(alsoNamed("run_uuid", string)) });

/** The message of the 400 that `work` throws. */
function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof MlflowError && error.code === "INVALID_PARAMETER_VALUE") return error.message;
    throw error;
  }
  throw new Error("It was accepted");
}

/** The parsed value of one field of `json`, which passes through JSON text like a client's message. */
function parseField<T>(field: typeof int64 | typeof double | typeof string | typeof bool, json: string): T {
  const { value } = message({ value: field }).parse(parseJsonExactly(`{"value":${json}}`), "");
  return value as T;
}

test.each<[json: string, parsed: number | bigint]>([
  ["0", 0],
  ["-0", 0],
  ["1.0", 1],
  ["-5", -5],
  ["1e3", 1000],
  ['"1552550804000"', 1552550804000],
  ['"1.5525508e+12"', 1552550800000],
  ['"+7"', 7],
  ['" 7 "', 7],
  ['"7."', 7],
  ["9007199254740991", 9007199254740991],
  ["9007199254740992", 9007199254740992n],
  ["9007199254740993", 9007199254740993n],
  ["9223372036854775807", 9223372036854775807n],
  ["-9223372036854775808", -9223372036854775808n],
  ['"9223372036854775807"', 9223372036854775807n],
  ['"-9007199254740993"', -9007199254740993n],
])("int64 reads %s", (json, parsed) => {
  expect(parseField(int64, json)).toStrictEqual(parsed);
});

test.each([
  "1.5",
  '"1.5"',
  '""',
  '"x"',
  '"0x7"',
  '"1_0"',
  "true",
  "[1]",
  "{}",
  "9223372036854775808",
  "-9223372036854775809",
  '"9223372036854775808"',
  "1e19",
  '"NaN"',
  '"Infinity"',
])("int64 refuses %s", (json) => {
  expect(refusal(() => parseField(int64, json))).toContain("'value'");
});

test("int32 is an int64 within 32 bits", () => {
  const { parse } = message({ value: int32 });
  expect(parse({ value: "-2147483648" }, "")).toEqual({ value: -(2 ** 31) });
  for (const value of [2 ** 31, -(2 ** 31) - 1, 2n ** 60n, "2147483648"]) refusal(() => parse({ value }, ""));
});

test.each<[json: string, parsed: number]>([
  ["0.30000000000000004", 0.30000000000000004],
  ["5e-324", 5e-324],
  ["1e400", Number.POSITIVE_INFINITY],
  ["-0", -0],
  ["9007199254740993", 9007199254740992],
  ['"1.5"', 1.5],
  ['"1e5"', 1e5],
  ['".5"', 0.5],
  ['" 2 "', 2],
  ['"NaN"', Number.NaN],
  ['"Infinity"', Number.POSITIVE_INFINITY],
  ['"-Infinity"', Number.NEGATIVE_INFINITY],
  ['"nan"', Number.NaN],
  ['"-NaN"', Number.NaN],
  ['" +NAN "', Number.NaN],
  ['"inf"', Number.POSITIVE_INFINITY],
  ['"Inf"', Number.POSITIVE_INFINITY],
  ['"+Infinity"', Number.POSITIVE_INFINITY],
  ['"-inf"', Number.NEGATIVE_INFINITY],
  ['"-INFINITY"', Number.NEGATIVE_INFINITY],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
])("double reads %s", (json, parsed) => {
  expect(parseField(double, json)).toBe(parsed);
});

test.each(["true", '"infinit"', '"na n"', '"--inf"', '"0x10"', '"1_000"', '""', '"abc"', "[]", "{}"])(
  "double refuses %s",
  (json) => {
    expect(refusal(() => parseField(double, json))).toContain("expected a number");
  },
);

test("strings are strings: well-formed, without NUL, of any length", () => {
  expect(parseField(string, '"é\\n😀\\u2028"')).toBe("é\n😀\u2028");
  for (const json of ["5", "true", "[]", '"\\ud83d"', '"a\\u0000b"']) refusal(() => parseField(string, json));
});

test("an id may be a number, as clients of the 1.x era send it", () => {
  const { parse } = message({ experimentId: id });
  expect(parse({ experiment_id: 7 }, "")).toEqual({ experimentId: "7" });
  expect(parse(parseJsonExactly('{"experiment_id":12345678901234567890}'), "")).toEqual({
    experimentId: "12345678901234567890",
  });
});

test("bool takes text of any case, as queries carry it", () => {
  expect(["true", "True", "FALSE", true].map((value) => bool.read(value, "b"))).toEqual([true, true, false, true]);
  for (const value of ["1", 1, "yes", ""]) refusal(() => bool.read(value, "b"));
});

test("an enum is read by name or by number", () => {
  const status = oneOf(RUN_STATUSES);
  expect(["FINISHED", 3, "3", 1].map((value) => status.read(value, "status"))).toEqual([
    "FINISHED",
    "FINISHED",
    "FINISHED",
    "RUNNING",
  ]);
  for (const value of ["finished", "", 0, 6, "0", 1.5, -1, true, ["3"], {}]) {
    expect(refusal(() => status.read(value, "status"))).toContain("RUNNING");
  }
});

test("a field may come in camelCase, but not in both spellings", () => {
  expect(runId.parse({ runId: "a" }, "")).toEqual({ runId: "a" });
  for (const both of [
    { run_id: "a", runId: "b" },
    { run_id: "a", runId: "a" },
    { run_id: "", runId: "a" },
  ]) {
    expect(refusal(() => runId.parse(both, ""))).toContain("given twice");
  }
});

test("run_id and run_uuid come alone or alike", () => {
  for (const wire of [
    { run_uuid: "a" },
    { run_id: "a", run_uuid: "a" },
    { run_id: "", run_uuid: "a" },
    { run_id: "a", run_uuid: "" },
    { run_id: null, run_uuid: "a" },
    { run_id: "a", run_uuid: null },
  ]) {
    expect(runId.parse(wire, "")).toEqual({ runId: "a" });
  }
  expect(refusal(() => runId.parse({ run_id: "a", run_uuid: "b" }, ""))).toContain("'run_id' is given twice");
  expect(refusal(() => runId.parse({ runId: "a", run_uuid: "b" }, ""))).toContain("given twice");
});

test("null is unset, and what is required is neither missing, null nor empty", () => {
  const { parse } = message({ key: required(string), value: string, list: repeated(string) });
  expect(parse({ key: "k", value: null, list: null }, "")).toEqual({ key: "k" });
  expect(parse({ key: "k", value: "" }, "")).toEqual({ key: "k", value: "" });
  for (const wire of [{}, { key: null }, { key: "" }]) {
    expect(refusal(() => parse(wire, ""))).toBe("Missing value for required parameter 'key'.");
  }
});

test("errors name the path of a nested field", () => {
  const metric = message({ key: required(string), value: required(double) });
  const { parse } = message({ metrics: repeated(nested(metric)) });
  expect(refusal(() => parse({ metrics: [{ key: "a", value: 1 }, { key: "b" }] }, ""))).toContain("'metrics[1].value'");
  expect(refusal(() => parse({ metrics: [{ key: "a", value: "x" }] }, ""))).toContain("'metrics[0].value'");
  for (const metrics of ["x", {}, [5], [null], [[]]]) refusal(() => parse({ metrics }, ""));
});

test("unknown fields are ignored at every depth, and none reaches the prototype", () => {
  const { parse } = message({ tags: repeated(nested(message({ key: string }))) });
  const json = '{"tags":[{"key":"a","x":{"y":[1]},"__proto__":{"value":1}}],"constructor":1,"__proto__":{"tags":5}}';
  expect(parse(JSON.parse(json), "")).toEqual({ tags: [{ key: "a" }] });
  const inherited = Object.create({ tags: [{ key: "inherited" }] }) as object;
  expect(parse(inherited, "")).toEqual({});
});

test.each([null, 5, "x", true, []])("a message is an object, not %j", (body) => {
  expect(refusal(() => runId.parse(body, ""))).toContain("expected an object");
});

test("an error shows no deep values, and long ones in part", () => {
  const deep = JSON.parse("[".repeat(5000) + "]".repeat(5000)) as unknown;
  expect(refusal(() => string.read(deep, "a"))).toBe(
    "Invalid value […] for parameter 'a' supplied: expected a string.",
  );
  refusal(() => string.read({ of: 12345678901234567890n }, "a"));
  const long = refusal(() => int64.read("9".repeat(1_000_000), "a"));
  expect(long).toMatch(/^Invalid value "9+…9+" for parameter 'a' supplied: expected a 64-bit integer.$/);
  expect(long).toHaveLength(MAX_ERROR_LENGTH);
});

test("a query's repeated names are lists, also one alone and as name[]", () => {
  const raw = (query: string) => ({ ...queryToRaw(new URLSearchParams(query), new Set(["run_ids"])) });
  expect(raw("run_ids=a&run_ids=b&metric_key=m")).toEqual({ run_ids: ["a", "b"], metric_key: "m" });
  expect(raw("run_ids=a")).toEqual({ run_ids: ["a"] });
  expect(raw("run_ids[]=a&run_ids[]=b&run_ids=c")).toEqual({ run_ids: ["a", "b", "c"] });
  expect(raw("metric_key=first&metric_key=second")).toEqual({ metric_key: "first" });
  expect(raw("__proto__=x&metric_key=")).toEqual({ ["__proto__"]: "x", metric_key: "" });
});

test("a repeated field's older name and camelCase name are lists in a query too", () => {
  const { repeatedNames } = message({ runIds: repeated(string), id: alsoNamed("ids", repeated(string)), key: string });
  expect([...repeatedNames].sort()).toEqual(["id", "ids", "runIds", "run_ids"]);
});

test("bare NaN and infinities are numbers wherever a value may stand, and in no other place", () => {
  expect(
    parseJsonExactly('{"a":NaN,"b":[ -Infinity,Infinity , NaN\n],"n":9007199254740993,"s":"x\\" NaN,\\\\","NaN":0}'),
  ).toEqual({
    a: Number.NaN,
    b: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NaN],
    n: 9007199254740993n,
    s: 'x" NaN,\\',
    NaN: 0,
  });
  expect(parseJsonExactly("NaN")).toBe(Number.NaN);
  for (const text of [
    "1NaN",
    "-NaN",
    "+Infinity",
    "nan",
    "NaNs",
    "[NaN",
    "{NaN:1}",
    '"NaN',
    "Infinity1",
    '{"a":NaN,}',
  ]) {
    expect(() => parseJsonExactly(text), text).toThrow(SyntaxError);
  }
});

test("a text of 8 MB with a bare NaN is read", () => {
  const count = 2_000_000;
  const { a, b } = parseJsonExactly(`{"a":"${"\\n x".repeat(count)}","b":NaN}`) as { a: string; b: number };
  expect(a === "\n x".repeat(count)).toBe(true);
  expect(b).toBeNaN();
});

test("digits beyond all integers are read as doubles, at once", () => {
  expect(parseJsonExactly(`{"a":${"9".repeat(1_000_000)}}`)).toEqual({ a: Number.POSITIVE_INFINITY });
  refusal(() => int64.read("9".repeat(4_000_000), "a"));
});

test("every string and list has a maximum, and may have another", () => {
  expect(string.read("x".repeat(MAX_STRING_LENGTH), "a")).toHaveLength(MAX_STRING_LENGTH);
  expect(string.read("😀".repeat(MAX_STRING_LENGTH), "a")).toHaveLength(2 * MAX_STRING_LENGTH);
  expect(refusal(() => string.read("x".repeat(MAX_STRING_LENGTH + 1), "a"))).toContain("maximum length of 10000");
  expect(refusal(() => text(3).read("xxxx", "a"))).toContain("parameter 'a'");
  expect(longText.read("x".repeat(3_000_000), "a")).toHaveLength(3_000_000);
  const list = Array(MAX_LIST_LENGTH + 1).fill("x");
  expect(refusal(() => repeated(string).read(list, "a"))).toContain("has 10001 items; at most 10000");
  expect(repeated(string, 20_000).read(list, "a")).toHaveLength(list.length);
});

test("a field with a default is set where it is missing or null, and nowhere else", () => {
  const { parse } = message({ value: orElse("none", string), list: orElse([], repeated(string)) });
  expect(parse({}, "")).toEqual({ value: "none", list: [] });
  expect(parse({ value: null, list: null }, "")).toEqual({ value: "none", list: [] });
  expect(parse({ value: "", list: ["a"] }, "")).toEqual({ value: "", list: ["a"] });
});

test("integers that a double would round are bigint, all else is as JSON.parse has it", () => {
  expect(parseJsonExactly('{"a":9007199254740993,"b":1.2345678901234567,"c":[12345678901234567890]}')).toEqual({
    a: 9007199254740993n,
    b: 1.2345678901234567,
    c: [12345678901234567890n],
  });
  const doubles = "[0.1234567890123456789,1e300,123456789012345678.5,-0.5]";
  expect(parseJsonExactly(doubles)).toEqual(JSON.parse(doubles));
  expect(() => parseJsonExactly("{")).toThrow(SyntaxError);
  expect(() => parseJsonExactly("9007199254740993,")).toThrow(SyntaxError);
});
