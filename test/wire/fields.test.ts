import { expect, test } from "vitest";
import { doubleColumn, int64Column } from "../../src/wire/columns.ts";
import { experimentIdsField, keyValue, optionalKeyValue, runIdField, searchFields } from "../../src/wire/fields.ts";
import {
  bool,
  double,
  int32,
  int64,
  message,
  nested,
  oneOf,
  repeated,
  safeInteger,
  string,
} from "../../src/wire/message.ts";
import { apiPaths, bytes, nothing, previewedPaths, stream } from "../../src/wire/route.ts";
import { refusalOf } from "../domain/refused.ts";

const refusal = (call: () => unknown) => refusalOf(call)?.replace("INVALID_PARAMETER_VALUE: ", "");

test("a run's id has an older name", () => {
  const { parse } = message({ runId: runIdField });
  expect(parse({ run_uuid: "a" }, "")).toEqual({ runId: "a" });
  expect(refusal(() => parse({}, ""))).toBe("Missing value for required parameter 'run_id'.");
});

test("a param needs a key, a logged model's may lack it; the value is empty where it is not given", () => {
  expect(keyValue.parse({ key: "a" }, "")).toEqual({ key: "a", value: "" });
  expect(refusal(() => keyValue.parse({ value: "v" }, "params[0]"))).toBe(
    "Missing value for required parameter 'params[0].key'.",
  );
  expect(optionalKeyValue.parse({}, "")).toEqual({ key: "", value: "" });
});

test("a search is asked its filter, order, page size and page", () => {
  const { parse } = message(searchFields);
  expect(parse({}, "")).toEqual({ filter: "" });
  expect(parse({ filter: "f", max_results: 5, order_by: ["a"], page_token: "t" }, "")).toEqual({
    filter: "f",
    maxResults: 5,
    orderBy: ["a"],
    pageToken: "t",
  });
});

test("experiment ids may be numbers, and there are at most 50,000", () => {
  expect(experimentIdsField.read([1, "2"], "experiment_ids")).toEqual(["1", "2"]);
  expect(experimentIdsField.read(Array(50_000).fill("1"), "experiment_ids")).toHaveLength(50_000);
  expect(refusal(() => experimentIdsField.read(Array(50_001).fill("1"), "experiment_ids"))).toBe(
    "Parameter 'experiment_ids' has 50001 items; at most 50000 are allowed.",
  );
});

test("a long column names its field, not the place in it", () => {
  const steps = int64Column(2);
  expect(steps.read([1, "2"], "steps")).toEqual(Float64Array.of(1, 2));
  expect(steps.read([1, "9223372036854775807"], "steps")).toEqual(BigInt64Array.of(1n, 2n ** 63n - 1n));
  expect(refusal(() => steps.read([1, "x"], "steps"))).toBe(
    "Invalid value \"x\" for parameter 'steps' supplied: expected a 64-bit integer.",
  );
  expect(refusal(() => steps.read([1, 2, 3], "steps"))).toBe("Parameter 'steps' has 3 items; at most 2 are allowed.");
  expect(refusal(() => steps.read("1,2", "steps"))).toBe(
    "Invalid value \"1,2\" for parameter 'steps' supplied: expected a list.",
  );
  expect(message({ steps }).parse({}, "")).toEqual({});
});

test("a packed column has the bits of its numbers, and no more of them than a list may have", () => {
  const packed = (type: string, numbers: Float64Array | BigInt64Array | Uint8Array) =>
    `${type}:${Buffer.from(numbers.buffer).toString("base64")}`;
  const values = Float64Array.of(0.1, Number.NaN, -0, Infinity);
  expect(doubleColumn(4).read(packed("float64", values), "values")).toEqual(values);
  const wide = BigInt64Array.of(-(2n ** 63n), 5n);
  expect(int64Column(4).read(packed("int64", wide), "steps")).toEqual(wide);
  // Integers that a double holds are encoded as doubles, so that equal columns have equal bytes. -0 equals the integer 0.
  expect(int64Column(4).read(packed("int64", BigInt64Array.of(7n)), "steps")).toEqual(Float64Array.of(7));
  expect(int64Column(4).read(packed("float64", Float64Array.of(-0, 7)), "steps")).toEqual(Float64Array.of(0, 7));
  for (const number of [0.5, 2 ** 53, Number.NaN]) {
    expect(refusal(() => int64Column(4).read(packed("float64", Float64Array.of(1, number)), "steps"))).toContain(
      "integers",
    );
  }
  expect(refusal(() => doubleColumn(4).read(packed("float64", new Uint8Array(12)), "values"))).toContain(
    "8 bytes a number",
  );
  expect(refusal(() => doubleColumn(1).read(packed("float64", values), "values"))).toBe(
    "Parameter 'values' has 4 items; at most 1 are allowed.",
  );
});

test("a column of doubles may be a list", () => {
  const values = doubleColumn(3);
  expect(values.read([1, "0.5", "NaN"], "values")).toEqual(Float64Array.of(1, 0.5, Number.NaN));
  expect(refusal(() => values.read([1, "x"], "values"))).toContain("'values'");
  expect(refusal(() => values.read([1, 2, 3, 4], "values"))).toBe(
    "Parameter 'values' has 4 items; at most 3 are allowed.",
  );
  expect(refusal(() => values.read("int64:AAAAAAAAAAA=", "values"))).toContain("a list");
});

test("a list's items are known by their message", () => {
  const item = message({ key: string });
  expect(repeated(nested(item)).message).toBe(item);
  expect("message" in repeated(string)).toBe(false);
  expect([string.isSet, string.isRepeated, item.kind]).toEqual([false, false, "message"]);
});

test.each<[unknown, { read: (value: unknown, path: string) => unknown }, string]>([
  ["\ud83d", string, "Parameter 'a' is not well-formed Unicode."],
  ["a\0", string, "Parameter 'a' contains a NUL character."],
  [2 ** 31, int32, "Invalid value 2147483648 for parameter 'a' supplied: expected a 32-bit integer."],
  [2n ** 60n, int32, "Invalid value 1152921504606846976 for parameter 'a' supplied: expected a 32-bit integer."],
  [
    2n ** 60n,
    safeInteger,
    "Invalid value 1152921504606846976 for parameter 'a' supplied: expected an integer of at most 2^53 - 1.",
  ],
  ["yes", bool, "Invalid value \"yes\" for parameter 'a' supplied: expected true or false."],
  ["xtrue", bool, "Invalid value \"xtrue\" for parameter 'a' supplied: expected true or false."],
  ["truex", bool, "Invalid value \"truex\" for parameter 'a' supplied: expected true or false."],
  ["c", oneOf(["a", "b"]), "Invalid value \"c\" for parameter 'a' supplied: expected one of a, b."],
  ["x1", oneOf(["a", "b"]), "Invalid value \"x1\" for parameter 'a' supplied: expected one of a, b."],
  ["1x", oneOf(["a", "b"]), "Invalid value \"1x\" for parameter 'a' supplied: expected one of a, b."],
  [{}, repeated(string), "Invalid value {…} for parameter 'a' supplied: expected a list."],
  [null, string, "Invalid value null for parameter 'a' supplied: expected a string."],
  [true, int64, "Invalid value true for parameter 'a' supplied: expected a 64-bit integer."],
  ["xnan", double, "Invalid value \"xnan\" for parameter 'a' supplied: expected a number."],
  ["nanx", double, "Invalid value \"nanx\" for parameter 'a' supplied: expected a number."],
])("what is wrong is refused with the reason: %#", (value, { read }, message) => {
  expect(refusal(() => read(value, "a"))).toBe(message);
});

test("numbers are read at their edges", () => {
  expect(safeInteger.read("9007199254740991", "a")).toBe(9_007_199_254_740_991);
  expect(["+12.50e+02", "-10.", ".25", "1E-2"].map((value) => double.read(value, "a"))).toEqual([
    1250, -10, 0.25, 0.01,
  ]);
  const ten = oneOf(Array.from({ length: 12 }, (_, index) => `n${index}`));
  expect(ten.read("12", "a")).toBe("n11");
});

test("a message that is none says so of the body, or of its place", () => {
  const { parse } = message({ a: string });
  expect(refusal(() => parse([], ""))).toBe("Invalid value […] for parameter 'body' supplied: expected an object.");
  expect(refusal(() => parse([], "metrics[0]"))).toBe(
    "Invalid value […] for parameter 'metrics[0]' supplied: expected an object.",
  );
});

test("a route's paths are those that clients of all times ask", () => {
  expect(apiPaths("/mlflow/runs/get")).toEqual(["/api/2.0/mlflow/runs/get", "/ajax-api/2.0/mlflow/runs/get"]);
  expect(apiPaths("/x", "3.0")).toEqual(["/api/3.0/x", "/ajax-api/3.0/x"]);
  expect(previewedPaths("/x")).toEqual(["/api/2.0/x", "/ajax-api/2.0/x", "/api/2.0/preview/x"]);
});

test("inputs say of which kind they are", () => {
  const read = () => 1;
  expect(bytes({ maxBytes: 5, read })).toEqual({ kind: "bytes", maxBytes: 5, read });
  expect(stream(read)).toEqual({ kind: "stream", read });
  expect(nothing.read(new Request("http://a"))).toBeUndefined();
});
