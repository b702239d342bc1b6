import { describe, expect, test } from "vitest";
import type { DistinctKeys } from "../../../../ui/src/api/keys.ts";
import { completions, errorPosition } from "../../../../ui/src/screens/runs/filter-words.ts";

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
