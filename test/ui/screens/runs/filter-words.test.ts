import { describe, expect, test } from "vitest";
import type { DistinctKeys } from "../../../../ui/src/api/keys.ts";
import {
  completions,
  errorPosition,
  fieldOfValue,
  quoteKeys,
  readQuery,
} from "../../../../ui/src/screens/runs/filter-words.ts";

const key = (name: string) => ({ key: name, runs: 1, differs: true });

const KEYS: DistinctKeys = {
  metrics: [key("acc"), key("val/acc")],
  params: [key("a b"), key("lr")],
  tags: [key("team")],
  runs: 1,
};

const labels = (text: string) => completions(text, text.length, KEYS).map(({ label }) => label);

describe("what may follow", () => {
  test("a real key, in quotes where it needs them, found by any part", () => {
    expect(labels("")).toContain("params.`a b`");
    expect(labels("acc")).toEqual(["metrics.acc", "metrics.`val/acc`"]);
    expect(labels("metrics.acc > 1 AND team")).toEqual(["tags.team"]);
  });

  test("a comparator after a field, AND or OR after a value", () => {
    expect(labels("metrics.acc ")).toContain(">=");
    expect(labels("params.`a b` ")).toContain("=");
    expect(labels("max(metrics.acc) ")).toContain("<");
    expect(labels("metrics.acc > 0.5 ")).toEqual(["AND", "OR"]);
    expect(labels("params.lr = 'x' ")).toEqual(["AND", "OR"]);
  });

  test("nothing within a string", () => {
    expect(labels("params.lr = 'ac")).toEqual([]);
  });

  test("the word at the caret is replaced", () => {
    expect(completions("metrics.ac > 1", 10, KEYS)[0]).toMatchObject({ from: 0, text: "metrics.acc " });
  });
});

test("the place of a mistake is read from the server's words", () => {
  expect(errorPosition("Invalid filter: expected a value at position 15, found the end.")).toBe(14);
  expect(errorPosition("No such attribute.")).toBeUndefined();
});

test("after a comparator the values that there are, as they are typed", () => {
  const values = ["adam", "sgd", "it's"];
  const offered = (text: string) => completions(text, text.length, KEYS, values).map(({ label }) => label);
  expect(fieldOfValue("params.lr = ", 12)).toBe("params.lr");
  expect(fieldOfValue("metrics.acc > 1 AND params.`a b` != 'a", 38)).toBe("params.`a b`");
  expect(fieldOfValue("params.lr ", 10)).toBeUndefined();
  expect(offered("params.lr = ")).toEqual(["'adam'", "'sgd'", '"it\'s"']);
  expect(offered("params.lr = 's")).toEqual(["'sgd'", '"it\'s"']);
  expect(offered("params.lr = 'sgd'")).toEqual([]);
  expect(completions("params.lr = 'sg", 15, KEYS, values)[0]).toMatchObject({ from: 12, text: "'sgd' " });
});

describe("what a text in the box means", () => {
  test("a filter where it has an operator, else a part of a name", () => {
    expect(readQuery("metrics.acc>1")).toEqual({ kind: "filter", filter: "metrics.acc>1" });
    expect(readQuery("params.x is null")).toEqual({ kind: "filter", filter: "params.x is null" });
    expect(readQuery("sweep-01")).toEqual({ kind: "filter", filter: "attributes.run_name ILIKE '%sweep-01%'" });
    expect(readQuery("it's")).toEqual({ kind: "filter", filter: 'attributes.run_name ILIKE "%it\'s%"' });
    expect(readQuery("")).toEqual({ kind: "filter", filter: "" });
  });

  test("a pattern of names between slashes", () => {
    const query = readQuery("/^sweep-0[12]/i");
    expect(query.kind === "name" && query.pattern.test("SWEEP-012")).toBe(true);
    expect(readQuery("/(/")).toMatchObject({ kind: "mistake" });
  });

  test("keys that need backticks are offered with them", () => {
    expect(quoteKeys("metrics.val/acc > 0.5 AND params.a b = 'x'", KEYS)).toBe(
      "metrics.`val/acc` > 0.5 AND params.`a b` = 'x'",
    );
    expect(quoteKeys("metrics.acc > ", KEYS)).toBeUndefined();
  });
});
