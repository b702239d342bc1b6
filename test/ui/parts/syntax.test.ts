import { expect, test } from "vitest";
import { Highlighter } from "../../../ui/src/parts/syntax.ts";
import { languageOf } from "../../../ui/src/screens/artifacts/file-kinds.ts";

/** The coloured parts of each line, as `kind:text`. Together they must be the whole line. */
function coloured(path: string, lines: readonly string[]): string[][] {
  const highlighter = new Highlighter(languageOf(path));
  return lines.map((line, index) => {
    const tokens = highlighter.tokens(index, (at) => lines[at] ?? "");
    expect(tokens.map(({ text }) => text).join("")).toBe(line);
    return tokens.flatMap(({ text, kind }) => (kind === undefined ? [] : [`${kind}:${text}`]));
  });
}

test("YAML: keys, quoted text, numbers, words, comments", () => {
  expect(
    coloured("model/MLmodel", [
      "# what it is",
      "lr: 0.001",
      "  - name: it's #1",
      '    "quoted: key": "a: b" # why',
      "url: http://x.y/#z",
      "code: null",
    ]),
  ).toEqual([
    ["comment:# what it is"],
    ["key:lr", "number:0.001"],
    ["key:name", "comment:#1"],
    ['key:"quoted: key"', 'string:"a: b"', "comment:# why"],
    ["key:url"],
    ["key:code", "word:null"],
  ]);
});

test("Python: a docstring goes on over lines, and words within it are text", () => {
  expect(
    coloured("train.py", ['"""Trains for', "a while.", '""" ; import os', "x = 'a # b'  # c", 'y = """one"""']),
  ).toEqual([
    ['string:"""Trains for'],
    ["string:a while."],
    ['string:"""', "word:import"],
    ["string:'a # b'", "comment:# c"],
    ['string:"""one"""'],
  ]);
});

test("lines are coloured alike in whatever order they are asked for", () => {
  const lines = ["/* one", "two */ let x = 1", "// for"];
  const highlighter = new Highlighter("ts");
  const last = highlighter.tokens(1, (at) => lines[at] ?? "");
  expect(last.map(({ kind }) => kind)).toEqual(["comment", undefined, "word", undefined, "number"]);
  expect(highlighter.tokens(2, (at) => lines[at] ?? "")).toEqual([{ text: "// for", kind: "comment" }]);
});

test("logs: what went wrong stands out", () => {
  expect(
    coloured("train.log", ["2025-10-09 12:00:00,123 ERROR lost", "ValueError: x", "WARNING: y", "no errors"]),
  ).toEqual([["comment:2025-10-09 12:00:00,123", "danger:ERROR"], ["danger:ValueError"], ["warning:WARNING"], []]);
});

test("JSON lines, markup and patches", () => {
  expect(coloured("a.jsonl", ['{"k": "v\\"", "n": [1.5e-3, true]}'])).toEqual([
    ['key:"k"', 'string:"v\\""', 'key:"n"', "number:1.5e-3", "word:true"],
  ]);
  expect(coloured("a.html", ['<a href="x">', "<!-- <b> -->"])).toEqual([
    ["word:<a", "key:href", 'string:"x"', "word:>"],
    ["comment:<!-- <b> -->"],
  ]);
  expect(coloured("a.patch", ["@@ -1 +1 @@", "-old", "+new", " same"])).toEqual([
    ["word:@@ -1 +1 @@"],
    ["danger:-old"],
    ["success:+new"],
    [],
  ]);
});

test("unknown kinds and lines of data stay plain", () => {
  expect(coloured("a.xyz", ["import 1"])).toEqual([[]]);
  expect(coloured("a.py", [`x = "${"1,".repeat(2000)}"`])).toEqual([[]]);
});
